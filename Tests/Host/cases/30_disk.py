"""What a guest writes to a disk is what it reads back, and what the host finds in the image."""

import time

from testhost.case import MACHINES, case, require
from testhost.guest import Disk, Guest, Host

SIZE = 48 << 20

# One start of fio for all jobs, each on its own third of the disk: its libraries take seconds to load in a nested guest.
FIO = (
    "fio --output-format=terse --filename=/dev/vdb --size=16M --verify=crc32c --verify_fatal=1 --do_verify=1"
    " --name=sequential --direct=1 --ioengine=libaio --iodepth=8 --rw=write --bs=256k"
    " --name=random --stonewall --direct=1 --ioengine=libaio --iodepth=32 --rw=randwrite --bs=4k --offset=16M --fsync=128"
    " --name=flushed --stonewall --ioengine=psync --rw=randwrite --bsrange=4k-64k --offset=32M --fdatasync=16"
)


def verify_with_host(guest: Guest, disk: Disk) -> None:
    """Compares the disk as the guest reads it with the image after power-off."""
    guest.run("sync; echo 3 > /proc/sys/vm/drop_caches")
    seen = guest.run("sha256sum /dev/vdb").split()[0]
    guest.power_off()
    require(disk.sha256() == seen, "The image has another checksum than the guest's disk had.")
    require(seen != Disk.empty_sha256(SIZE), "The disk is empty.")


@case("fio verifies sequential, random and flushed writes, and the image's checksum is the guest's",
      rows=[dict(machine="q35", kernel="6.1", cpus=4), dict(machine="q35", kernel="6.12-cloud", cpus=1),
            dict(machine="microvm", kernel="6.12", cpus=1), dict(machine="microvm", kernel="6.1-cloud", cpus=4)])
def fio(host: Host, machine, kernel, cpus):
    disk = host.disk(SIZE)
    guest = host.boot(machine, kernel=kernel, cpus=cpus, memory="512M", root="disk-fio", disks=[disk])
    guest.ready()
    guest.run(FIO, seconds=180)
    verify_with_host(guest, disk)


@case("A guest stopped and continued while fio writes loses and changes nothing", machine=MACHINES)
def stop_cont(host: Host, machine):
    disk = host.disk(SIZE)
    guest = host.boot(machine, cpus=2, memory="512M", root="disk-fio", disks=[disk])
    guest.ready()
    # The dots prove that it runs, and their absence that it is stopped.
    guest.send(f"(while :; do echo -n .; usleep 50000; done) & {FIO}; status=$?; kill $!; (exit $status)")
    for _ in range(8):
        guest.expect(r"\.\.\.\.", what="that it runs")
        guest.qmp.command("stop")
        guest.qmp.event("STOP")
        require(guest.qmp.command("query-status")["status"] == "paused", "The guest is not paused after stop.")
        time.sleep(0.2)  # what the serial port had taken before the stop still comes out
        before = guest.console.text()
        time.sleep(0.5)
        require(guest.console.text() == before, "The guest goes on while it is stopped.")
        guest.qmp.command("cont")
        guest.qmp.event("RESUME")
    _, done = guest.expect(r"GUEST EXIT (\d+)\r?\n", 180, "that fio is done")
    require(done.group(1) == b"0", f"fio ended with status {done.group(1).decode()}.")
    verify_with_host(guest, disk)


@case("A read-only disk has its size and serial number in the guest, reads to its end, and takes no writes",
      machine=MACHINES)
def read_only(host: Host, machine):
    disk = host.disk((7 << 20) + 512)
    bus = "device" if machine == "microvm" else "pci"
    guest = host.boot(machine, extra=[
        "-drive", f"file={disk.path},if=none,id=ro,format=raw,readonly=on,cache=none,aio=native",
        "-device", f"virtio-blk-{bus},drive=ro,serial=APUS-0001",
    ])
    guest.ready()
    require(guest.run("cat /sys/block/vda/size") == str((7 << 11) + 1), "The disk has another size in the guest.")
    require(guest.run("cat /sys/block/vda/serial") == "APUS-0001", "The disk has another serial number in the guest.")
    require(guest.run("cat /sys/block/vda/ro") == "1", "The guest takes a read-only disk for a writable one.")
    guest.run("dd if=/dev/vda of=/dev/null bs=64k")
    status, _ = guest.attempt("echo no > /dev/vda")
    require(status != 0, "The guest could write to a read-only disk.")
    guest.power_off()
