"""What a live QEMU makes of a case."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.campaign.sides import Did, ended
from sandbox.live.errors import LiveExit
from sandbox.scenario.tables import TABLE_NAMES

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sandbox.campaign.case import Command
    from sandbox.live.session import LiveSession


def live_history(session: LiveSession, commands: Sequence[Command]) -> Iterator[Did]:
    """Run a history as :func:`sandbox.campaign.sides.run` does for the sandbox, and give each step once it is done.

    Args:
        session: a QEMU that was launched and is not connected yet.
        commands: what is sent to it.

    Raises:
        LiveTimeout, LiveError, DecodeError: QEMU does not answer, or not as it should.
    """
    reply = None
    try:
        session.connect()
        yield Did(tables=_read(session))
        for part in _rounds(commands):
            *before, last = session.replies(part)
            yield from (Did(found.raw) for found in before)
            reply = last.raw
            yield Did(reply, _read(session) if last.command == "system_reset" else None)
            reply = None
    except LiveExit as end:
        yield from (Did(found.raw) for found in end.replies)
        yield Did(reply, ended=ended(end.status, end.stderr))


def _rounds(commands: Sequence[Command]) -> Iterator[Sequence[Command]]:
    """Give the commands in pieces that end with a reset, behind which firmware reads the tables."""
    start = 0
    for place, (name, _) in enumerate(commands, 1):
        if name == "system_reset" or place == len(commands):
            yield commands[start:place]
            start = place


def _read(session: LiveSession) -> tuple[bytes | None, ...]:
    from sandbox.live import read_tables

    tables = read_tables(session)
    return tuple(getattr(tables, name) for name in TABLE_NAMES)
