"""Which process is behind a monitor's socket, and what it was started with.

The kernel tells who made a Unix socket listen. That process may be gone (``-daemonize``) or be no QEMU (a manager that
hands the socket over); then whoever has the listening socket open is looked for.

Source: Linux: unix(7), proc(5).
"""

from __future__ import annotations

import os
import re
import socket
import struct
from pathlib import Path
from typing import Final

from sandbox.records import record

PROC: Final = Path("/proc")
CREDENTIALS: Final = struct.Struct("3i")
"""Process id, user id, group id."""
LISTENING_FLAG: Final = 0x10000
TCP_LISTENING: Final = "0A"
SOCKET_LINK: Final = re.compile(r"socket:\[(\d+)\]")


@record
class Peer:
    """A running QEMU.

    Attributes:
        pid: its process id, as it is here.
        words: the words that it was started with, the program first.
    """

    pid: int
    words: tuple[str, ...]

    @property
    def user(self) -> int | None:
        """The user id under which it acts, or None if that cannot be seen."""
        try:
            status = (PROC / str(self.pid) / "status").read_text(encoding="utf-8", errors="replace")
        except OSError:
            return None
        found = re.search(r"^Uid:\s+\d+\s+(\d+)", status, re.MULTILINE)
        return int(found[1]) if found else None

    @property
    def root(self) -> Path | None:
        """The directory that it sees as ``/``, as a path here; None where it sees what we see."""
        root = PROC / str(self.pid) / "root"
        try:
            return None if root.samefile("/") and _mounts(self.pid) == _mounts(os.getpid()) else root
        except OSError:
            return None


def find_peer(connected: socket.socket) -> Peer | None:
    """Return the QEMU at the other end of a connected Unix or TCP socket; None if it cannot be told.

    Never raises: what may not be looked at counts as not there.
    """
    if connected.family == socket.AF_UNIX:
        listeners = _unix_listeners(str(connected.getpeername()))
        raw = connected.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, CREDENTIALS.size)
        named = CREDENTIALS.unpack(raw)[0]
        # a socket that is not listed belongs to another network namespace; an id may be another program's by now
        if not listeners or _owns(named, listeners) is not False:
            peer = _qemu(named)
            if peer is not None:
                return peer
    elif connected.getpeername()[0] == connected.getsockname()[0]:
        listeners = _tcp_listeners(connected.getpeername()[1])
    else:
        return None
    everybody = (int(folder.name) for folder in PROC.iterdir() if folder.name.isdigit())
    peers = [peer for pid in everybody if _owns(pid, listeners) and (peer := _qemu(pid))]
    return peers[0] if len(peers) == 1 else None


def _qemu(pid: int) -> Peer | None:
    """Return the process of that id if it is a QEMU whose words can be read."""
    folder = PROC / str(pid)
    try:
        text = (folder / "cmdline").read_bytes()
    except OSError:
        return None
    words = tuple(os.fsdecode(word) for word in text.split(b"\0")[:-1])
    try:
        program = str((folder / "exe").readlink())
    except OSError:
        program = words[0] if words else ""
    return Peer(pid, words) if words and "qemu" in Path(program).name else None


def _unix_listeners(path: str) -> set[str]:
    """Return the inodes of the sockets that listen under a path, as they were bound."""
    inodes = set()
    for fields in _rows("net/unix", 7):
        if len(fields) == 8 and int(fields[3], 16) & LISTENING_FLAG and fields[7] == path:
            inodes.add(fields[6])
    return inodes


def _tcp_listeners(port: int) -> set[str]:
    """Return the inodes of the sockets that listen on a TCP port of this machine."""
    rows = [fields for table in ("net/tcp", "net/tcp6") for fields in _rows(table, -1)]
    return {
        fields[9] for fields in rows if fields[3] == TCP_LISTENING and int(fields[1].rpartition(":")[2], 16) == port
    }


def _rows(table: str, most_splits: int) -> list[list[str]]:
    try:
        text = (PROC / table).read_text(encoding="utf-8", errors="surrogateescape")
    except OSError:
        return []
    return [line.split(None, most_splits) for line in text.splitlines()[1:]]


def _owns(pid: int, inodes: set[str]) -> bool | None:
    """Whether a process has one of these sockets open; None where we may not see that."""
    try:
        links = [str(entry.readlink()) for entry in (PROC / str(pid) / "fd").iterdir()] if inodes else []
    except OSError:
        return None
    return any((found := SOCKET_LINK.fullmatch(link)) and found[1] in inodes for link in links)


def _mounts(pid: int) -> str:
    return str((PROC / str(pid) / "ns/mnt").readlink())
