"""A QMP client: one command at a time, and the events that came meanwhile."""

import json
import socket
import time
from pathlib import Path

from .console import Failed


class QMP:
    """A connection to a monitor's socket, past its greeting and qmp_capabilities."""

    def __init__(self, path: Path, seconds: float = 60):
        deadline = time.monotonic() + seconds
        self._buffer = b""
        self._events: list[dict] = []
        while True:
            self._socket = socket.socket(socket.AF_UNIX)
            try:
                self._socket.connect(str(path))
                break
            except (FileNotFoundError, ConnectionRefusedError):
                # The monitor's socket appears some time after the process.
                self._socket.close()
                if time.monotonic() > deadline:
                    raise Failed(f"No monitor listens on {path} after {seconds:g} s.") from None
                time.sleep(0.05)
        if "QMP" not in self._message(seconds):
            raise Failed("The monitor's first message is not the QMP greeting.")
        self.command("qmp_capabilities")

    def _message(self, seconds: float) -> dict:
        deadline = time.monotonic() + seconds
        while b"\n" not in self._buffer:
            self._socket.settimeout(max(0.01, deadline - time.monotonic()))
            try:
                chunk = self._socket.recv(1 << 16)
            except TimeoutError:
                raise Failed(f"The monitor said nothing for {seconds:g} s.") from None
            except ConnectionResetError:
                chunk = b""
            if not chunk:
                raise EOFError
            self._buffer += chunk
        line, _, self._buffer = self._buffer.partition(b"\n")
        return json.loads(line)

    def command(self, name: str, seconds: float = 60, **arguments) -> object:
        """Runs a command and returns what it returned; an error reply fails the case."""
        request = {"execute": name}
        if arguments:
            request["arguments"] = arguments
        self._socket.sendall(json.dumps(request).encode() + b"\r\n")
        while True:
            try:
                message = self._message(seconds)
            except EOFError:
                raise Failed(f"The monitor closed its connection instead of answering {name}.") from None
            if "event" in message:
                self._events.append(message)
            elif "error" in message:
                raise Failed(f"The monitor refused {name}: {message['error'].get('desc')}")
            else:
                return message["return"]

    def event(self, name: str, seconds: float = 60, **data) -> dict:
        """The data of the next event of that name that says `data`, whether it has come already or not."""
        deadline = time.monotonic() + seconds
        while True:
            for index, message in enumerate(self._events):
                if message["event"] == name and data.items() <= message.get("data", {}).items():
                    del self._events[index]
                    return message.get("data", {})
            try:
                message = self._message(max(0.01, deadline - time.monotonic()))
            except (EOFError, Failed):
                raise Failed(f"The event {name} {data or ''} did not come within {seconds:g} s.") from None
            if "event" in message:
                self._events.append(message)

    def close(self) -> None:
        self._socket.close()
