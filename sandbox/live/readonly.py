"""The connection to a VM of others: a QMP session in which nothing that changes the VM can be sent."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

from sandbox.errors import InputError
from sandbox.live.errors import LiveError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.live.qmp import QmpConnection


def connect(where: str, seconds: float) -> socket.socket:
    """Connect to ``unix:PATH`` or ``tcp:HOST:PORT``.

    Raises:
        InputError: it is neither.
        LiveError: nobody listens there.
    """
    kind, _, rest = where.partition(":")
    host, _, port = rest.rpartition(":")
    try:
        if kind == "tcp" and host and port.isdecimal() and int(port) < 1 << 16:
            return socket.create_connection((host.removeprefix("[").removesuffix("]"), int(port)), seconds)
        if kind != "unix" or not rest:
            raise InputError(f"'{where}' names no monitor: write unix:PATH or tcp:HOST:PORT")
        connected = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            connected.settimeout(seconds)
            connected.connect(rest)
        except BaseException:
            connected.close()
            raise
    except OSError as error:
        reason = error.strerror or str(error)
        raise LiveError(
            f"cannot connect to {where}: {reason}. Is the VM running, with -qmp {where},server=on,wait=off?"
        ) from error
    return connected


class ReadOnlyMonitor:
    """A QMP session in which only what changes nothing can be sent; closed by :meth:`close`."""

    def __init__(self, qmp: QmpConnection) -> None:
        self._qmp = qmp

    def execute(self, command: str, arguments: Mapping[str, object] | None = None) -> object:
        """Execute a ``query-...`` command or ``pmemsave`` and return its value.

        Raises:
            ValueError: it is another command; nothing is sent.
            QemuError: QEMU refuses.
            LiveError: QEMU hung up or stays silent.
        """
        if command != "pmemsave" and not command.startswith("query-"):
            raise ValueError(f"{command} may change the VM")
        return self._qmp.execute(command, arguments)

    def close(self) -> None:
        """Hang up; may be called again."""
        self._qmp.close()
