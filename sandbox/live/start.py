"""Starting a QEMU whose tables are to be read.

Example::

    with start(["qemu-system-x86_64"], ["-M", "q35", "-m", "1G"]) as session:
        session.execute("query-status")
        tables = read_tables(session)
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from sandbox.errors import InputError
from sandbox.live.endpoints import Endpoints, SocketRoot
from sandbox.live.process import Child, as_command
from sandbox.live.session import DEFAULT_LIMITS, QMP, QTEST, Limits, LiveSession

if TYPE_CHECKING:
    from collections.abc import Sequence


def start(
    binary: Sequence[str],
    argv: Sequence[str],
    *,
    socket_root: SocketRoot | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> LiveSession:
    """Start a QEMU that waits before its first instruction.

    Args:
        binary: the program and what goes before QEMU's arguments: ``["qemu-system-x86_64"]``, or
            ``["chroot", directory, "qemu-system-x86_64"]``.
        argv: QEMU's arguments; what is added to them changes no table (but see :attr:`LiveSession.arguments`).
        socket_root: where to put the sockets if QEMU sees other paths than we do.
        limits: how long to wait for what.

    Raises:
        InputError: there is no such program, or the arguments send QEMU to the background.
        LiveExit: QEMU ended while starting; its stderr says why.
        LiveTimeout: QEMU runs and does not connect.
        LiveError: the library ``qemu.qmp`` is missing.
    """
    command = as_command(binary)
    if any(word in {"-daemonize", "--daemonize"} for word in argv):
        raise InputError("-daemonize would take QEMU out of reach: leave it out")
    began = time.monotonic()
    endpoints = Endpoints((QMP, QTEST), socket_root)
    try:
        arguments = (*argv, *_added(argv, endpoints))
        child = Child((*command, *arguments))
    except BaseException:
        endpoints.close()
        raise
    session = LiveSession(child, endpoints, arguments, limits)
    try:
        session.connect()
    except BaseException:
        session.kill()
        raise
    session.start_seconds = time.monotonic() - began
    return session


def _added(argv: Sequence[str], endpoints: Endpoints) -> tuple[str, ...]:
    """Return the arguments behind the user's: a display and an accelerator move no table, nor do the sockets."""
    added = ["-S", "-display", "none", "-qmp", endpoints.option(QMP), "-qtest", endpoints.option(QTEST)]
    added += ["-qtest-log", "none"]
    if not any(word.lstrip("-") in {"accel", "enable-kvm"} or "accel=" in word for word in argv):
        added += ["-accel", "tcg"]
    return tuple(added)
