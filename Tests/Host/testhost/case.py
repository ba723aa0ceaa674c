"""A case: a function that boots guests and says what must come of it, with one row of values for its arguments.

    @case("A guest that powers off ends the process with status 0", machine=MACHINES)
    def poweroff(host, machine): ...

makes the cases `poweroff-q35` and `poweroff-microvm`.
"""

import importlib.util
import itertools
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import fnmatch

from .console import Failed
from .paths import CASES

MACHINES = ("q35", "microvm")


@dataclass(frozen=True)
class Case:
    name: str
    outcome: str
    function: Callable
    arguments: dict
    timeout: float
    alone: bool  # no other case may run beside it


ALL: list[Case] = []


def case(outcome: str, *, timeout: float = 240, alone: bool = False, rows: list[dict] | None = None, **axes):
    """Registers a function as a case for each of `rows`, or for each combination of the values in `axes`.

    Underscores in the function's name become hyphens, and the row's values are appended.
    """

    def register(function: Callable) -> Callable:
        combinations = rows or [dict(zip(axes, values)) for values in itertools.product(*axes.values())]
        for arguments in combinations:
            words = [function.__name__.replace("_", "-"), *(str(value) for value in arguments.values())]
            ALL.append(Case("-".join(words), outcome, function, arguments, timeout, alone))
        return function

    return register


def load() -> list[Case]:
    """Every case of every file in `cases/`, in the files' order."""
    if not ALL:
        for path in sorted(CASES.glob("*.py")):
            spec = importlib.util.spec_from_file_location(f"cases.{path.stem}", path)
            module = importlib.util.module_from_spec(spec)
            sys.modules[spec.name] = module
            spec.loader.exec_module(module)
        names = [case.name for case in ALL]
        assert len(names) == len(set(names)), "two cases have one name"
    return ALL


def matching(pattern: str) -> list[Case]:
    """The cases that a CASE= pattern means: names with `*`, or the beginning of names up to a hyphen; all for ""."""
    if not pattern:
        return load()
    return [
        case for case in load()
        if any(case.name == word or fnmatch(case.name, word) or case.name.startswith(word + "-") for word in pattern.split())
    ]


def require(condition: object, sentence: str) -> None:
    """Fails the case with `sentence` unless `condition` is true."""
    if not condition:
        raise Failed(sentence)
