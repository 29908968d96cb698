"""A live QEMU without a machine, spoken to in raw bytes."""

from __future__ import annotations

import json
import socket
import subprocess
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from io import BufferedReader
    from pathlib import Path

SECONDS_TO_START = 20.0


class RawQmp:
    """A QMP connection that sends what it is told to, well-formed or not."""

    def __init__(self, command: tuple[str, ...], folder: Path) -> None:
        path = folder / "qmp"
        options = ("-machine", "none", "-nodefaults", "-display", "none", "-qmp", f"unix:{path},server=on,wait=off")
        self._process = subprocess.Popen([*command, *options], stdin=subprocess.DEVNULL)
        self._lines: BufferedReader | None = None
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(SECONDS_TO_START)
        deadline = time.monotonic() + SECONDS_TO_START
        while True:
            try:
                self._socket.connect(str(path))
                break
            except OSError:
                if time.monotonic() > deadline or self._process.poll() is not None:
                    self.close()
                    raise
                time.sleep(0.01)
        self._lines = self._socket.makefile("rb")
        self._lines.readline()
        self.execute("qmp_capabilities", {})
        self._asked = 0

    def close(self) -> None:
        if self._lines is not None:
            self._lines.close()
        self._socket.close()
        self._process.kill()
        self._process.wait()

    def replies(self, data: bytes) -> list[str]:
        """Return the replies to ``data``, which must leave QEMU's parser between two texts."""
        self._asked += 1
        mark = f'"id": "end of {self._asked}"'
        self._socket.sendall(data + b'{"execute": "query-name", ' + mark.encode() + b"}\n")
        found: list[str] = []
        while mark not in (line := self._line()):
            found.append(line)
        return found

    def execute(self, command: str, arguments: object) -> dict[str, Any]:
        """Return the reply to a command."""
        self._socket.sendall(json.dumps({"execute": command, "arguments": arguments}).encode() + b"\n")
        reply: dict[str, Any] = json.loads(self._line())
        return reply

    def _line(self) -> str:
        assert self._lines is not None
        while '"event": ' in (line := self._lines.readline().decode()):
            continue
        assert line, "QEMU has closed the connection"
        return line.rstrip("\r\n")
