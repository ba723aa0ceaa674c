"""The human monitor looks into a guest that runs."""

import re

from testhost.case import MACHINES, case, require
from testhost.guest import Host


@case("Registers and memory are seen as the running guest has them", machine=MACHINES)
def monitor(host: Host, machine):
    guest = host.boot(machine)
    guest.ready()

    def human(line: str) -> str:
        return guest.qmp.command("human-monitor-command", **{"command-line": line}).replace("\r\n", "\n")

    require(human("info status") == "VM status: running\n", "The guest does not run.")
    registers = human("info registers")
    require("RIP=" in registers and "64-bit mode" in registers, f"These are no registers: {registers}")
    # Page tables: a kernel's own banner, by its linear address and by its physical one.
    symbol = guest.run("grep ' linux_banner$' /proc/kallsyms").split()[0]
    require(int(symbol, 16) != 0, "The guest hides its addresses.")
    letters = re.findall(r"'(.)'", human(f"x /13c 0x{symbol}"))
    require("".join(letters) == "Linux version", f"At linux_banner stands {''.join(letters)!r}.")
    # The guest goes on, and a stop is one that it notices nothing of.
    human("stop")
    require(human("info status") == "VM status: paused\n", "The guest was not stopped.")
    human("cont")
    require(guest.run("echo still here").strip() == "still here", "The guest does not go on.")
    guest.power_off()
