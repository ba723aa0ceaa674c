"""ACPI's own compiler and interpreter accept the tables a guest finds."""

import base64
import subprocess

from testhost.case import MACHINES, case, require
from testhost.guest import Host
from testhost.paths import tool


@case("iasl disassembles and recompiles every table, and acpiexec loads and runs them", machine=MACHINES)
def acpi(host: Host, machine):
    guest = host.boot(machine, disks=[host.disk(1 << 20)])
    guest.ready()
    folder = host.results / "tables"
    folder.mkdir()
    names = guest.run("cd /sys/firmware/acpi/tables && ls -p | grep -v /; cd /").split()
    require({"DSDT", "FACP", "APIC"} <= set(names), f"The guest found only these tables: {' '.join(names)}.")
    for name in names:
        encoded = guest.run(f"base64 /sys/firmware/acpi/tables/{name}")
        (folder / f"{name.lower()}.dat").write_bytes(base64.b64decode(encoded))
    guest.power_off()

    def accepted(what: str, *command: str) -> None:
        ran = subprocess.run(command, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace")
        said = ran.stdout + ran.stderr
        print("$", *command, "\n", said, flush=True)
        bad = [line for line in said.splitlines() if "Error" in line and "0 Errors" not in line or "Could not" in line]
        require(ran.returncode == 0 and not bad, f"{what}: {(bad or said.splitlines() or ['no word'])[0].strip()}")

    for name in names:
        table = name.lower()
        accepted(f"iasl cannot disassemble {name}", tool("iasl"), "-d", f"{table}.dat")
        if table != "facs":  # a structure without a header, which iasl can read but has no source form for
            accepted(f"iasl cannot recompile {name}", tool("iasl"), "-oa", "-p", f"again-{table}", f"{table}.dsl")
    code = [f"{name.lower()}.dat" for name in names if name == "DSDT" or name.startswith("SSDT")]
    accepted("acpiexec does not take the tables", tool("acpiexec"), "-b", "namespace;integrity;quit", *code)
