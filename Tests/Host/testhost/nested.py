"""The nested host: a Debian kernel under an emulated processor with SVM, whose KVM is real to all that runs in it.

It is booted once for many guests. Its kernel's console goes to a file; its second serial port carries the terminal
(or the pipes) of whoever started it to the one command it runs, so a guest's console can be interactive.
"""

import os
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

from . import kernels, userland
from .paths import CACHE, CHECKOUT, tool

# Hosts worth booting beside each other, one for each real processor of a small machine. Each has one emulated processor:
# with two, the emulator loses its way every few minutes (soft lockups, overwritten stacks), with one it does not.
HOSTS = 2
_MEMORY = "6144"
_SCRATCH_SIZE = 16 << 30

# The emulated SVM does not intercept XSETBV: KVM would not learn what a guest enables, and its CPUID would contradict
# the guest's own arithmetic. Five-level page tables only make every walk longer.
_PROCESSOR = "max,+svm,-xsave,-la57"

# The emulated CMPXCHG16B computes flags from a stale state, which after a VM exit can be any number; guests then run
# with garbage in RFLAGS, and die of the direction flag. Cleared here and not in the processor, programs in the host
# still have the instruction, but KVM does not offer it to guests. Mitigations protect nothing here and cost time.
#
# All emulated processors read one clock, but Linux trusts the TSCs of several AMD processors only when told to; its
# second choice, the HPET, is one device that both would fight for at every exit, to the point of standing still.
_WORKAROUNDS = "tsc=reliable clearcpuid=cx16 mitigations=off"

OUT = "/run/out"
SCRATCH = "/run/scratch"


def hardware() -> str | None:
    """Why this machine's own KVM cannot run the guests, or None when it can.

    A processor without SVM or VMX can still have a /dev/kvm, made of software, that no stock kernel boots on.
    """
    flags = Path("/proc/cpuinfo").read_text().split()
    if "svm" not in flags and "vmx" not in flags:
        return "this processor has neither svm nor vmx"
    if not os.access("/dev/kvm", os.R_OK | os.W_OK):
        return "/dev/kvm cannot be opened"
    return None


class NestedHost:
    """One boot of the nested host that runs `command` (as root, in the checkout) and ends with it.

    `out` is a folder of the machine that the command sees as /run/out. After `wait`, `fault` tells why the host
    itself died, if it did.
    """

    def __init__(self, command: list[str], out: Path):
        self.out = out
        self.console = out / "host.console"
        kernel = kernels.fetch("6.1")
        initrd = userland.host_initrd(kernel)
        exports = [
            f"export {name}={shlex.quote(os.environ[name])}"
            for name in ["PATH", "TERM", "PYTHONDONTWRITEBYTECODE"] if name in os.environ
        ]
        (out / "start").write_text("\n".join([
            # Raw: every byte passes as it is, in both directions, also when a VMM turns output processing on.
            "stty raw -echo -onlcr < /dev/ttyS1",
            "exec < /dev/ttyS1 > /dev/ttyS1 2>&1",
            *exports,
            f"cd {shlex.quote(str(CHECKOUT))}",
            shlex.join(command),
            f"echo $? > {OUT}/status",
            "sync",
            # Nothing here needs an orderly shutdown, and -no-reboot makes a reset the end.
            "echo b > /proc/sysrq-trigger",
        ]) + "\n")
        (out / "status").unlink(missing_ok=True)
        CACHE.mkdir(exist_ok=True)
        self._scratch = tempfile.NamedTemporaryFile(prefix="scratch-", suffix=".img", dir=CACHE)
        os.truncate(self._scratch.name, _SCRATCH_SIZE)
        subprocess.run([tool("mke2fs"), "-q", "-F", "-t", "ext4", "-E", "lazy_itable_init=1", "-O", "^has_journal",
                        self._scratch.name], check=True, stdout=subprocess.DEVNULL)
        self._command = [
            tool("qemu-system-x86_64"), "-accel", "tcg,thread=multi", "-machine", "q35,hpet=off", "-cpu", _PROCESSOR,
            "-smp", "1", "-m", _MEMORY, "-nodefaults", "-no-user-config", "-no-reboot", "-display", "none",
            "-chardev", f"file,id=kernel,path={_escaped(self.console)}", "-serial", "chardev:kernel",
            "-chardev", "stdio,id=terminal,signal=off", "-serial", "chardev:terminal",
            "-kernel", str(kernel.image), "-initrd", str(initrd),
            "-append", f"console=ttyS0 quiet loglevel=3 panic=-1 softlockup_panic=1 {_WORKAROUNDS}",
            "-drive", f"file={_escaped(self._scratch.name)},if=virtio,format=raw,cache=unsafe",
            "-virtfs", "local,path=/,mount_tag=hostroot,security_model=none,readonly=on,multidevs=remap",
            "-virtfs", f"local,path={_escaped(out)},mount_tag=out,security_model=none",
        ]
        self.process: subprocess.Popen | None = None

    def start(self, stdin: int = subprocess.DEVNULL) -> subprocess.Popen:
        """Boots; the process's stdout is a pipe that carries the command's output."""
        self.process = subprocess.Popen(
            self._command, stdin=stdin, stdout=subprocess.PIPE, stderr=open(self.out / "host.stderr", "wb"))
        return self.process

    def close(self) -> None:
        """Ends the host if it still runs, and removes its scratch disk."""
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self._scratch.close()

    @property
    def status(self) -> int | None:
        """The command's exit status, when it came to its end."""
        try:
            return int((self.out / "status").read_text())
        except (OSError, ValueError):
            return None

    @property
    def fault(self) -> str:
        """Why the host ended before its command did."""
        try:
            text = self.console.read_text(errors="replace")
        except OSError:
            text = ""
        for sign in ["soft lockup", "Kernel panic", "HOST cannot", "BUG:"]:
            for line in text.splitlines():
                if sign in line:
                    return line.strip()
        stderr = (self.out / "host.stderr").read_text(errors="replace").strip().splitlines()
        return stderr[-1] if stderr else "it ended without a word"


def _escaped(path: Path | str) -> str:
    """A path inside one of QEMU's comma-separated options."""
    return str(path).replace(",", ",,")


def python(script: str, *arguments: str) -> list[str]:
    """The command that runs one of Tests/Host's scripts with the interpreter that runs us."""
    return [sys.executable, "-B", str(CHECKOUT / "Tests/Host" / script), *arguments]
