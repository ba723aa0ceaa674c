"""How a guest goes off and on again: by itself, by its power button, and by its monitor."""

from testhost.case import MACHINES, case, require
from testhost.guest import Host


@case("A guest that powers off ends the process with status 0", machine=MACHINES)
def poweroff(host: Host, machine):
    guest = host.boot(machine)
    guest.ready()
    guest.send("poweroff -f")
    guest.ends(status=0)


@case("A guest that reboots comes up again in the same process, which has no more files open than before", machine=MACHINES)
def reboot(host: Host, machine):
    guest = host.boot(machine, disks=[host.disk(1 << 20)], reboots=True)
    guest.ready()
    guest.qmp.command("query-status")
    before = guest.open_files()
    guest.send("reboot -f")
    guest.ready()
    guest.qmp.event("RESET", guest=True)
    require(guest.open_files() == before, f"Files open before: {before}, and after the reboot: {guest.open_files()}.")
    guest.power_off()


@case("With -no-reboot, a guest that reboots ends the process with status 0", machine=MACHINES)
def no_reboot(host: Host, machine):
    guest = host.boot(machine)
    guest.ready()
    guest.send("reboot -f")
    guest.ends(status=0)


@case("system_powerdown presses the power button, which the guest hears as an input event", machine=MACHINES)
def power_button(host: Host, machine):
    guest = host.boot(machine)
    guest.ready()
    button = guest.run("for name in /sys/class/input/event*/device/name; do grep -l 'Power Button' $name; done").split("/")[4]
    # Open before it says that it waits, so that the press cannot come too early.
    guest.send(f"exec 3< /dev/input/{button}; echo GUEST WAITS; dd bs=24 count=1 <&3 of=/dev/null 2>&1 && poweroff -f")
    guest.expect("GUEST WAITS")
    guest.qmp.command("system_powerdown")
    guest.qmp.event("POWERDOWN")
    guest.ends(status=0)


@case("system_reset brings the guest back to its first instruction, again and again", machine=MACHINES)
def system_reset(host: Host, machine):
    guest = host.boot(machine, disks=[host.disk(1 << 20)], reboots=True)
    guest.ready()
    guest.qmp.command("query-status")
    before = guest.open_files()
    for _ in range(2):
        # Something to interrupt: reset must not wait for a guest that is busy with its disk.
        # Said first: what is typed while the reset comes would reach the next boot in pieces.
        guest.send("echo GUEST BUSY; while :; do dd if=/dev/vda of=/dev/null bs=64k 2> /dev/null; done")
        guest.expect("GUEST BUSY")
        guest.qmp.command("system_reset")
        guest.qmp.event("RESET", guest=False)
        guest.ready()
    require(guest.qmp.command("query-status")["status"] == "running", "The guest does not run after its resets.")
    require(guest.open_files() == before, f"Files open before: {before}, and after the resets: {guest.open_files()}.")
    guest.power_off()


@case("quit ends the process with status 0, whatever the guest does", machine=MACHINES)
def quit(host: Host, machine):
    guest = host.boot(machine)
    guest.ready()
    guest.send("while :; do :; done")
    guest.qmp.command("quit")
    guest.ends(status=0)
