"""Stock Debian kernels come up to user space, with what they were given, from memory and from a disk."""

from testhost.case import case, require
from testhost.guest import Host

KERNELS = ("6.1", "6.1-cloud", "6.12", "6.12-cloud")

# The full matrix, {q35, microvm} x {1, 4 CPUs} x {256 MiB, 6 GiB} x 4 kernels x {initrd, disk}, has 64 boots. These
# eight are an orthogonal array of strength two: with the machine m, the processors c, the memory s and the root r as
# bits and the kernel as the two bits k1 k0, the row is (k1, k0, m, c = k1^m, s = k0^m, r = k1^k0^m). Every value of
# every column meets every value of every other (a kernel both values of each bit), so any fault that takes at most
# two of them to show does show.
ROWS = [
    dict(machine=("q35", "microvm")[m], kernel=kernel, cpus=(1, 4)[k >> 1 ^ m], memory=("256M", "6G")[k & 1 ^ m],
         root=("initrd", "disk")[k >> 1 ^ k & 1 ^ m])
    for k, kernel in enumerate(KERNELS) for m in (0, 1)
]


@case("A stock kernel reaches user space with the processors, the memory and the root it was given", rows=ROWS)
def boot(host: Host, machine, kernel, cpus, memory, root):
    guest = host.boot(machine, kernel=kernel, cpus=cpus, memory=memory, root=root)
    facts = guest.ready()
    require(("cloud" in facts["kernel"]) == ("cloud" in kernel) and facts["kernel"].startswith(kernel.split("-")[0] + "."),
            f"The guest runs the kernel {facts['kernel']}, not {kernel}.")
    require(facts["cpus"] == str(cpus), f"The guest sees {facts['cpus']} processors, not {cpus}.")
    mebibytes = int(facts["memory"]) >> 10
    given = {"256M": 256, "6G": 6144}[memory]
    # A kernel keeps its own image, its page structures and crash-free room: about 40 MiB and 1/40.
    require(given * 0.96 - 48 < mebibytes < given, f"The guest sees {mebibytes} MiB of {given}.")
    require(facts["root"] == {"initrd": "initrd", "disk": "/dev/vda"}[root], f"The guest's root is {facts['root']}.")
    if root == "disk":
        guest.run("echo kept > /mnt/file && sync && echo 3 > /proc/sys/vm/drop_caches && grep kept /mnt/file")
    complaints = guest.attempt(
        "dmesg | grep -iE \"ACPI Error|ACPI BIOS Error|ACPI Warning|Firmware Bug|can't assign|no space for|nobody cared|"
        "unchecked MSR|Call Trace|BUG:|WARNING:\"")[1]
    require(not complaints, f"The kernel complains: {complaints}")
    guest.power_off()
