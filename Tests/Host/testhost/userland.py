"""What guests and the nested host boot into: initrds and disk images, built without root and kept in `.cache`.

Each file's name ends in a digest of what went into it, so a changed input makes a new file and an interrupted build
leaves nothing that could be taken for a finished one.
"""

import hashlib
import os
import re
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

from .kernels import Kernel
from .paths import CACHE, CHECKOUT, tool

_SCRIPTS = CHECKOUT / "Tests/Host/userland"

# What a guest's initrd loads; each kernel adds what these depend on.
_GUEST_MODULES = ["virtio_pci", "virtio_mmio", "virtio_blk", "virtio_rng", "ext4", "button", "evdev"]

# What the nested host loads: its own root and disks first, then what a VMM wants of a host.
_HOST_MODULES = [
    "virtio_pci", "9pnet_virtio", "9p", "overlay", "virtio_blk", "ext4", "kvm_amd", "tun", "vhost_net", "vhost_vsock",
]


class Archive:
    """A cpio archive in the `newc` form the kernel takes as an initrd; made here since cpio needs root for nodes."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._entries = 0

    def _add(self, name: str, mode: int, data: bytes = b"", device: tuple[int, int] = (0, 0)) -> None:
        self._entries += 1
        encoded = name.encode() + b"\0"
        fields = [self._entries, mode, 0, 0, 1, 0, len(data), 0, 0, *device, len(encoded), 0]
        header = b"070701" + b"".join(b"%08x" % field for field in fields) + encoded
        for part in [header, data]:
            self._parts.append(part + b"\0" * (-len(part) % 4))

    def folder(self, name: str) -> None:
        self._add(name, stat.S_IFDIR | 0o755)

    def file(self, name: str, data: bytes) -> None:
        self._add(name, stat.S_IFREG | 0o755, data)

    def link(self, name: str, target: str) -> None:
        self._add(name, stat.S_IFLNK | 0o777, target.encode())

    def node(self, name: str, major: int, minor: int) -> None:
        self._add(name, stat.S_IFCHR | 0o600, device=(major, minor))

    def bytes(self) -> bytes:
        self._add("TRAILER!!!", 0)
        return b"".join(self._parts)


def _built(name: str, suffix: str, inputs: list[bytes], build: Callable[[Path], None]) -> Path:
    """The file built from `inputs` by `build(path)`, from the cache when it is there."""
    digest = hashlib.sha256(Path(__file__).read_bytes())
    for data in inputs:
        digest.update(hashlib.sha256(data).digest())
    folder = CACHE / "userland"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}-{digest.hexdigest()[:12]}{suffix}"
    if not path.exists():
        handle, unfinished = tempfile.mkstemp(dir=folder)
        os.close(handle)
        try:
            build(Path(unfinished))
            os.chmod(unfinished, 0o644)
            os.rename(unfinished, path)
        except BaseException:
            os.unlink(unfinished)
            raise
        for old in folder.glob(f"{name}-{'?' * 12}{suffix}"):
            if old != path:
                old.unlink()
    return path


def _busybox() -> tuple[bytes, list[str]]:
    """The static busybox and the names it answers to."""
    path = tool("busybox")
    return Path(path).read_bytes(), subprocess.run([path, "--list"], capture_output=True, text=True, check=True).stdout.split()


def _module(path: Path) -> bytes:
    """A module as busybox's insmod can load it: newer kernels' are compressed."""
    if path.suffix == ".xz":
        return subprocess.run([tool("xz"), "-dc", path], capture_output=True, check=True).stdout
    return path.read_bytes()


def _initrd(name: str, kernel: Kernel, modules: list[str], init: str, rc: str | None) -> Path:
    busybox, applets = _busybox()
    files = kernel.modules(modules)
    scripts = [(_SCRIPTS / script).read_bytes() for script in [init, rc] if script]

    def build(path: Path) -> None:
        archive = Archive()
        for folder in ["bin", "sbin", "dev", "proc", "sys", "tmp", "root", "modules"]:
            archive.folder(folder)
        archive.node("dev/console", 5, 1)
        archive.file("bin/busybox", busybox)
        for applet in applets:
            if applet != "busybox":
                archive.link(f"bin/{applet}", "busybox")
        for number, file in enumerate(files):
            archive.file(f"modules/{number:02}-{file.name.removesuffix('.xz')}", _module(file))
        archive.file("init", scripts[0])
        if rc:
            archive.file("sbin/rc", scripts[1])
        path.write_bytes(archive.bytes())

    return _built(name, ".cpio", [kernel.release.encode(), busybox, *scripts], build)


def guest_initrd(kernel: Kernel) -> Path:
    """An initrd that runs `guest-rc` in memory, or, with `root=` on the command line, from a disk."""
    return _initrd(f"guest-{kernel.name}", kernel, _GUEST_MODULES, "guest-init", "guest-rc")


def host_initrd(kernel: Kernel) -> Path:
    """The nested host's initrd; see `userland/host-init`."""
    return _initrd("host", kernel, _HOST_MODULES, "host-init", None)


def _libraries(program: str) -> list[str]:
    """The shared libraries of a program, as the loader finds them."""
    shown = subprocess.run([tool("ldd"), program], capture_output=True, text=True, check=True).stdout
    return re.findall(r"(/\S+) \(0x", shown)


def guest_disk(programs: tuple[str, ...] = ()) -> Path:
    """A raw ext4 disk with busybox, `guest-rc` and `programs` (with their libraries), for `root=/dev/vda`.

    It holds no modules, so one disk serves every kernel: the initrd has loaded them before it changes root.
    """
    busybox, applets = _busybox()
    rc = (_SCRIPTS / "guest-rc").read_bytes()
    paths = [tool(program) for program in programs]
    libraries = sorted({library for path in paths for library in _libraries(path)})

    def build(image: Path) -> None:
        with tempfile.TemporaryDirectory(dir=image.parent) as name:
            root = Path(name)
            for folder in ["bin", "sbin", "dev", "proc", "sys", "tmp", "root", "mnt"]:
                (root / folder).mkdir()
            (root / "bin/busybox").write_bytes(busybox)
            (root / "sbin/rc").write_bytes(rc)
            for script in ["bin/busybox", "sbin/rc"]:
                (root / script).chmod(0o755)
            for applet in applets:
                if applet != "busybox":
                    (root / "bin" / applet).symlink_to("busybox")
            for path in paths:
                shutil.copy(path, root / "bin")
            for library in libraries:
                (root / library[1:]).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(library, root / library[1:])
            used = sum(file.lstat().st_size for file in root.rglob("*"))
            # Room for ext4's own structures, for a journal and for what a test writes.
            size = (used * 5 // 4 + (48 << 20)) >> 20
            made = subprocess.run(
                [tool("mke2fs"), "-q", "-F", "-t", "ext4", "-E", "root_owner=0:0,lazy_itable_init=1", "-d", root, image, f"{size}M"],
                capture_output=True, text=True)
            if made.returncode != 0:
                raise RuntimeError(f"mke2fs could not make the guest disk {image}: {made.stderr.strip()}")

    stamps = [f"{path} {os.stat(path).st_size} {os.stat(path).st_mtime_ns}".encode() for path in paths + libraries]
    return _built("-".join(["disk", *programs]), ".img", [busybox, rc, *stamps], build)
