#!/usr/bin/env python3
"""Time from exec to the first byte of the guest, and the memory it took: Apus against QEMU, natively on this machine.

The guest is firmware/hello-pvh.elf, whose first instructions write 'A' to COM1; it then halts. Each launch is timed
from just before posix_spawn until that byte can be read from the process's standard output, and is then killed: closing
the VM (about 14 ms) is in no figure. README.md beside this file says what the rows mean and what to beware of.
"""
import argparse
import gc
import json
import os
import platform
import select
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
TIMEOUT = 10.0  # seconds until a launch without a byte counts as failed
SETTLE = 0.3  # seconds from the byte to the look at memory: long enough for the guest to halt
DEFAULTED = [signal.SIGPIPE]  # Python ignores it, and what it spawns would too

# The peers are QEMU's machines as they come, described by ACPI as Apus's are. QEMU's microvm without any of that is shown
# too; switching off parts of q35 changes little.
QEMU_MACHINES = ["microvm", "q35"]
LEAN = {"microvm": "microvm,acpi=off,pit=off,pic=off,rtc=off,x-option-roms=off"}
FLOOR_SOURCE = '#include <unistd.h>\nint main(void) { return write(1, "A", 1) == 1 ? pause() : 1; }\n'
# 64 KiB that end with the reset vector: mov dx, 0x3f8; mov al, 'A'; out dx, al; hlt; jmp back to the hlt.
BARE_ROM = bytes(0xFFF0) + bytes.fromhex("baf803 b041 ee f4 ebfd").ljust(16, b"\x90")


class Failure(Exception):
    """A launch that did not do what the hello guest does; the text says how."""


@dataclass
class Candidate:
    """One row of the table: a command line and what was measured of it."""
    name: str
    argv: list
    machine: str = ""
    peer: str = ""  # the name of the candidate this one is held against
    missing: str = ""  # why nothing was measured
    samples: list = field(default_factory=list)  # milliseconds
    failures: list = field(default_factory=list)
    memory: dict = field(default_factory=dict)

    def figures(self):
        if len(self.samples) < 2:
            return {}
        tenths = statistics.quantiles(self.samples, n=10, method="inclusive")
        return {"min": min(self.samples), "median": statistics.median(self.samples), "spread": tenths[8] - tenths[0]}


class Launch:
    """One process from exec to kill: `start` gives the milliseconds to its byte, leaving `with` kills it."""

    def __init__(self, argv):
        self.argv, self.pid, self.descriptors = argv, 0, []

    def start(self):
        self.output, writer = os.pipe()
        # Standard input is a pipe that stays open and silent: /dev/null would be an end of file to attend to.
        reader, silence = os.pipe()
        self.errors = os.memfd_create("stderr")
        self.descriptors = [self.output, reader, silence, self.errors]
        self.poll = select.poll()
        self.poll.register(self.output, select.POLLIN)
        actions = [(os.POSIX_SPAWN_DUP2, fd, number) for number, fd in enumerate((reader, writer, self.errors))]
        try:
            begin = time.monotonic_ns()
            # glibc spawns like vfork: no copy of this process's page tables, and back here at the exec.
            self.pid = os.posix_spawn(self.argv[0], self.argv, os.environ, file_actions=actions, setsigdef=DEFAULTED)
        finally:
            os.close(writer)  # so that a process which ends is seen as a hang-up
        ready = self.poll.poll(TIMEOUT * 1000)
        end = time.monotonic_ns()
        if not ready:
            raise self._failure(f"no byte in {TIMEOUT:.0f} s")
        text = os.read(self.output, 64)
        if text != b"A":  # any other text is a message of the program's own, and no guest has run
            raise self._failure(f"printed {text!r}, not 'A'" if text else "ended without a byte")
        return (end - begin) / 1e6

    def settled(self):
        """Memory and threads once the guest has halted; makes sure that there is a halted guest."""
        if self.poll.poll(SETTLE * 1000):
            text = os.read(self.output, 64)
            raise self._failure(f"went on to print {text!r}" if text else "ended after its first byte")
        text = "".join(Path(f"/proc/{self.pid}/{file}").read_text() for file in ("status", "smaps_rollup"))
        facts = dict(line.split(":", 1) for line in text.splitlines() if ":" in line)
        keys = {"peak": "VmHWM", "rss": "VmRSS", "pss": "Pss", "private_dirty": "Private_Dirty", "threads": "Threads"}
        return {name: int(facts[key].split()[0]) for name, key in keys.items()}

    def _failure(self, what):
        complaint = os.pread(self.errors, 65536, 0).decode(errors="replace").strip()
        return Failure(f"{what} ({complaint.splitlines()[-1]})" if complaint else what)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.pid:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)  # the next launch begins when the VM is closed
        for descriptor in self.descriptors:
            os.close(descriptor)


