"""Debian packages, fetched with the machine's own apt settings and unpacked, never installed.

apt is given private state and a private list of sources, so this needs no root, leaves the machine's package lists
alone, and can see a suite that the machine does not use (bookworm-backports). The mirror, its key and any proxy or
password are the machine's: an entry of its sources is copied with another suite written into it.
"""

import glob
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from .paths import CACHE, tool

# The release whose kernels the tests are about, whatever point release the machine has.
RELEASE = "bookworm"


class PackageError(Exception):
    """A package could not be had; the message is one sentence."""


def _stanzas() -> list[str]:
    """Every entry of the machine's sources as a deb822 stanza; one-line entries are translated."""
    stanzas = []
    for path in ["/etc/apt/sources.list", *sorted(glob.glob("/etc/apt/sources.list.d/*"))]:
        try:
            text = Path(path).read_text()
        except OSError:
            continue
        if path.endswith(".sources"):
            text = re.sub(r"(?m)^#.*\n?", "", text)
            stanzas += [stanza for stanza in re.split(r"\n\s*\n", text.strip()) if "URIs:" in stanza]
        elif path.endswith(".list"):
            for line in text.splitlines():
                entry = re.match(r"\s*deb\s+(?:\[(.*?)\]\s+)?(\S+)\s+(\S+)\s+([^#]+)", line)
                if entry:
                    stanzas.append(_translated(*entry.groups()))
    return stanzas


def _translated(options: str | None, uri: str, suite: str, components: str) -> str:
    """One `deb [options] uri suite components` line as a stanza."""
    lines = ["Types: deb", f"URIs: {uri}", f"Suites: {suite}", f"Components: {components.strip()}"]
    names = {"signed-by": "Signed-By", "trusted": "Trusted", "arch": "Architectures", "check-valid-until": "Check-Valid-Until"}
    for option in (options or "").split():
        name, _, value = option.partition("=")
        if name in names:
            lines.append(f"{names[name]}: {value.replace(',', ' ')}")
    return "\n".join(lines)


def _suites(stanza: str) -> list[str]:
    found = re.search(r"(?m)^Suites:(.*)$", stanza)
    return found.group(1).split() if found else []


def _sources(suite: str) -> str:
    """The private sources for one suite: `RELEASE` with its updates and fixes, or the mirror's entry for another."""
    ours = {RELEASE, f"{RELEASE}-updates", f"{RELEASE}-security"}
    entries = [stanza for stanza in _stanzas() if ours.intersection(_suites(stanza))]
    mirrors = [stanza for stanza in entries if RELEASE in _suites(stanza)]
    if not mirrors:
        raise PackageError(f"The apt sources of this machine name no Debian {RELEASE} mirror to download kernels from.")
    if suite == RELEASE:
        return "\n\n".join(entries) + "\n"
    return re.sub(r"(?m)^Suites:.*$", f"Suites: {suite}", mirrors[0]) + "\n"


class Suite:
    """One suite of the machine's Debian mirror, with apt state of its own under `.cache/apt`."""

    def __init__(self, name: str):
        self.name = name
        self.folder = CACHE / "apt" / name
        self.updated = False

    def _apt(self, program: str, *arguments: str, folder: Path | None = None) -> str:
        options = {
            "Dir::State": self.folder / "state",
            "Dir::State::status": "/dev/null",  # what is installed on this machine is no concern of ours
            "Dir::Cache": self.folder / "cache",
            "Dir::Etc::sourcelist": self.folder / "debian.sources",
            "Dir::Etc::sourceparts": "/dev/null",
            "Acquire::Retries": 3,
            "Acquire::Languages": "none",
        }
        if os.geteuid() == 0:
            options["APT::Sandbox::User"] = "root"  # the checkout may be closed to apt's own user
        command = [tool(program), "-q"]
        for name, value in options.items():
            command += ["-o", f"{name}={value}"]
        ran = subprocess.run(
            command + list(arguments), cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True,
            env=os.environ | {"LC_ALL": "C"})
        if ran.returncode != 0:
            said = [line for line in ran.stderr.splitlines() if line.startswith("E:")] or ran.stderr.splitlines() or [""]
            raise PackageError(f"`{program} {' '.join(arguments)}` for {self.name} failed: {said[0].removeprefix('E: ')}")
        return ran.stdout

    def update(self) -> None:
        """Fetches the suite's package lists, once per run."""
        if self.updated:
            return
        for folder in ["state/lists/partial", "cache/archives/partial"]:
            (self.folder / folder).mkdir(parents=True, exist_ok=True)
        (self.folder / "debian.sources").write_text(_sources(self.name))
        self._apt("apt-get", "update")
        self.updated = True

    def dependency(self, metapackage: str, pattern: str) -> str:
        """The package matching `pattern` that `metapackage` stands for today."""
        self.update()
        record = self._apt("apt-cache", "show", "--no-all-versions", metapackage)
        depends = re.search(r"(?m)^Depends:(.*)$", record)
        for alternative in re.split(r"[,|]", depends.group(1) if depends else ""):
            name = alternative.split("(")[0].strip()
            if re.fullmatch(pattern, name):
                return name
        raise PackageError(f"{metapackage} in {self.name} depends on no package that looks like {pattern}.")

    def unpack(self, package: str, destination: Path, exclude: tuple[str, ...] = ()) -> None:
        """Downloads a package and unpacks its files into the new folder `destination`.

        The folder appears under its name only when all of it is there: an interrupted download or unpacking leaves
        nothing that could be taken for a whole one.
        """
        self.update()
        destination.parent.mkdir(parents=True, exist_ok=True)
        work = Path(tempfile.mkdtemp(prefix=".unpacking-", dir=destination.parent))
        try:
            self._apt("apt-get", "download", package, folder=work)
            archive = next(work.glob("*.deb"), None)
            if archive is None:
                raise PackageError(f"apt-get downloaded nothing for {package}.")
            files = work / "files"
            files.mkdir()
            with subprocess.Popen([tool("dpkg-deb"), "--fsys-tarfile", archive], stdout=subprocess.PIPE) as reader:
                excludes = [f"--exclude={pattern}" for pattern in exclude]
                unpacked = subprocess.run(
                    [tool("tar"), "-x", "--no-same-owner", *excludes, "-C", files], stdin=reader.stdout).returncode
            if unpacked or reader.returncode:
                raise PackageError(f"The package {archive.name} could not be unpacked into {files}.")
            shutil.rmtree(destination, ignore_errors=True)
            files.rename(destination)
        finally:
            shutil.rmtree(work, ignore_errors=True)
