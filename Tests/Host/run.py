"""Boots real guests in the VMM and tells what came of it: `make guest-test`.

    run.py [--vmm PATH] [--direct|--nested] [--list] [CASE...]

The last line is `N passed, N failed`; the status is 0 when nothing failed.
"""

import argparse
import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from testhost import kernels, nested, userland
from testhost.case import Case, matching
from testhost.debian import PackageError
from testhost.paths import APUS, CACHE, RESULTS

# A host that says nothing for this much longer than its longest case may take has hung.
_PATIENCE = 120
# How often an emulated host is booted at the most, for cases whose host died.
_BOOTS = 4


def say(*words: object) -> None:
    print(*words, flush=True)


def prepare() -> None:
    """Fetches kernels and builds userlands here, where there is a network, so that the host finds all in the cache."""
    for name in kernels.NAMES:
        if not kernels.cached(name):
            say(f"Fetching the Debian kernel {name}.")
        try:
            userland.guest_initrd(kernels.fetch(name))
        except PackageError as error:
            # The cases that need it fail, and say the same; the others still run.
            say(error)
    userland.guest_disk()
    userland.guest_disk(("fio",))


def result(case: Case) -> dict | None:
    for folder in [RESULTS, *RESULTS.glob("host-*")]:
        try:
            return json.loads((folder / case.name / "result.json").read_text())
        except (OSError, ValueError):
            continue
    return None


def run_direct(vmm: str, cases: list[Case]) -> None:
    """Runs the cases on this machine's own KVM."""
    CACHE.mkdir(exist_ok=True)
    # Beside the cache, not in /tmp: the images are opened with O_DIRECT, which tmpfs may not take.
    with tempfile.TemporaryDirectory(prefix="scratch-", dir=CACHE) as scratch:
        subprocess.run(nested.python(
            "inside.py", "--vmm", vmm, "--results", str(RESULTS), "--scratch", scratch, "--jobs", "1",
            *(case.name for case in cases)))


def run_nested(vmm: str, cases: list[Case], out: Path) -> bool:
    """Boots a nested host once for the cases; false when the host itself died or hung on the way."""
    out.mkdir(exist_ok=True)
    host = nested.NestedHost(
        nested.python("inside.py", "--vmm", vmm, "--results", nested.OUT, "--scratch", nested.SCRATCH,
                      "--jobs", "1", *(case.name for case in cases)),
        out)
    heard = time.monotonic()

    def watch() -> None:
        limit = max(case.timeout for case in cases) + _PATIENCE
        while process.poll() is None:
            if time.monotonic() - heard > limit:
                say(f"The nested host was silent for {limit:g} s and is killed.")
                process.kill()
            time.sleep(1)

    try:
        process = host.start()
        threading.Thread(target=watch, daemon=True).start()
        for line in process.stdout:
            heard = time.monotonic()
            say(line.decode(errors="replace").rstrip())
        process.wait()
        if host.status is None:
            say(f"The nested host died: {host.fault}")
        return host.status is not None
    finally:
        host.close()


def run_in_host(vmm: str, cases: list[Case], number: int) -> None:
    """Runs the cases in the nested host with this number.

    An emulated host dies once in many runs. That says nothing about the VMM: what had no result is run again in another
    boot, and the output says so. A case that failed is never run again.
    """
    remaining = cases
    for attempt in range(_BOOTS):
        if not remaining or run_nested(vmm, remaining, RESULTS / f"host-{number}"):
            return
        remaining = [case for case in remaining if result(case) is None]
        if attempt + 1 < _BOOTS and remaining:
            say(f"Host {number} is booted once more, for the {len(remaining)} cases without a result.")


@contextmanager
def one_at_a_time() -> Iterator[None]:
    """Waits for another run in this checkout: two would write over each other's results."""
    CACHE.mkdir(exist_ok=True)
    with open(CACHE / "lock", "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("Waiting for another run of the guest tests in this checkout to end.")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def run(vmm: str, cases: list[Case], options: argparse.Namespace) -> int:
    """Runs the cases where guests can run, and says how many passed."""
    shutil.rmtree(RESULTS, ignore_errors=True)
    RESULTS.mkdir(parents=True)
    prepare()
    missing = nested.hardware()
    started = time.monotonic()
    if options.direct or (not missing and not options.nested):
        say(f"Guests run on this machine's KVM: {len(cases)} cases.")
        run_direct(vmm, cases)
    else:
        say(f"Guests run in the nested test host ({missing or 'as asked'}): {len(cases)} cases.")
        # Neighbours in the list are alike, and take alike long.
        hosts = [
            threading.Thread(target=run_in_host, args=(vmm, cases[number::nested.HOSTS], number), daemon=True)
            for number in range(nested.HOSTS)
        ]
        for host in hosts:
            host.start()
        for host in hosts:
            host.join()
    passed = [case for case in cases if (found := result(case)) and found["reason"] is None]
    for case in cases:
        if result(case) is None:
            say(f"FAIL  {case.name}: it has no result, since its host died.")
    failed = [case.name for case in cases if case not in passed]
    if failed:
        say(f"Failed: {' '.join(failed)}. Logs and consoles are in {os.path.relpath(RESULTS)}/.")
    say(f"The guest cases took {time.monotonic() - started:.0f} s.")
    say(f"{len(passed)} passed, {len(failed)} failed")
    return 1 if failed else 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--vmm", default=str(APUS), help="the program to test; any that takes QEMU's options")
    parser.add_argument("--list", action="store_true", help="list the cases and end")
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--direct", action="store_true", help="use this machine's KVM, whatever it is")
    where.add_argument("--nested", action="store_true", help="use the nested host, even where KVM is")
    parser.add_argument("case", nargs="*", help="a name, the beginning of names, or a pattern with *")
    options = parser.parse_args()
    cases = matching(" ".join(options.case))
    if options.list:
        for case in cases:
            say(f"{case.name:44}{case.outcome}")
        return 0
    if not cases:
        say(f"No case is called {' '.join(options.case)}; `make guest-test CASE=help` lists them.")
        return 1
    vmm = shutil.which(options.vmm)
    if not vmm:
        say(f"The program to test, {options.vmm}, is not there; `make` builds it.")
        return 1
    # An unasked end takes the way of every end, so that no emulated host stays behind.
    for number in [signal.SIGTERM, signal.SIGHUP]:
        signal.signal(number, lambda number, _: sys.exit(f"Ended by signal {number}."))
    try:
        with one_at_a_time():
            return run(vmm, cases, options)
    except KeyboardInterrupt:
        say("Interrupted.")
        return 130


if __name__ == "__main__":
    sys.exit(main())
