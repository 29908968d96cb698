"""The commands that let clients in: serve, and shell, which is a server with one client at the terminal."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from sandbox.commands import DONE, Result
from sandbox.commands.asked import add_dialect
from sandbox.errors import InputError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from sandbox.commands.journal import ScenarioFile
    from sandbox.machine.machine import Machine
    from sandbox.report.style import Style
    from sandbox.scenario.tables import Tables

SIGNALLED = 128
"""What a shell adds to a signal's number to make an exit status of it."""


def add_arguments(name: str, command: argparse.ArgumentParser) -> None:
    """Give the parsers of serve and shell their arguments."""
    add_dialect(command)
    if name == "serve":
        command.add_argument(
            "--qmp",
            action="append",
            required=True,
            metavar="ADDRESS",
            help="where to listen: unix:PATH, tcp:HOST:PORT or tcp:PORT on loopback; give several for several monitors",
        )
        command.add_argument("--keep", action="store_true", help="start the machine anew when QEMU would have ended")
        command.add_argument("--trace", action="store_true", help="write what goes over the wire to stderr")
    command.add_argument("--firmware", choices=("none", "enumerated"), help="PCI bus numbers (default: enumerated)")
    command.add_argument("--record", metavar="FILE", help="write what clients did as a YAML scenario")


def serve(arguments: argparse.Namespace, _style: Style) -> Result:
    """Serve QMP until the machine ends or a signal comes; the status is QEMU's."""
    import asyncio
    import gc

    gc.enable()  # the command line does without, which is right for a short command only
    return Result(status=asyncio.run(_serve(arguments)))


async def _serve(arguments: argparse.Namespace) -> int:
    import asyncio
    import contextlib
    import signal

    from sandbox.qmp.server import SandboxServer

    journal = _journal(arguments)
    server = SandboxServer(
        _words(arguments),
        arguments.qmp,
        dialect=arguments.dialect,
        firmware=arguments.firmware or "enumerated",
        keep=arguments.keep,
        say=arguments.say,
        trace=_tracer(arguments.say) if arguments.trace else None,
        journal=journal,
    )
    async with contextlib.AsyncExitStack() as stack:
        if journal is not None:
            stack.callback(journal.close)
        await stack.enter_async_context(server)
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            loop.add_signal_handler(number, server.end_by_signal, number)
        dialect = server.machine.config.dialect.name
        arguments.say(f"QMP on {', '.join(server.addresses)} (dialect {dialect})")
        ended = await server.wait()
    return ended.status if ended.status >= 0 else SIGNALLED - ended.status


def shell(arguments: argparse.Namespace, style: Style) -> Result:
    """Open qemu.qmp's shell on a sandbox; a machine that ends by itself is started anew."""
    try:
        from qemu.qmp import QMPError
        from qemu.qmp.qmp_shell import QMPShell
    except ImportError:
        remedy = "pip install qemu.qmp, or '.[live]' in a checkout of qom-sandbox"
        raise InputError(f"the shell is that of the library qemu.qmp: {remedy}") from None
    import gc
    import tempfile

    from sandbox.qmp.thread import ServerThread

    gc.enable()

    def say_end(text: str) -> None:
        arguments.say(f"QEMU would have ended: {text}\nthe machine is started anew")

    with tempfile.TemporaryDirectory(prefix="qom-") as folder:
        path = os.path.join(folder, "qmp")
        server = ServerThread(
            _words(arguments),
            [f"unix:{path}"],
            dialect=arguments.dialect,
            firmware=arguments.firmware or "enumerated",
            keep=True,
            say=say_end,
            journal=_journal(arguments),
            on_tables=_shower(arguments.say, style),
        )
        with server:
            lives = 0
            while lives < (now := server.call(lambda served: served.lives)):  # once for each life of the machine
                lives = now
                try:
                    with QMPShell(path) as client:
                        client.connect()
                        for _ in client.repl():
                            pass
                except (QMPError, EOFError, OSError):  # the ways of the library to say that the other side hung up
                    if server.call(lambda served: not served.has_ended and served.lives == now):
                        raise
    return Result(status=DONE)


def _words(arguments: argparse.Namespace) -> list[str]:
    if arguments.qemu_words is None:
        raise InputError("give QEMU's arguments after '--'")
    words: list[str] = arguments.qemu_words
    return words


def _tracer(say: Callable[[str], None]) -> Callable[[str, str, bytes], None]:
    def trace(label: str, direction: str, data: bytes) -> None:
        for line in data.decode("utf-8", "backslashreplace").splitlines():
            say(f"{label} {direction} {line}")

    return trace


def _journal(arguments: argparse.Namespace) -> ScenarioFile | None:
    from sandbox.commands.journal import ScenarioFile

    return ScenarioFile(arguments.record, arguments.say) if arguments.record else None


def _shower(say: Callable[[str], None], style: Style) -> Callable[[Machine, Tables], None]:
    """Return what shows tables that firmware has read, if they are not those of the last time."""
    last: list[Tables] = []

    def show(machine: Machine, tables: Tables) -> None:
        from sandbox.report.tables_text import render_tables
        from sandbox.scenario.origins import origins_of

        if last != [tables]:
            last[:] = [tables]
            say("firmware has read these tables:\n" + render_tables(tables, style, origins_of(machine.tree)))

    return show
