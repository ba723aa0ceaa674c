"""What the host does to a disk: engines other than libaio, and failure, at which the guest waits and loses nothing."""

import subprocess

from testhost.case import MACHINES, case, require
from testhost.guest import Disk, Host
from testhost.paths import tool

SIZE = 48 << 20

# A third of the disk in order, then a third anywhere: at the latest in the second job the host is full.
FIO = (
    "fio --output-format=terse --filename=/dev/vdb --size=16M --verify=crc32c --verify_fatal=1 --do_verify=1 --direct=1"
    " --name=sequential --ioengine=libaio --iodepth=8 --rw=write --bs=256k"
    " --name=random --stonewall --ioengine=libaio --iodepth=32 --rw=randwrite --bs=4k --offset=16M --fsync=256"
)


@case("A full host pauses the guest; with space again and cont, fio verifies every write", machine=MACHINES, timeout=400)
def no_space(host: Host, machine):
    folder = host.scratch / "small"
    folder.mkdir()
    subprocess.run([tool("mount"), "-t", "tmpfs", "-o", "size=64m", "small", folder], check=True)
    try:
        disk = Disk(folder / "disk.img")
        with open(disk.path, "wb") as file:
            file.truncate(SIZE)
        ballast = folder / "ballast"
        ballast.write_bytes(bytes(44 << 20))
        bus = "device" if machine == "microvm" else "pci"
        guest = host.boot(machine, cpus=2, memory="512M", root="disk-fio", extra=[
            "-object", "iothread,id=small",
            "-drive", f"file={disk.path},if=none,id=small,format=raw,aio=threads",
            "-device", f"virtio-blk-{bus},drive=small,iothread=small,id=small",
        ])
        guest.ready()
        guest.qmp.command("query-status")
        guest.send(FIO)
        failure = guest.qmp.event("BLOCK_IO_ERROR", device="small", operation="write", action="stop", nospace=True)
        print("failure:", failure)
        guest.qmp.event("STOP")
        require(guest.qmp.command("query-status")["status"] == "io-error", "The guest is not in the state io-error.")
        entry = next(entry for entry in guest.qmp.command("query-block") if entry["device"] == "small")
        require(entry["io-status"] == "nospace", f"The disk's io-status is {entry['io-status']}, not nospace.")

        # Still full: it goes on for a moment and stops again, as often as one likes.
        guest.qmp.command("cont")
        guest.qmp.event("RESUME")
        guest.qmp.event("BLOCK_IO_ERROR", action="stop", nospace=True)
        guest.qmp.event("STOP")

        ballast.unlink()
        guest.qmp.command("cont")
        guest.qmp.event("RESUME")
        _, done = guest.expect(r"GUEST EXIT (\d+)\r?\n", 240, "that fio is done")
        require(done.group(1) == b"0", f"fio ended with status {done.group(1).decode()}.")
        entry = next(entry for entry in guest.qmp.command("query-block") if entry["device"] == "small")
        require(entry["io-status"] == "ok", f"The disk's io-status is {entry['io-status']}, not ok.")
        guest.run("sync; echo 3 > /proc/sys/vm/drop_caches")
        seen = guest.run("sha256sum /dev/vdb").split()[0]
        guest.power_off()
        require(disk.sha256() == seen, "The image has another checksum than the guest's disk had.")
        require(seen != Disk.empty_sha256(SIZE), "The disk is empty.")
    finally:
        host.close()
        subprocess.run([tool("umount"), folder], check=True)


@case("fio verifies its writes over io_uring, with and without O_DIRECT, on an iothread that polls",
      rows=[dict(machine="q35", cache="none"), dict(machine="microvm", cache="writeback")])
def io_uring(host: Host, machine, cache):
    disk = host.disk(SIZE)
    bus = "device" if machine == "microvm" else "pci"
    guest = host.boot(machine, cpus=2, memory="512M", root="disk-fio", extra=[
        "-object", "iothread,id=ring,poll-max-ns=32768",
        "-drive", f"file={disk.path},if=none,id=ring,format=raw,cache={cache},aio=io_uring",
        "-device", f"virtio-blk-{bus},drive=ring,iothread=ring",
    ])
    guest.ready()
    guest.run(FIO, seconds=180)
    guest.run("sync; echo 3 > /proc/sys/vm/drop_caches")
    seen = guest.run("sha256sum /dev/vdb").split()[0]
    stats = next(entry for entry in guest.qmp.command("query-blockstats") if entry["device"] == "ring")["stats"]
    require(stats["wr_bytes"] >= 32 << 20 and stats["flush_operations"] > 0, f"The disk's statistics are {stats}.")
    guest.power_off()
    require("io_uring" not in guest.stderr.read_text(), "The host refuses io_uring, so it was not tested.")
    require(disk.sha256() == seen, "The image has another checksum than the guest's disk had.")
    require(seen != Disk.empty_sha256(SIZE), "The disk is empty.")
