"""A guest's memory is where the command line puts it: NUMA nodes with their distances, the host's huge pages."""

import subprocess
from pathlib import Path

from testhost.case import MACHINES, case, require
from testhost.guest import Host

PAGE = 2  # MiB
POOL = Path("/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages")


def free_pages() -> int:
    """The free huge pages of the host."""
    lines = Path("/proc/meminfo").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("HugePages_Free:"))


@case("A guest sees its two nodes with their processors, memory and distances, and one node's huge pages are the host's",
      machine=MACHINES, alone=True)
def numa(host: Host, machine):
    pages = 256 // PAGE
    before = POOL.read_text()
    POOL.write_text(str(pages + 8))
    try:
        free = free_pages()
        require(free >= pages, f"The host has {free} free huge pages and gives no more.")
        # 2560 MiB, so that on q35 the second node lies on both sides of the hole below 4 GiB.
        guest = host.boot(machine, cpus=4, memory="2560M", extra=[
            "-object", "memory-backend-memfd,id=huge,size=256M,hugetlb=on,hugetlbsize=2M,prealloc=on",
            "-object", '{"qom-type":"memory-backend-ram","id":"plain","size":2415919104,"host-nodes":[0],"policy":"bind"}',
            "-numa", "node,nodeid=0,cpus=0,cpus=2,memdev=huge", "-numa", "node,nodeid=1,cpus=1:3,memdev=plain",
            "-numa", "dist,src=0,dst=1,val=21",
        ])
        guest.ready()
        left = free_pages()
        require(left == free - pages, f"Of {free} free huge pages {left} are left, not {free - pages}.")

        def node(number: int, file: str) -> str:
            return guest.run(f"cat /sys/devices/system/node/node{number}/{file}")

        require(guest.run("cat /sys/devices/system/node/online") == "0-1", "The guest has other nodes than 0 and 1.")
        for number, processors, distances in [(0, "0,2", "10 21"), (1, "1,3", "21 10")]:
            require(node(number, "cpulist") == processors, f"Node {number} has other processors than {processors}.")
            require(node(number, "distance") == distances, f"Node {number} has other distances than {distances}.")
        for number, size in [(0, 256), (1, 2304)]:
            total = next(int(line.split()[3]) >> 10 for line in node(number, "meminfo").splitlines() if "MemTotal" in line)
            # The kernel's image, page descriptors and bounce buffers count as no one's memory.
            require(size - 192 <= total <= size, f"Node {number} has {total} MiB in the guest, not about {size}.")

        summary = guest.qmp.command("query-memory-size-summary")
        require(summary == {"base-memory": 2560 << 20, "plugged-memory": 0}, f"The monitor says {summary}.")
        blocks = {block["id"]: block for block in guest.qmp.command("query-memdev")}
        require(blocks["huge"]["prealloc"] and blocks["plain"]["policy"] == "bind" and len(blocks) == 2,
                f"The monitor says {blocks}.")
        guest.power_off()
        require(free_pages() == free, "The guest is gone and its huge pages are not free.")
    finally:
        POOL.write_text(before)


@case("RAM on hugetlbfs is made of its pages; more than there are is refused with their number", alone=True)
def hugetlbfs(host: Host):
    before = POOL.read_text()
    mount = host.scratch / "huge"
    mount.mkdir()
    subprocess.run(["mount", "-t", "hugetlbfs", "-o", "pagesize=2M", "none", mount], check=True)
    try:
        POOL.write_text("140")
        free = free_pages()
        require(free >= 128, f"The host has {free} free huge pages and gives no more.")
        guest = host.boot("microvm", memory="256M", extra=["-mem-path", str(mount)])
        guest.ready()
        used = free - free_pages()
        require(0 < used <= 128, f"{used} huge pages are in use, of 128.")
        guest.power_off()
        require(free_pages() == free, "The guest is gone and its huge pages are not free.")
        ran = subprocess.run(
            [host.vmm, "-machine", "microvm", "-m", "512M", "-nodefaults", "-kernel", "/bin/true", "-mem-path", str(mount)],
            stdin=subprocess.DEVNULL, capture_output=True, text=True)
        wanted = f"-mem-path: 256 huge pages of 2 MiB are needed and {free} are free;"
        require(ran.returncode == 1 and wanted in ran.stderr, f"It ended with {ran.returncode} and said: {ran.stderr}")
    finally:
        for guest in host.guests:
            guest.close()
        subprocess.run(["umount", mount], check=True)
        POOL.write_text(before)
