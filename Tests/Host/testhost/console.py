"""A guest's serial console: everything it printed, and waiting for what it should print next."""

import os
import re
import threading
import time
from pathlib import Path
from typing import BinaryIO


class Failed(Exception):
    """A case's expectation did not come true; the message is one sentence."""


class Console:
    """Reads a pipe to its end in a thread of its own, keeps all of it, and copies it to a log file.

    `expect` moves a cursor: a text counts once, and what came before the last match is not looked at again.
    """

    def __init__(self, pipe: BinaryIO, log: Path):
        self._pipe = pipe
        self._log = open(log, "wb", buffering=0)
        self._changed = threading.Condition()
        self._data = bytearray()
        self._cursor = 0
        self.ended = False
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        while chunk := os.read(self._pipe.fileno(), 1 << 16):
            self._log.write(chunk)
            with self._changed:
                self._data += chunk
                self._changed.notify_all()
            # A guest prints byte by byte. Taking each as it comes would cost the nested host's processors, which the
            # guest needs, a hundred times what the byte itself does.
            time.sleep(0.01)
        with self._changed:
            self.ended = True
            self._changed.notify_all()

    def expect(self, pattern: str, seconds: float, what: str | None = None) -> tuple[bytes, re.Match]:
        """Waits for a regular expression; returns what stood before it since the last match, and the match."""
        compiled = re.compile(pattern.encode())
        deadline = time.monotonic() + seconds
        # A text being waited for may arrive in pieces: search again from a little before the last look's end.
        looked = self._cursor
        with self._changed:
            while True:
                found = compiled.search(self._data, max(self._cursor, looked - 4096))
                if found:
                    before = bytes(self._data[self._cursor:found.start()])
                    self._cursor = found.end()
                    return before, found
                looked = len(self._data)
                remaining = deadline - time.monotonic()
                if self.ended:
                    raise Failed(f"The guest's console ended before it said {what or repr(pattern)}.")
                if remaining <= 0:
                    raise Failed(f"The guest did not say {what or repr(pattern)} within {seconds:g} s.")
                self._changed.wait(remaining)

    def text(self) -> str:
        """All that was printed so far."""
        with self._changed:
            return self._data.decode(errors="replace")

    def close(self) -> None:
        self._thread.join(5)
        self._log.close()
