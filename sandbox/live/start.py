"""Starting a QEMU whose tables are to be read.

Example::

    with start(["qemu-system-x86_64"], ["-M", "q35", "-m", "1G"]) as session:
        session.execute("query-status")
        tables = read_tables(session)
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

from sandbox.errors import InputError
from sandbox.live.endpoints import Endpoints, SocketRoot
from sandbox.live.prepared import PRIVATE
from sandbox.live.process import Child, as_command
from sandbox.live.session import DEFAULT_LIMITS, QMP, QTEST, Limits, LiveSession
from sandbox.machine.arguments import WITH_VALUE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def start(
    binary: Sequence[str],
    argv: Sequence[str],
    *,
    socket_root: SocketRoot | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> LiveSession:
    """Start a QEMU that waits before its first instruction, and connect to it.

    Args:
        binary: the program and what goes before QEMU's arguments: ``["qemu-system-x86_64"]``, or
            ``["chroot", directory, "qemu-system-x86_64"]``.
        argv: QEMU's arguments; what is added to them changes no table (but see :attr:`LiveSession.arguments`).
        socket_root: where to put the sockets if QEMU sees other paths than we do; found out where ``chroot`` starts it.
        limits: how long to wait for what.

    Raises:
        InputError: there is no such program, or the arguments send QEMU to the background.
        LiveExit: QEMU ended while starting; its stderr says why.
        LiveTimeout: QEMU runs and does not connect.
        LiveError: the library ``qemu.qmp`` is missing.
    """
    session = launch(binary, argv, socket_root=socket_root, limits=limits)
    try:
        session.connect()
    except BaseException:
        session.kill()
        raise
    return session


def launch(
    binary: Sequence[str],
    argv: Sequence[str],
    *,
    files: Mapping[str, bytes | Path] | None = None,
    socket_root: SocketRoot | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> LiveSession:
    """Start a QEMU as :func:`start` does, without waiting for it: the caller connects, and closes or kills it.

    Args:
        binary: as for :func:`start`.
        argv: QEMU's arguments; :data:`~sandbox.live.prepared.PRIVATE` in them stands for the run's private directory.
            Where they connect a monitor to the socket ``qmp`` there, none is added.
        files: what to lay into that directory: bytes, or a file to copy.
        socket_root: as for :func:`start`.
        limits: as for :func:`start`.

    Raises:
        InputError: as :func:`start`.
    """
    command = as_command(binary)
    if any(word in {"-daemonize", "--daemonize"} for word in argv):
        raise InputError("-daemonize would take QEMU out of reach: leave it out")
    began = time.monotonic()
    endpoints = Endpoints((QMP, QTEST), socket_root or chroot_socket_root(command))
    try:
        for name, content in (files or {}).items():
            endpoints.lay_file(name, content)
        given = tuple(_placed(word, endpoints.inside) for word in argv)
        has_monitor = any(f"{PRIVATE}/{QMP}" in word for word in argv)
        added = _added(given, endpoints, has_monitor=has_monitor)
        arguments = (*added, *given) if lacks_value(given) else (*given, *added)
        child = Child((*command, *arguments))
    except BaseException:
        endpoints.close()
        raise
    return LiveSession(child, endpoints, arguments, limits, began)


def lacks_value(argv: Sequence[str]) -> bool:
    """Whether a command line ends with an option that wants a value, so that nothing may follow it."""
    return bool(argv) and argv[-1].startswith("-") and argv[-1].lstrip("-") in WITH_VALUE


def chroot_socket_root(command: Sequence[str]) -> SocketRoot | None:
    """Return the directory for sockets where a command runs QEMU in a chroot; None where it does not."""
    if len(command) < 3 or Path(command[0]).name != "chroot":
        return None
    directory = next((word for word in command[1:] if not word.startswith("-")), "")
    return SocketRoot(Path(directory) / "tmp", "/tmp")  # noqa: S108 - a private directory is made in it


def _placed(word: str, directory: str) -> str:
    """Return a word with the private directory in it; commas are doubled where QEMU takes the word apart."""
    is_whole = word.startswith((PRIVATE, "{"))
    return word.replace(PRIVATE, directory if is_whole else directory.replace(",", ",,"))


def _added(argv: Sequence[str], endpoints: Endpoints, *, has_monitor: bool) -> tuple[str, ...]:
    """Return the arguments behind the user's: a display and an accelerator move no table, nor do the sockets."""
    added = ["-S", "-display", "none", *([] if has_monitor else ["-qmp", endpoints.option(QMP)])]
    added += ["-qtest", endpoints.option(QTEST), "-qtest-log", "none"]
    if not any(word.lstrip("-") in {"accel", "enable-kvm"} or "accel=" in word for word in argv):
        added += ["-accel", "tcg"]
    return tuple(added)
