"""Runs cases where there is a KVM: in the nested host (as its one command) or straight on this machine.

    inside.py --vmm PATH --results FOLDER --scratch FOLDER --jobs N CASE...

Each case is a process of its own, in its own session, with its own folder of results; what it leaves running is
killed. One line is printed per case as it ends, and each folder gets a `result.json`.
"""

import argparse
import json
import os
import shutil
import signal
import sys
import time
import traceback
from dataclasses import dataclass
from pathlib import Path

from testhost.case import Case, matching
from testhost.console import Failed
from testhost.guest import Host


@dataclass
class Running:
    case: Case
    pid: int
    started: float


def perform(case: Case, options: argparse.Namespace, results: Path) -> str | None:
    """Runs one case in this process; returns the sentence it failed with."""
    scratch = Path(options.scratch) / case.name
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(parents=True)
    host = Host(options.vmm, scratch, results)
    try:
        case.function(host, **case.arguments)
        return None
    except Failed as failed:
        for guest in host.guests:
            guest.tell_threads()
        return str(failed)
    except Exception as error:
        traceback.print_exc()
        return f"The case itself broke: {type(error).__name__}: {error}"
    finally:
        host.close()
        shutil.rmtree(scratch, ignore_errors=True)
        shutil.rmtree(host.sockets, ignore_errors=True)


def start(case: Case, options: argparse.Namespace) -> Running:
    """Starts a case as a session leader, so that all it starts can be found and ended."""
    results = Path(options.results) / case.name
    shutil.rmtree(results, ignore_errors=True)
    results.mkdir(parents=True)
    sys.stdout.flush()
    pid = os.fork()
    if pid == 0:
        os.setsid()
        log = os.open(results / "log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        null = os.open("/dev/null", os.O_RDONLY)
        for source, target in [(null, 0), (log, 1), (log, 2)]:
            os.dup2(source, target)
        reason = perform(case, options, results)
        if reason is not None:
            print("FAILED:", reason, flush=True)
            (results / "reason").write_text(reason)
        os._exit(0 if reason is None else 1)
    return Running(case, pid, time.monotonic())


def session(leader: int) -> list[int]:
    """The processes that still run in a case's session."""
    found = []
    for entry in os.listdir("/proc"):
        if entry.isdigit() and int(entry) != leader:
            try:
                fields = Path(f"/proc/{entry}/stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if int(fields[3]) == leader and fields[0] != "Z":
                found.append(int(entry))
    return found


def finish(running: Running, options: argparse.Namespace, status: int | None) -> bool:
    """Sweeps up after a case, tells what came of it; true when it passed."""
    results = Path(options.results) / running.case.name
    seconds = time.monotonic() - running.started
    left = session(running.pid)
    if status is None:
        left.append(running.pid)
    for pid in left:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
    reason = None
    if status is None:
        os.waitpid(running.pid, 0)
        reason = f"It was not done after {running.case.timeout:g} s and was killed."
    elif status != 0:
        said = results / "reason"
        reason = said.read_text()[:600] if said.exists() else f"Its process ended with wait status {status}."
    elif left:
        reason = f"It left {len(left)} process(es) running."
    print(f"{'ok  ' if reason is None else 'FAIL'}  {running.case.name}  ({seconds:.0f} s)", flush=True)
    if reason is not None:
        print(f"      wanted: {running.case.outcome}.\n      {reason}", flush=True)
        for console in sorted(results.glob("*.console")):
            tail = console.read_text(errors="replace").replace("\r", "").splitlines()[-12:]
            print(f"      the end of {console.name}:", *[f"        | {line[:160]}" for line in tail], sep="\n", flush=True)
    (results / "result.json").write_text(json.dumps({"reason": reason, "seconds": round(seconds, 1)}))
    return reason is None


def main() -> int:
    parser = argparse.ArgumentParser()
    for name in ["--vmm", "--results", "--scratch"]:
        parser.add_argument(name, required=True)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("cases", nargs="+")
    options = parser.parse_args()
    wanted = [case for case in matching("") if case.name in options.cases]
    # Those that want the host for themselves come last, one by one.
    waiting = [case for case in wanted if not case.alone] + [case for case in wanted if case.alone]
    running: list[Running] = []
    passed = True
    while waiting or running:
        while waiting and len(running) < options.jobs:
            if running and (waiting[0].alone or any(one.case.alone for one in running)):
                break
            running.append(start(waiting.pop(0), options))
        time.sleep(0.1)
        for one in list(running):
            pid, status = os.waitpid(one.pid, os.WNOHANG)
            if pid == 0 and time.monotonic() - one.started <= one.case.timeout:
                continue
            running.remove(one)
            passed &= finish(one, options, status if pid else None)
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
