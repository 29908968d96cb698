"""Where a QMP server listens: ``unix:PATH``, ``tcp:HOST:PORT`` or ``tcp:PORT``."""

from __future__ import annotations

from typing import Final

from sandbox.errors import InputError
from sandbox.records import record

LOOPBACK: Final = "127.0.0.1"
LONGEST_PATH: Final = 107
"""Bytes in the path of a Unix socket, on Linux."""

LARGEST_PORT: Final = 65535


@record
class UnixAddress:
    """A Unix socket; at 'path' a file appears, which only its owner may use."""

    path: str

    def __str__(self) -> str:
        return f"unix:{self.path}"


@record
class TcpAddress:
    """A TCP port; 0: one that is free."""

    host: str
    port: int

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"tcp:{host}:{self.port}"


def parse_address(text: str) -> UnixAddress | TcpAddress:
    """Return the address that ``text`` writes; without a host, and with an empty one, it is loopback.

    Raises:
        InputError: it writes none.
    """
    kind, _, rest = text.partition(":")
    if kind == "unix" and rest:
        if len(rest.encode()) > LONGEST_PATH or "\0" in rest:
            raise InputError(f"'{text}': the path of a Unix socket has at most {LONGEST_PATH} bytes")
        return UnixAddress(rest)
    if kind == "tcp" and rest:
        host, _, port = rest.rpartition(":")
        host = host.removeprefix("[").removesuffix("]") if host.startswith("[") else host
        if not (port.isascii() and port.isdigit() and int(port) <= LARGEST_PORT):
            raise InputError(f"'{text}': the port must be a number up to {LARGEST_PORT}")
        return TcpAddress(host or LOOPBACK, int(port))
    raise InputError(f"'{text}' is no address: write unix:PATH, tcp:HOST:PORT or tcp:PORT")
