"""A scenario on a live QEMU."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qom_types.meant import dialect_of_version
from sandbox.compare.run import Run
from sandbox.compare.transcripts import replay_bare, without_expectations
from sandbox.errors import InputError, SandboxError
from sandbox.live.identity import Identity, identify
from sandbox.live.machine import RUN_STATE_COMMANDS, LiveMachine, machine_exit
from sandbox.live.prepared import PRIVATE
from sandbox.live.session import DEFAULT_LIMITS
from sandbox.live.start import chroot_socket_root, launch
from sandbox.live.version import qemu_version
from sandbox.live.wanted import has_machine
from sandbox.machine.arguments import is_paused, split_program
from sandbox.records import record, replace
from sandbox.scenario.emulation import that_runs

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sandbox.live.endpoints import SocketRoot
    from sandbox.live.machine import InstalledTables
    from sandbox.live.ram import RamMap
    from sandbox.live.session import Limits, LiveSession
    from sandbox.scenario.model import Scenario

    Watch = Callable[[LiveSession], None]


@record
class LiveQemu:
    """The QEMU to run things on.

    Attributes:
        binary: the program and what goes before QEMU's arguments.
        firmware: ``none``: its processors are held, and tables are read as they are before firmware has numbered PCI
            buses; ``enumerated``: firmware runs, and tables are those that it installs.
        socket_root: where to put sockets if QEMU sees other paths than we do and does not run in a ``chroot``.
        limits: how long to wait for what.
    """

    binary: tuple[str, ...]
    firmware: str = "none"
    socket_root: SocketRoot | None = None
    limits: Limits = DEFAULT_LIMITS

    def version(self) -> tuple[int, int, int]:
        """Return what the program says of its version.

        Raises:
            InputError, LiveTimeout, LiveError: as :func:`sandbox.live.version.qemu_version`.
        """
        return qemu_version(self.binary, self.limits.start)


def unwatched(_session: LiveSession) -> None:
    """Take no note of a session."""


def run_live(scenario: Scenario, qemu: LiveQemu, watch: Watch = unwatched) -> Run:
    """Run a scenario on a live QEMU, expectations aside, and end that QEMU.

    Args:
        scenario: in a dialect of merged objects, or of a QEMU that carries the v2 series.
        qemu: the QEMU.
        watch: told of the session once its QEMU is launched.

    Raises:
        InputError: the program cannot be run, or its QEMU has no Generic Initiators.
        LiveTimeout, LiveError: QEMU does not answer in time, or not in QMP.
        DecodeError: what it gave is no set of tables.
    """
    return _LiveRun(that_runs(scenario), qemu, watch).run()


class _LiveRun:
    """A scenario on its way through a QEMU."""

    def __init__(self, scenario: Scenario, qemu: LiveQemu, watch: Watch) -> None:
        from sandbox.live.standins import prepare, prepare_steps, probe_host

        program = qemu.binary[-1].rpartition("/")[2]
        if program.startswith("qemu-system-") and not has_machine(program.removeprefix("qemu-system-"), scenario):
            raise InputError(f"{program} has no such machine as the command line asks for", scenario.place)
        self.scenario = scenario
        self.qemu = qemu
        self.watch = watch
        self.program, self.words = split_program(scenario.command_line)
        self.has_run_state = any(command.name in RUN_STATE_COMMANDS for command in scenario.commands)
        seen = chroot_socket_root(qemu.binary)
        host = probe_host(seen.host.parent if seen else None)
        self.prepared = prepare(self.words, host=host, firmware=qemu.firmware, run_state=self.has_run_state)
        self.steps, self.step_changes = prepare_steps(scenario.steps, self.words, host, qemu.firmware)
        self.session: LiveSession | None = None
        self.identity: Identity | None = None

    def run(self) -> Run:
        sent = replace(self.scenario, command_line=self.prepared.words, firmware=self.qemu.firmware, steps=self.steps)
        try:
            transcript = replay_bare(sent, self.make_machine)
        except BaseException:
            if self.session is not None:
                self.session.kill()
            raise
        if self.session is not None:
            self.session.close()
        identity = self.identity or self.identity_by_name()
        asked = self.scenario.dialect
        other = f"the scenario asks for dialect {asked}, this QEMU speaks {identity.dialect}"
        own = replace(
            self.scenario,
            command_line=(*filter(None, (self.program,)), *self.prepared.own_words),
            dialect=identity.dialect,
            firmware=self.qemu.firmware,
        )
        return Run(
            without_expectations(own),
            transcript,
            tuple(word.replace(PRIVATE, ".") for word in self.prepared.words),
            identity.version,
            identity.package,
            (*self.prepared.changes, *self.step_changes),
            tuple(filter(None, (identity.note, "" if asked in (None, identity.dialect) else other))),
        )

    def make_machine(self, _scenario: Scenario) -> LiveMachine:
        from sandbox.live.standins import halts_at_reset

        with machine_exit():
            session = self.session = launch(
                self.qemu.binary,
                self.prepared.words,
                files=self.prepared.files,
                socket_root=self.qemu.socket_root,
                limits=self.qemu.limits,
            )
            self.watch(session)
            session.connect()
            identity = self.identity = identify(session)
            installed = self.installed_tables(session, identity.dialect)
            return LiveMachine(
                session,
                identity.dialect,
                identity.reason,
                runs=self.has_run_state or installed is not None,
                paused=is_paused(self.words),
                halts=halts_at_reset(self.words),
                installed=installed,
            )

    def installed_tables(self, session: LiveSession, dialect: str) -> InstalledTables | None:
        """Return what reads the tables that firmware installs; None where no firmware is to run."""
        if self.qemu.firmware == "none":
            return None
        from sandbox.live.firmware import FirmwareTables

        return FirmwareTables(session, _ram(session, self.prepared.own_words, dialect), self.qemu.limits.firmware)

    def identity_by_name(self) -> Identity:
        """Return which QEMU it was, where it ended before it could be asked over QMP."""
        version = self.qemu.version()
        return Identity(version, "", *dialect_of_version(version))


def _ram(session: LiveSession, words: Sequence[str], dialect: str) -> RamMap:
    """Return where the machine of a session has RAM: as the sandbox lays it out, else the least that there must be."""
    from sandbox.live.ram import ram_of_size, ram_of_words

    try:
        return ram_of_words(words, dialect)
    except SandboxError:
        target: Any = session.execute("query-target")
        summary: Any = session.execute("query-memory-size-summary")
        return ram_of_size(target["arch"], summary["base-memory"])
