"""The words a case is written in: boot a guest, talk to it on its console and its monitor, see it end."""

import hashlib
import os
import shlex
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from . import kernels, userland
from .console import Console, Failed
from .paths import tool
from .qmp import QMP

# The longest a stock kernel may take to user space: 6-13 s in the nested host when the machine is otherwise idle.
BOOT = 150

# The longest a command in the guest may take when the case does not say.
COMMAND = 60


@dataclass(frozen=True)
class Disk:
    """A raw image on the scratch disk, for one case."""

    path: Path

    def sha256(self, offset: int = 0, length: int | None = None) -> str:
        """The digest of a region as the host sees it."""
        digest = hashlib.sha256()
        with open(self.path, "rb") as file:
            file.seek(offset)
            remaining = length if length is not None else os.stat(self.path).st_size - offset
            while remaining > 0 and (chunk := file.read(min(remaining, 1 << 20))):
                digest.update(chunk)
                remaining -= len(chunk)
        return digest.hexdigest()


    @staticmethod
    def empty_sha256(size: int) -> str:
        """The digest of that many zero bytes."""
        return hashlib.sha256(bytes(size)).hexdigest()


class Guest:
    """One VMM process and the guest in it."""

    def __init__(self, command: list[str], log: Path, monitor: Path, scratch: Path):
        self._command = command
        self._monitor = monitor
        self._qmp: QMP | None = None
        print("$", shlex.join(command), flush=True)
        self.stderr = log.with_suffix(".stderr")
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=open(self.stderr, "wb"),
            env=os.environ | {"TMPDIR": str(scratch)})
        self.console = Console(self.process.stdout, log)

    # The console

    def ready(self, seconds: float = BOOT) -> dict[str, str]:
        """Waits until user space runs; returns what it says of itself: kernel, cpus, memory (KiB) and root."""
        _, said = self.expect(r"GUEST READY ([^\r\n]*)\r?\n", seconds, "that user space runs")
        facts = dict(word.split("=", 1) for word in said.group(1).decode().split())
        print("ready:", facts, flush=True)
        return facts

    def expect(self, pattern: str, seconds: float = COMMAND, what: str | None = None):
        """Waits for a regular expression on the console; see Console.expect."""
        try:
            return self.console.expect(pattern, seconds, what)
        except Failed as failed:
            if self.console.ended:
                raise Failed(f"{failed} {self._last_words()}") from None
            raise

    def send(self, text: str) -> None:
        """Types a line."""
        print(">", text, flush=True)
        self.write(text.encode() + b"\n")

    def write(self, data: bytes) -> None:
        """Types bytes as they are."""
        try:
            self.process.stdin.write(data)
            self.process.stdin.flush()
        except BrokenPipeError:
            raise Failed(f"The VMM took no more input. {self._last_words()}") from None

    def attempt(self, command: str, seconds: float = COMMAND) -> tuple[int, str]:
        """Runs a command in the guest; returns its exit status and what it printed."""
        self.send(command)
        before, said = self.expect(r"GUEST EXIT (\d+)\r?\n", seconds, f"that `{command}` is done")
        return int(said.group(1)), before.decode(errors="replace").replace("\r\n", "\n").strip("\n")

    def run(self, command: str, seconds: float = COMMAND) -> str:
        """Runs a command in the guest that must succeed; returns what it printed."""
        status, output = self.attempt(command, seconds)
        if status != 0:
            raise Failed(f"`{command}` in the guest ended with status {status} and printed: {output[-400:]}")
        return output

    # The monitor

    @property
    def qmp(self) -> QMP:
        """The guest's monitor, connected on first use."""
        if self._qmp is None:
            self._qmp = QMP(self._monitor)
        return self._qmp

    # The process

    def ends(self, status: int = 0, seconds: float = 60) -> None:
        """Waits for the process to end by itself with that status."""
        try:
            ended = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise Failed(f"The VMM's process still runs {seconds:g} s after it should have ended.") from None
        self.close()
        if ended != status:
            raise Failed(f"The VMM ended with status {ended}, not {status}. {self._last_words()}")

    def power_off(self) -> None:
        """Ends the guest from inside, in order, and waits for the process."""
        self.send("sync; poweroff -f")
        self.ends()

    def open_files(self) -> list[str]:
        """What the process has open, sorted: for comparing before and after."""
        folder = Path(f"/proc/{self.process.pid}/fd")
        return sorted(os.readlink(file) for file in folder.iterdir())

    def tell_threads(self) -> None:
        """Prints what each thread of the process is at, for the log of a case that failed."""
        for task in sorted(Path(f"/proc/{self.process.pid}/task").glob("*")):
            try:
                state, *_, used_user, used_system = (task / "stat").read_text().rpartition(")")[2].split()[:13]
                where = (task / "wchan").read_text() or "-"
                print(f"  thread {(task / 'comm').read_text().strip():16} {state} in {where:24} ticks: {used_user} in user"
                      f" space, {used_system} in the kernel")
            except OSError:
                pass  # it has ended meanwhile

    def close(self) -> None:
        """Kills what is still there."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        if self._qmp:
            self._qmp.close()
        self.console.close()

    def _last_words(self) -> str:
        words = self.stderr.read_text(errors="replace").strip().splitlines()
        return f"Its last words: {words[-1]}" if words else "It wrote nothing to stderr."


class Host:
    """What a case is given: a VMM, a scratch folder that takes O_DIRECT, and a results folder."""

    def __init__(self, vmm: str, scratch: Path, results: Path):
        self.vmm = vmm
        self.scratch = scratch
        self.results = results
        # A socket's path has at most 107 bytes, which a checkout's may exceed.
        self.sockets = Path(tempfile.mkdtemp(prefix="apus-", dir="/tmp"))
        self.guests: list[Guest] = []
        self._disks = 0

    def boot(self, machine: str, kernel: str = "6.1-cloud", cpus: int = 1, memory: str = "256M", root: str = "initrd",
             disks: list[Disk] | None = None, append: str = "", reboots: bool = False, extra: list[str] | None = None) -> Guest:
        """Starts a guest with a Debian kernel; `root` is "initrd", "disk" or "disk-fio" (a disk with fio on it).

        `disks` follow as /dev/vda, or /dev/vdb after a disk root; each has an iothread and libaio. Without `reboots`
        a reboot ends the process, so a kernel that panics ends the case at once.
        """
        debian = kernels.fetch(kernel)
        number = len(self.guests)
        monitor = self.sockets / f"qmp-{number}"
        words = f"console=ttyS0 quiet loglevel=3 panic=-1 apus.test {append}"
        if root != "initrd":
            image = userland.guest_disk(("fio",) if root == "disk-fio" else ())
            disks = [self._copy(image)] + (disks or [])
            words += " root=/dev/vda"
        command = [
            self.vmm, "-machine", self._machine(machine), "-accel", "kvm", "-m", memory, "-smp", str(cpus), "-nodefaults",
            "-display", "none", "-serial", "stdio", "-qmp", f"unix:{monitor},server,nowait",
            "-kernel", str(debian.image), "-initrd", str(userland.guest_initrd(debian)), "-append", words.strip(),
        ]
        bus = "device" if machine == "microvm" else "pci"
        for index, disk in enumerate(disks or []):
            command += [
                "-object", f"iothread,id=io{index}",
                "-drive", f"file={disk.path},if=none,id=disk{index},format=raw,cache=none,aio=native",
                "-device", f"virtio-blk-{bus},drive=disk{index},iothread=io{index},id=vd{index}",
            ]
        command += ["-device", f"virtio-rng-{bus}"]
        if not reboots:
            command.append("-no-reboot")
        if self._stand_in:
            command += ["-cpu", "host"]  # which Apus's guests see without being asked
        guest = Guest(command + (extra or []), self.results / f"guest-{number}.console", monitor, self.scratch)
        self.guests.append(guest)
        return guest

    @property
    def _stand_in(self) -> bool:
        """Whether QEMU stands in for Apus, to try the cases themselves."""
        return os.path.basename(self.vmm).startswith("qemu")

    def _machine(self, name: str) -> str:
        """The machine as Apus knows it; QEMU needs to be told what Apus's microvm is."""
        if name == "microvm" and self._stand_in:
            return "microvm,acpi=on,pcie=off,rtc=on"
        return name

    def disk(self, size: int) -> Disk:
        """A new image of that many bytes, all holes."""
        self._disks += 1
        path = self.scratch / f"disk-{self._disks}.img"
        with open(path, "wb") as file:
            file.truncate(size)
        return Disk(path)

    def _copy(self, image: Path) -> Disk:
        self._disks += 1
        path = self.scratch / f"disk-{self._disks}.img"
        subprocess.run([tool("cp"), "--sparse=always", image, path], check=True)
        return Disk(path)

    def close(self) -> None:
        for guest in self.guests:
            guest.close()
