"""The tables of a live QEMU in one call."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from sandbox.live.errors import LiveExit
from sandbox.live.session import DEFAULT_LIMITS
from sandbox.live.start import start
from sandbox.live.tables import read_tables
from sandbox.records import record

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sandbox.live.endpoints import SocketRoot
    from sandbox.live.qmp import LiveReply
    from sandbox.live.session import Limits, LiveSession
    from sandbox.live.tables import LiveTables

    Command = tuple[str, Mapping[str, object] | None]


@record
class LiveResult:
    """What one history gave.

    Attributes:
        tables: what the guest would find after the history.
        arguments: QEMU's arguments, those that were added included; see :attr:`LiveSession.arguments`.
        replies: one for each command, error replies included.
        stderr: what QEMU had written by then.
        start_seconds: from the start of the process until it answered.
        dump_seconds: what reading the tables took, QEMU's building of them included.
    """

    tables: LiveTables
    arguments: tuple[str, ...]
    replies: tuple[LiveReply, ...]
    stderr: str
    start_seconds: float
    dump_seconds: float


def dump(
    binary: Sequence[str],
    argv: Sequence[str],
    commands: Iterable[Command] = (),
    *,
    reset: bool = False,
    socket_root: SocketRoot | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> LiveResult:
    """Start a QEMU, give it QMP commands, read its tables and end it.

    Args:
        binary: as for :func:`sandbox.live.start.start`, like ``argv``, ``socket_root`` and ``limits``.
        argv: QEMU's arguments.
        commands: names and arguments; a refused one is a reply like another, and the history goes on.
        reset: whether to reset the machine before the tables are read. A fresh QEMU needs none: it builds them from
            the objects that it has at the first read.
        socket_root: where to put the sockets if QEMU sees other paths than we do.
        limits: how long to wait for what.

    Raises:
        LiveExit: QEMU ended on the way; ``doing`` and ``replies`` tell how far it got.
        InputError, LiveTimeout, LiveError, DecodeError: as start and :func:`sandbox.live.tables.read_tables`.
    """
    with start(binary, argv, socket_root=socket_root, limits=limits) as session:
        return run_history(session, commands, reset=reset)


def run_history(session: LiveSession, commands: Iterable[Command] = (), *, reset: bool = False) -> LiveResult:
    """Do the same on a QEMU that runs already, and leave it running.

    Between two histories only ``reset=True`` makes QEMU build its tables anew; and objects that an earlier history
    deleted have an influence on the order in which later ones come.

    Raises:
        LiveExit, LiveTimeout, LiveError, DecodeError: as :func:`dump`.
    """
    replies: list[LiveReply] = []
    try:
        for name, arguments in commands:
            replies.append(session.reply(name, arguments))
        if reset:
            session.reset()
        began = time.monotonic()
        tables = read_tables(session)
        taken = time.monotonic() - began
    except LiveExit as end:
        raise LiveExit(end.status, end.stderr, end.doing, replies) from end
    return LiveResult(tables, session.arguments, tuple(replies), session.stderr, session.start_seconds, taken)
