"""A small QMP client for tests and scripts, without an event loop and without a dependency.

Example::

    with QmpClient("unix:/tmp/qmp") as qmp:
        qmp.execute("object-add", {"qom-type": "acpi-generic-initiator", "id": "gi0", "pci-dev": "dev0", "node": 1})
        qmp.execute("system_reset")
        qmp.events          # [{'event': 'RESET', ...}]
"""

from __future__ import annotations

import json
import socket
from typing import TYPE_CHECKING, Any, Final, Self

from sandbox.errors import QemuError, SandboxError
from sandbox.qmp.addresses import UnixAddress, parse_address

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

SECONDS: Final = 10.0
READ_SIZE: Final = 1 << 16


class PeerGone(SandboxError):
    """The server closed the connection instead of answering, as QEMU does when a command ends it."""


class QmpClient:
    """One session; a context manager that ends it.

    Attributes:
        greeting: what the server said first.
        events: the events that have come so far, oldest first; the caller may empty the list.
    """

    def __init__(self, address: str, *, seconds: float = SECONDS, negotiate: bool = True) -> None:
        """Connect, take the greeting and negotiate.

        Args:
            address: ``unix:PATH``, ``tcp:HOST:PORT`` or ``tcp:PORT``.
            seconds: how long to wait for the greeting and for each reply.
            negotiate: whether to leave the negotiation mode.

        Raises:
            InputError: the address is none.
            OSError: nobody listens there; TimeoutError: nobody answers, because another client is connected.
            PeerGone: the server hung up.
        """
        found = parse_address(address)
        self.events: list[dict[str, Any]] = []
        self._data = b""
        if isinstance(found, UnixAddress):
            self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            target: Any = found.path
        else:
            self._socket = socket.socket(socket.AF_INET6 if ":" in found.host else socket.AF_INET, socket.SOCK_STREAM)
            target = (found.host, found.port)
        try:
            self._socket.settimeout(seconds)
            self._socket.connect(target)
            self.greeting: dict[str, Any] = self._read()
            if negotiate:
                self.execute("qmp_capabilities")
        except BaseException:
            self._socket.close()
            raise

    def execute(self, command: str, arguments: Mapping[str, object] | None = None) -> Any:
        """Execute a command and return the value of its reply; events that come before it are kept.

        Raises:
            QemuError: the reply is an error.
            PeerGone: the server hung up instead.
            TimeoutError: no reply came.
        """
        reply = self.message({"execute": command} | ({"arguments": dict(arguments)} if arguments is not None else {}))
        if "error" in reply:
            raise QemuError(reply["error"]["desc"], reply["error"]["class"])
        return reply["return"]

    def message(self, message: object) -> dict[str, Any]:
        """Send any message and return the reply as it came.

        Raises:
            PeerGone, TimeoutError: as :meth:`execute`.
            ValueError: it holds a number that JSON does not have.
        """
        try:
            self._socket.sendall(json.dumps(message, allow_nan=False).encode())
        except (BrokenPipeError, ConnectionResetError):
            raise PeerGone("the server has closed the connection") from None
        while "event" in (found := self._read()):
            self.events.append(found)
        return found

    def wait_event(self, name: str) -> dict[str, Any]:
        """Return the oldest event of that name, and take it out of :attr:`events`; wait for it if need be.

        Raises:
            PeerGone: the server hung up.
            TimeoutError: none came.
        """
        while True:
            for index, found in enumerate(self.events):
                if found["event"] == name:
                    return self.events.pop(index)
            self.events.append(self._read())

    def close(self) -> None:
        """Hang up; may be called again."""
        self._socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _read(self) -> dict[str, Any]:
        pieces = [self._data]
        while b"\n" not in pieces[-1]:
            try:
                data = self._socket.recv(READ_SIZE)
            except ConnectionResetError:
                data = b""
            if not data:
                raise PeerGone("the server closed the connection")
            pieces.append(data)
        line, _, self._data = b"".join(pieces).partition(b"\n")
        read: dict[str, Any] = json.loads(line)
        return read
