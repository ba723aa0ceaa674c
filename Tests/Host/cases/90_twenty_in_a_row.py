"""Guests that come and go leave the host as it was."""

import os
from pathlib import Path

from testhost.case import MACHINES, case, require
from testhost.guest import Host


def traces(host: Host) -> dict[str, set[str]]:
    """What a VMM could leave behind: files where one makes them, processes, and users of the KVM module."""
    # /tmp is not among them: in the nested host it shows what the whole machine is doing. TMPDIR points to scratch.
    folders = [host.scratch, host.sockets, Path("/dev/shm"), Path("/run"), Path("/dev/hugepages")]
    programs = set()
    for process in Path("/proc").iterdir():
        if process.name.isdigit():
            try:
                if os.readlink(process / "exe") == os.path.realpath(host.vmm):
                    programs.add(process.name)
            except OSError:
                pass  # a kernel thread, or one that has just ended
    modules = [module / "refcnt" for module in Path("/sys/module").glob("kvm_*")]
    return {
        "files": {str(file) for folder in folders if folder.exists() for file in folder.iterdir()},
        "processes": programs,
        # Every open VM and vCPU holds the module: at the old count, no descriptor of one is left anywhere.
        "users of KVM": {f"{module.parent.name}: {module.read_text().strip()}" for module in modules},
    }


@case("Twenty guests one after another leave no process, file or VM behind", timeout=900, alone=True, machine=MACHINES)
def twenty_in_a_row(host: Host, machine):
    disk = host.disk(1 << 20)
    before = traces(host)
    for _ in range(20):
        guest = host.boot(machine, disks=[disk])
        guest.ready()
        guest.send("poweroff -f")
        guest.ends(status=0)
        after = traces(host)
        for what in before:
            left = sorted(after[what] - before[what])
            require(not left, f"It left these {what} behind: {' '.join(left)}.")
