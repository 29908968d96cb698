"""A scenario on a live QEMU, and what the sandbox makes of the same.

The simplest use::

    comparison = compare_live(scenario, Target(("qemu-system-x86_64",)))
    comparison.passed
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.compare.emulated import compare_run
from sandbox.compare.run import Run
from sandbox.compare.transcripts import without_expectations
from sandbox.errors import InputError, MachineExit, SandboxError
from sandbox.live.dialect import FIRST_MERGED, V2, carries_v2, dialect_of
from sandbox.live.errors import LiveError, LiveExit
from sandbox.live.machine import RUN_STATE_COMMANDS, LiveMachine, machine_exit
from sandbox.live.prepared import PRIVATE
from sandbox.live.session import DEFAULT_LIMITS
from sandbox.live.start import chroot_socket_root, launch
from sandbox.live.version import qemu_version
from sandbox.live.wanted import arguments_of, has_machine, is_v2, that_runs
from sandbox.records import record, replace
from sandbox.scenario.replay import replay

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sandbox.compare.result import Comparison
    from sandbox.live.endpoints import SocketRoot
    from sandbox.live.ram import RamMap
    from sandbox.live.session import Limits, LiveSession
    from sandbox.scenario.model import Scenario
    from sandbox.translate.correspondence import Translation

    Watch = Callable[[LiveSession], None]


@record
class Target:
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


def unwatched(_session: LiveSession) -> None:
    """Take no note of a session."""


def run_live(scenario: Scenario, target: Target, watch: Watch = unwatched) -> Run:
    """Run a scenario on a live QEMU, expectations aside, and end that QEMU.

    Args:
        scenario: in a dialect of merged objects, or of a QEMU that carries the v2 series.
        target: the QEMU.
        watch: told of the session once its QEMU is launched.

    Raises:
        InputError: the program cannot be run, or its QEMU has no Generic Initiators.
        LiveTimeout, LiveError: QEMU does not answer in time, or not in QMP.
        DecodeError: what it gave is no set of tables.
    """
    from sandbox.live.standins import halts_at_reset, is_paused, prepare, prepare_steps, probe_host

    words = arguments_of(scenario)
    binary = target.binary[-1].rpartition("/")[2]
    if binary.startswith("qemu-system-") and not has_machine(binary.removeprefix("qemu-system-"), scenario):
        raise InputError(f"{binary} has no such machine as the command line asks for", scenario.place)
    scenario = that_runs(scenario)
    commands = {step.command.name for step in scenario.steps if step.command is not None}
    seen = chroot_socket_root(target.binary)
    host = probe_host(seen.host.parent if seen else None)
    has_run_state = bool(commands & RUN_STATE_COMMANDS)
    prepared = prepare(words, host=host, firmware=target.firmware, run_state=has_run_state)
    steps, step_changes = prepare_steps(scenario.steps, words, host, target.firmware)
    sent = replace(scenario, command_line=prepared.words, firmware=target.firmware, steps=steps)
    plain = without_expectations(sent)
    known: dict[str, Any] = {}

    def make_machine(_scenario: Scenario) -> LiveMachine:
        try:
            session = launch(
                target.binary,
                prepared.words,
                files=prepared.files,
                socket_root=target.socket_root,
                limits=target.limits,
            )
            known["session"] = session
            watch(session)
            session.connect()
            dialect, reason = _dialect(session, known)
        except LiveExit as end:
            raise MachineExit(end.stderr, end.status) from end
        installed = None
        if target.firmware == "enumerated":
            from sandbox.live.firmware import FirmwareTables

            with machine_exit():
                installed = FirmwareTables(session, _ram(session, prepared.own_words, dialect), target.limits.firmware)
        runs = has_run_state or installed is not None
        paused, halts = is_paused(words), halts_at_reset(words)
        return LiveMachine(session, dialect, reason, runs=runs, paused=paused, halts=halts, installed=installed)

    try:
        transcript = replay(plain, make_machine, _no_file)
    except BaseException:
        if "session" in known:
            known["session"].kill()
        raise
    if "session" in known:
        known["session"].close()
    if "version" not in known:
        _look_up(target, known)
    notes = [known["note"]] if known.get("note") else []
    if scenario.dialect not in (None, known["dialect"]):
        notes.append(f"the scenario asks for dialect {scenario.dialect}, this QEMU speaks {known['dialect']}")
    program = scenario.command_line[: len(scenario.command_line) - len(words)]
    own_words = (*program, *prepared.own_words)
    own = replace(scenario, command_line=own_words, dialect=known["dialect"], firmware=target.firmware)
    return Run(
        without_expectations(own),
        transcript,
        tuple(word.replace(PRIVATE, ".") for word in prepared.words),
        known["version"],
        known["package"],
        (*prepared.changes, *step_changes),
        tuple(notes),
    )


def run_any(scenario: Scenario, target: Target) -> Run:
    """Run a scenario on a live QEMU as :func:`run_live` does; one of the v2 series translated, where that is needed.

    Raises:
        InputError, LiveTimeout, LiveError, DecodeError: as :func:`run_live`.
    """
    if is_v2(scenario) and (version := qemu_version(target.binary)) >= FIRST_MERGED:
        return _run_translated(scenario, target, dialect_of(version)[0])[1]
    return run_live(scenario, target)


def compare_live(scenario: Scenario, target: Target, watch: Watch = unwatched) -> Comparison:
    """Run a scenario on a live QEMU and in the sandbox, and compare.

    A scenario of the v2 series, whose objects no released QEMU has, is translated to merged objects first; then both
    comparisons are made: the translation, byte for byte, and v2's entries with those of QEMU by a mapping.

    Args:
        scenario: what to run.
        target: the QEMU.
        watch: told of the session once its QEMU is launched.

    Raises:
        InputError, LiveTimeout, LiveError, DecodeError: as :func:`run_live`; InputError also where the sandbox does not
            model something that would move a table.
    """
    if is_v2(scenario) and (version := qemu_version(target.binary)) >= FIRST_MERGED:
        return _compare_translated(scenario, target, dialect_of(version)[0], watch)
    return compare_run(run_live(scenario, target, watch))


def _compare_translated(scenario: Scenario, target: Target, dialect: str, watch: Watch) -> Comparison:
    """Compare a v2 scenario with a QEMU that has only merged objects."""
    from qom_types.dialects import dialect_named
    from sandbox.compare.mapping import Mapping
    from sandbox.compare.v2_mapping import map_moment

    translation, run = _run_translated(scenario, target, dialect, watch)
    compared = compare_run(run)
    mappings = []
    for moment in translation.moments:
        after = run.transcript.start if moment.merged_step is None else run.transcript.steps[moment.merged_step]
        if after.after is None or not after.has_run:
            mappings.append(Mapping(differences=("the merged machine has no tables by then",), title=moment.title))
        else:
            mappings.append(map_moment(moment, after.after, dialect_named(dialect)))
    return replace(compared, mappings=tuple(mappings))


def _run_translated(
    scenario: Scenario, target: Target, dialect: str, watch: Watch = unwatched
) -> tuple[Translation, Run]:
    """Run a v2 scenario on a QEMU that has only merged objects; the notes say what became of it."""
    from sandbox.translate.to_merged import to_merged

    translation = to_merged(replace(that_runs(scenario), firmware=target.firmware), dialect=dialect)
    run = run_live(translation.scenario, target, watch)
    left_out = [f"step {left.step + 1} ({left.title}) is not sent: {left.why}" for left in translation.left_out]
    notes = (
        f"v2 is translated to the objects of dialect {dialect}, one for each entry",
        *left_out,
        *translation.notes,
        *run.notes,
    )
    return translation, replace(run, notes=notes)


def _ram(session: LiveSession, words: Sequence[str], dialect: str) -> RamMap:
    """Return where the machine of a session has RAM: as the sandbox lays it out, else the least that there must be."""
    from sandbox.live.ram import ram_of_size, ram_of_words

    try:
        return ram_of_words(words, dialect)
    except SandboxError:
        target: Any = session.execute("query-target")
        summary: Any = session.execute("query-memory-size-summary")
        return ram_of_size(target["arch"], summary["base-memory"])


def _dialect(session: LiveSession, known: dict[str, Any]) -> tuple[str, str]:
    """Return the dialect of a connected QEMU and why it is this one; note its version."""
    found: Any = session.execute("query-version")
    try:
        numbers = found["qemu"]
        known["version"] = version = (numbers["major"], numbers["minor"], numbers["micro"])
    except (KeyError, TypeError) as error:
        raise LiveError(f"no version in the reply to query-version: {found!r}") from error
    known["package"] = str(found.get("package", ""))
    if version < FIRST_MERGED and carries_v2(session):
        dialect, reason = V2, "it has the object nvidia-acpi-generic-initiator"
    else:
        dialect, reason = dialect_of(version)
    known["dialect"] = dialect
    plain = f"QEMU {'.'.join(map(str, version))}"
    known["note"] = "" if reason == plain else f"dialect {dialect}: {reason}"
    return dialect, reason


def _look_up(target: Target, known: dict[str, Any]) -> None:
    """Note the version of a QEMU that ended before it could be asked over QMP."""
    known["version"] = qemu_version(target.binary)
    known["package"] = ""
    known["dialect"] = dialect_of(known["version"])[0]


def _no_file(path: str) -> bytes:
    raise InputError(f"{path}: a comparison reads no expected tables")