def build(command, what, source=""):
    """Runs a compiler; answers what went wrong, or nothing."""
    try:
        subprocess.run(command, check=True, capture_output=True, text=True, input=source)
        return ""
    except (OSError, subprocess.CalledProcessError) as error:
        detail = (getattr(error, "stderr", None) or str(error)).strip().splitlines()[-1]
        return f"{what} cannot be built: {detail}"


def candidates(options, scratch):
    """Everything to be measured, in table order: the floor, then QEMU, QEMU's bare ROM and Apus for each machine."""
    floor = Candidate("floor: a static C program", [str(scratch / "floor")])
    floor.missing = build(["gcc", "-O2", "-static", "-x", "c", "-o", *floor.argv, "-"], "it", FLOOR_SOURCE)
    kernel = str(scratch / "hello-pvh.elf")
    problem = build(["make", "-C", str(PROJECT / "firmware"), f"OUT={scratch}", kernel], "the hello guest")
    if problem:
        sys.exit(f"Nothing can be measured: {problem}.")
    (scratch / "bare.rom").write_bytes(BARE_ROM)
    common = ["-accel", "kvm", "-nodefaults", "-display", "none", "-serial", "stdio", "-m", "128", "-smp", "1",
              "-kernel", kernel, "-append", "console=ttyS0"]
    rows = [floor]
    for machine in QEMU_MACHINES:
        qemu = [options.qemu, "-machine", machine, "-no-user-config", *common]
        peer = f"qemu {machine}, qboot"
        if machine in LEAN:
            lean = [options.qemu, "-machine", LEAN[machine], "-no-user-config", *common, "-bios", options.qboot]
            rows.append(Candidate(f"qemu {machine} lean, qboot", lean, machine))
        rows += [Candidate(peer, [*qemu, "-bios", options.qboot], machine),
                 Candidate(f"qemu {machine}, bare ROM", [*qemu, "-bios", str(scratch / "bare.rom")], machine),
                 Candidate(f"apus {machine}", [options.apus, "-machine", machine, *common], machine, peer)]
    for row in rows:
        if not row.missing and not shutil.which(row.argv[0]):
            row.missing = f"there is no program {row.argv[0]}"
    return rows


def attempt(row, settle=False):
    """Launches a row once: memory if it is to settle, else a sample of its time; or the reason why not."""
    try:
        with Launch(row.argv) as launch:
            milliseconds = launch.start()
            if settle:
                row.memory = launch.settled()
            else:
                row.samples.append(milliseconds)
    except (Failure, OSError) as failure:
        row.failures.append(str(failure))


def measure(rows, rounds):
    """A first launch of each that is not timed (it warms the page cache and proves the guest), then the rounds."""
    for row in (row for row in rows if not row.missing):
        # A program that was just built is dirty in the page cache, which would count as its private dirty memory.
        with open(row.argv[0], "rb") as program:
            os.fsync(program.fileno())
        attempt(row, settle=True)
        row.missing = "".join(row.failures)
    present = [row for row in rows if not row.missing]
    gc.disable()
    for turn in range(rounds):
        first = turn % max(len(present), 1)
        for row in present[first:] + present[:first]:
            attempt(row)
    for row in present:
        attempt(row, settle=True)


