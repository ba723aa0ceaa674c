"""Boots Debian's kernel to a shell, with its root on a virtio disk: `make demo`.

    demo.py [--machine q35|microvm] [--cpus N] [--memory SIZE] [--vmm PATH]

On a terminal it is yours; otherwise a few commands are typed and the guest powers off. The status is the VMM's.
"""

import argparse
import os
import re
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import termios
import time
import tty
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from testhost import kernels, nested, userland
from testhost.debian import PackageError
from testhost.paths import APUS, CACHE, CHECKOUT

# Copies the disk to where O_DIRECT works and becomes the VMM: `sh -c` with the image, its copy and the command.
_START = 'cp --sparse=always "$1" "$2" && shift 2 && exec "$@"'

_COMMANDS = ["uname -a", "cat /proc/partitions", "poweroff -f"]

# The longest an unattended demo may take: a minute on an idle machine of two cores, and room for a busy one.
_PATIENCE = 300


def say(text: str) -> None:
    print(text, flush=True)


def command(options: argparse.Namespace, scratch: str) -> list[str]:
    """The command that runs the guest, its disk being a copy in the folder `scratch`."""
    kernel = kernels.fetch("6.1")
    disk = f"{scratch}/demo.img"
    bus = "device" if options.machine == "microvm" else "pci"
    vmm = [
        options.vmm, "-machine", options.machine, "-accel", "kvm", "-smp", options.cpus, "-m", options.memory, "-nodefaults",
        "-nographic", "-serial", "stdio", "-kernel", str(kernel.image), "-initrd", str(userland.guest_initrd(kernel)),
        "-append", "console=ttyS0 root=/dev/vda panic=-1", "-object", "iothread,id=io0",
        "-drive", f"file={disk},if=none,id=disk0,format=raw,cache=none,aio=native",
        "-device", f"virtio-blk-{bus},drive=disk0,iothread=io0", "-device", f"virtio-rng-{bus}",
    ]
    return ["/bin/sh", "-c", _START, "demo", str(userland.guest_disk()), disk, *vmm]


@contextmanager
def raw_terminal() -> Iterator[None]:
    """Passes every key to the guest, and gives the terminal back as it was, however this ends."""
    before = termios.tcgetattr(0)
    try:
        tty.setraw(0)
        yield
    finally:
        termios.tcsetattr(0, termios.TCSADRAIN, before)


def interact(process: subprocess.Popen) -> bool:
    """Joins the terminal and the guest's console until the process ends, or the user wants to leave: then true."""
    guest_spoke = escape = False
    with raw_terminal():
        while True:
            ready, _, _ = select.select([0, process.stdout], [], [])
            if process.stdout in ready:
                data = os.read(process.stdout.fileno(), 1 << 16)
                if not data:
                    return False
                guest_spoke = True
                os.write(1, data)
            if 0 in ready:
                keys = os.read(0, 4096)
                # Before there is a guest, Ctrl-C is meant for us. Ctrl-A x always is.
                if not keys or (b"\x03" in keys and not guest_spoke) or b"\x01x" in keys or (escape and keys[:1] == b"x"):
                    break
                escape = keys.endswith(b"\x01")
                process.stdin.write(keys)
                process.stdin.flush()
    say("\nLeft the guest.")
    process.kill()
    return True


def type_commands(process: subprocess.Popen) -> bool:
    """Shows the guest's console and types the commands, each at its prompt; false, since nobody leaves here."""
    waiting = list(_COMMANDS)
    seen = b""
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline:
        if not select.select([process.stdout], [], [], 1)[0]:
            continue
        data = os.read(process.stdout.fileno(), 1 << 16)
        if not data:
            return False
        os.write(1, data)
        seen += data
        # The guest's shell asks like this; see userland/guest-rc.
        if waiting and re.search(rb"[~/] # (\x1b\[6n)?$", seen):
            process.stdin.write(waiting.pop(0).encode() + b"\n")
            process.stdin.flush()
            seen = b""
    say(f"\nThe guest was not done after {_PATIENCE} s and is ended.")
    process.kill()
    return False


def run(process: subprocess.Popen) -> bool:
    """Stays with the guest to its end; true when the user left it running."""
    left = (interact if os.isatty(0) else type_commands)(process)
    process.wait()
    return left


def direct(options: argparse.Namespace) -> int:
    with tempfile.TemporaryDirectory(prefix="demo-", dir=CACHE) as scratch:
        words = command(options, scratch)
        if os.isatty(0):
            # The VMM has the terminal for itself, and Ctrl-C too.
            before = signal.signal(signal.SIGINT, signal.SIG_IGN)
            try:
                return subprocess.run(words, preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)).returncode
            finally:
                signal.signal(signal.SIGINT, before)
        process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        try:
            run(process)
            return process.returncode
        finally:
            process.kill()


def in_nested_host(options: argparse.Namespace) -> int:
    with tempfile.TemporaryDirectory(prefix="demo-", dir=CACHE) as out:
        host = nested.NestedHost(command(options, nested.SCRATCH), Path(out))
        try:
            process = host.start(stdin=subprocess.PIPE)
            if run(process):
                return 0
            if host.status is None and process.returncode == 0:
                say(f"The nested test host died: {host.fault}")
            return 1 if host.status is None else host.status
        finally:
            host.close()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--machine", choices=["q35", "microvm"], default="q35")
    parser.add_argument("--cpus", default="2")
    parser.add_argument("--memory", default="1G")
    parser.add_argument("--vmm", default=str(APUS))
    options = parser.parse_args()
    options.vmm = shutil.which(options.vmm)
    if not options.vmm:
        say("Apus is not built; `make` builds it.")
        return 1
    # An unasked end takes the way of every end, so that no process, file or raw terminal stays behind.
    for number in [signal.SIGTERM, signal.SIGHUP]:
        signal.signal(number, lambda number, _: sys.exit(f"Ended by signal {number}."))
    CACHE.mkdir(exist_ok=True)
    try:
        kernel = kernels.fetch("6.1")
        missing = nested.hardware()
        say(f"Booting Linux {kernel.release} on {options.machine} in {os.path.relpath(options.vmm, CHECKOUT)}.")
        if missing:
            say(f"KVM: the nested test host, since {missing}. All is emulated: the shell comes in about 30 s.")
        else:
            say("KVM: this machine's own.")
        say("Leave with `poweroff -f` in the guest, or with Ctrl-A x.\n")
        return in_nested_host(options) if missing else direct(options)
    except PackageError as error:
        say(str(error))
        return 1
    except KeyboardInterrupt:
        say("\nLeft before the guest was there.")
        return 130


if __name__ == "__main__":
    sys.exit(main())
