"""The Debian kernels that guests, and the nested host itself, run.

A kernel is a folder `.cache/kernels/NAME` with `boot/vmlinuz-RELEASE` and `lib/modules/RELEASE`. Its exact version is
whatever the mirror has on the day it is first wanted; delete the folder to have the next one.
"""

import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from .debian import RELEASE, PackageError, Suite
from .paths import CACHE, tool

# What no virtual machine of ours has; leaving it out makes a kernel 100 MB instead of 400.
_EXCLUDED = (
    "./usr", "*/kernel/sound", "*/drivers/gpu", "*/drivers/media", "*/drivers/net/wireless", "*/drivers/staging",
    "*/drivers/iio", "*/drivers/infiniband", "*/drivers/isdn", "*/drivers/hwmon", "*/net/wireless", "*/net/mac80211",
)

_SUITES = {"6.1": Suite(RELEASE), "6.12": Suite(f"{RELEASE}-backports")}
_METAPACKAGES = {"": "linux-image-amd64", "-cloud": "linux-image-cloud-amd64"}

NAMES = ("6.1", "6.1-cloud", "6.12", "6.12-cloud")


@dataclass(frozen=True)
class Kernel:
    """A kernel on disk: `name` is ours (`6.1-cloud`), `release` is what its `uname -r` says."""

    name: str
    release: str
    folder: Path

    @property
    def image(self) -> Path:
        return self.folder / f"boot/vmlinuz-{self.release}"

    def modules(self, names: list[str]) -> list[Path]:
        """The files of these modules and of all they need, in the order to load them; built-in ones have none."""
        files: list[Path] = []
        for name in names:
            shown = subprocess.run(
                [tool("modprobe"), "-d", self.folder, "-S", self.release, "-C", "/dev/null", "--show-depends", name],
                capture_output=True, text=True)
            if shown.returncode != 0:
                raise PackageError(f"The kernel {self.release} has no module {name}.")
            for line in shown.stdout.splitlines():
                kind, _, path = line.partition(" ")
                if kind == "insmod" and Path(path.split()[0]) not in files:
                    files.append(Path(path.split()[0]))
        return files


def cached(name: str) -> Kernel | None:
    """The kernel `name` if it is in the cache."""
    folder = CACHE / "kernels" / name
    # modules.dep is the last thing `fetch` makes.
    made = next(folder.glob("lib/modules/*/modules.dep"), None)
    return Kernel(name, made.parent.name, folder) if made else None


def fetch(name: str) -> Kernel:
    """The kernel `name`, downloaded if it is not in the cache; PackageError says in one sentence why not."""
    kernel = cached(name)
    if kernel:
        return kernel
    version, _, flavour = name.partition("-")
    metapackage = _METAPACKAGES["-cloud" if flavour == "cloud" else ""]
    folder = CACHE / "kernels" / name
    try:
        suite = _SUITES[version]
        package = suite.dependency(metapackage, r"linux-image-\d.*-amd64")
        if not re.match(rf"linux-image-{re.escape(version)}\.", package):
            raise PackageError(f"{metapackage} in {suite.name} is {package}, not a {version} kernel.")
        suite.unpack(package, folder, _EXCLUDED)
    except PackageError as error:
        raise PackageError(f"The Debian kernel {name} cannot be had: {error}") from None
    release = next((folder / "lib/modules").iterdir()).name
    made = subprocess.run([tool("depmod"), "-b", folder, release], capture_output=True, text=True)
    if made.returncode != 0:
        shutil.rmtree(folder, ignore_errors=True)
        raise PackageError(f"depmod failed for the Debian kernel {name}: {made.stderr.strip()}")
    return Kernel(name, release, folder)