def machine_facts():
    info = Path("/proc/cpuinfo").read_text().splitlines()
    facts = {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in info)}
    hardware = {"svm", "vmx"} & set(facts.get("flags", "").split())
    return {"cpu": facts.get("model name", platform.machine()), "cores": len(os.sched_getaffinity(0)),
            "kernel": platform.release(), "kvm": "hardware" if hardware else "software (no svm or vmx flag)"}


def version(path):
    try:
        text = subprocess.run([path, "-version"], capture_output=True, text=True, timeout=TIMEOUT).stdout.strip()
        return text.splitlines()[0] if text else "unknown"
    except (OSError, subprocess.TimeoutExpired):
        return "none"


def table(rows, ratios):
    print(f"\n{'exec to first guest byte':27}{'min':>9}{'median':>9}{'p90-p10':>9}  {'ratio':<15}"
          f"{'peak':>8}{'rss':>8}{'dirty':>8}  threads")
    for row in rows:
        if row.missing or not row.figures():
            print(f"{row.name:27}  not measured: {row.missing or row.failures[-1]}")
            continue
        times = "".join(f"{value:9.2f}" for value in row.figures().values())
        ratio = ratios.get(row.machine)
        text = "" if not row.peer else f"{ratio:.3f} (1/{1 / ratio:.1f})" if ratio else "no peer"
        memory = "".join(f"{row.memory[key] / 1024:8.1f}" for key in ("peak", "rss", "private_dirty") if row.memory)
        print(f"{row.name:27}{times}  {text:<15}{memory}  {row.memory.get('threads', '')}")
        if row.failures:
            print(f"{'':29}{len(row.failures)} launches failed, the last: {row.failures[-1]}")
    print("\nTimes in milliseconds; memory in MiB with the guest halted; ratio: Apus's median to qemu with qboot.")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    path = {"type": os.path.abspath, "metavar": "FILE", "help": "(default: %(default)s)"}
    parser.add_argument("--apus", default=str(PROJECT / ".build/release/apus"), **path)
    parser.add_argument("--qemu", default="/usr/bin/qemu-system-x86_64", **path)
    parser.add_argument("--qboot", default="/usr/share/qemu/qboot.rom", **path)
    parser.add_argument("--rounds", type=int, default=20, help="timed launches of each row, at least 10 (default: 20)")
    parser.add_argument("--json", metavar="FILE", help="also write everything, with every sample, to FILE")
    parser.add_argument("--check", type=float, metavar="RATIO", help="exit 1 unless every Apus ratio is at most RATIO")
    options = parser.parse_args()
    if options.rounds < 10:
        parser.error("--rounds takes 10 or more: fewer say nothing on a busy machine")
    facts = {**machine_facts(), "apus": version(options.apus), "qemu": version(options.qemu)}
    print("\n".join(f"{key + ':':8}{value}" for key, value in facts.items()))
    facts["load_before"] = os.getloadavg()
    with tempfile.TemporaryDirectory(prefix="apus-startup-") as scratch:
        rows = candidates(options, Path(scratch))
        measure(rows, options.rounds)
    facts["load_after"] = os.getloadavg()
    print("load:   {:.2f} {:.2f} {:.2f} before,".format(*facts["load_before"]), end=" ")
    print("{:.2f} {:.2f} {:.2f} after".format(*facts["load_after"]))
    medians = {row.name: row.figures().get("median") for row in rows}
    ratios = {row.machine: medians[row.name] / medians[row.peer]
              for row in rows if row.peer and medians[row.name] and medians[row.peer]}
    table(rows, ratios)
    if options.json:
        every = [{**asdict(row), "milliseconds": row.figures()} for row in rows]
        report = {"machine": facts, "ratios": ratios, "candidates": every}
        Path(options.json).write_text(json.dumps(report, indent=2) + "\n")
    failed = False
    for row in (row for row in rows if row.peer and options.check is not None):
        good = row.machine in ratios and ratios[row.machine] <= options.check and not row.failures
        failed |= not good  # what could not be measured has not passed
        print(f"{'pass' if good else 'FAIL'}: {row.name}, at most {options.check} of {row.peer}")
    sys.exit(failed)


if __name__ == "__main__":
    main()
