"""The virtio entropy source gives entropy."""

from testhost.case import MACHINES, case, require
from testhost.guest import Host


@case("/dev/hwrng gives what is not zero and never the same", machine=MACHINES)
def hwrng(host: Host, machine):
    guest = host.boot(machine)
    guest.ready()
    require(guest.run("cat /sys/class/misc/hw_random/rng_current").startswith("virtio_rng"), "The hwrng is not virtio's.")
    reads = [guest.run("dd if=/dev/hwrng bs=256 count=1 2> /dev/null | xxd -p | tr -d '\\n'") for _ in range(3)]
    require(all(len(read) == 512 for read in reads), "A read of 256 bytes gave fewer.")
    require(len(set(reads)) == 3, "Two reads gave the same.")
    require(all(len(set(bytes.fromhex(read))) > 64 for read in reads), "A read is far from random.")
    guest.run("dd if=/dev/hwrng of=/dev/null bs=64k count=4")
    guest.power_off()
