"""How a guest's power goes off and on again."""

from testhost.case import MACHINES, case, require


@case("A guest that powers off ends the process with status 0", machine=MACHINES)
def poweroff(host, machine):
    guest = host.boot(machine)
    guest.ready()
    guest.send("poweroff -f")
    guest.ends(status=0)
