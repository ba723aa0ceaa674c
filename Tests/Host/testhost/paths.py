"""Where things are. The checkout has the same path inside the nested host as outside it."""

import os
import shutil
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[3]
CASES = CHECKOUT / "Tests/Host/cases"

# Downloads and what is built from them: expensive to lose, safe to delete.
CACHE = CHECKOUT / ".cache"

# The last run's results, logs and consoles, one folder per case.
RESULTS = CHECKOUT / ".build/guest-tests"

APUS = CHECKOUT / ".build/release/apus"


def tool(name: str) -> str:
    """The path of a program, looked for in the administrator's folders too.

    An ordinary user's PATH on Debian has no /sbin, where modprobe, depmod and mke2fs live.
    """
    found = shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin:/usr/bin:/bin")
    if not found:
        raise FileNotFoundError(f"The program {name} is missing; run `make setup`.")
    return found
