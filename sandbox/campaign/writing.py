"""A case as a scenario that ``replay`` and ``compare`` take, with what QEMU did as what is expected."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from sandbox.errors import InputError
from sandbox.scenario.dump import dump_scenario
from sandbox.scenario.model import (
    NOTHING,
    AnyReply,
    Command,
    ExitExpected,
    Expectation,
    Fails,
    Look,
    Reset,
    Returns,
    Scenario,
    Step,
    WholeTable,
)
from sandbox.scenario.tables import TABLE_NAMES

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from sandbox.campaign.case import Case
    from sandbox.campaign.sides import Did, Difference, Ended
    from sandbox.campaign.target import Target
    from sandbox.scenario.model import Absent, ReplyExpected


def scenario_name(case: Case, target: Target) -> str:
    """Return the name of a case's file, without its ending; it tells seed, number and QEMU."""
    version = ".".join(map(str, target.version))
    return f"seed-{case.seed}-case-{case.number}-{target.arch}-{version}"


def case_scenario(case: Case, target: Target, difference: Difference, theirs: Sequence[Did]) -> Scenario:
    """Return a case as a scenario whose expectations are what QEMU did.

    Args:
        case: the case.
        target: the QEMU.
        difference: in what the sides differ, for the description.
        theirs: what QEMU did.
    """
    steps: list[Step] = []
    start = theirs[0] if theirs else None
    if start is not None and start.tables is not None:
        steps.append(Step(Look(), expect=_expected(start)))
    commands = case.commands if start is None or start.ended is None else ()
    for number, (name, arguments) in enumerate(commands, 1):
        did = theirs[number] if number < len(theirs) else None
        ending = None if did is None or did.ended is None else _exit(did.ended)
        expect = NOTHING if did is None or did.tables is None else _expected(did)
        action = Reset() if name == "system_reset" else Command(name, arguments, _reply(did))
        steps.append(Step(action, exit=ending, expect=expect))
        if ending is not None:
            break  # nothing runs behind the end
    return Scenario(
        name=f"seed {case.seed}, case {case.number}: {difference.kind}",
        description=f"Found by a campaign on QEMU {target.label}: {difference.what}",
        command_line=(target.program, *case.arguments),
        dialect=case.dialect or target.dialect,
        firmware="none",
        steps=tuple(steps),
        exit=_exit(start.ended) if start is not None and start.ended is not None else None,
    )


def write_scenario(directory: Path, case: Case, target: Target, difference: Difference, theirs: Sequence[Did]) -> str:
    """Write :func:`case_scenario` as YAML into a directory, which is made; return the file's name.

    Raises:
        InputError: it cannot be written.
    """
    name = f"{scenario_name(case, target)}.yaml"
    path = directory / name
    try:
        directory.mkdir(parents=True, exist_ok=True)
        path.write_text(dump_scenario(case_scenario(case, target, difference, theirs)), encoding="utf-8")
    except OSError as error:
        raise InputError(f"cannot write {path}: {error.strerror}; --output names another directory") from error
    return name


def _expected(did: Did) -> Expectation:
    tables = dict(zip(TABLE_NAMES, did.tables or (), strict=True))
    return Expectation(
        srat=_whole(tables["srat"]),
        slit=_whole(tables["slit"]),
        hmat=_whole(tables["hmat"]),
    )


def _whole(table: bytes | None) -> WholeTable | Absent:
    if table is None:
        return "absent"
    return WholeTable(sha256=hashlib.sha256(table).hexdigest(), length=len(table))


def _exit(ended: Ended) -> ExitExpected:
    return ExitExpected(ended.status, ended.last_line or None)


def _reply(did: Did | None) -> ReplyExpected:
    if did is None or did.reply is None:
        return AnyReply()
    error = did.reply.get("error")
    if error is not None:
        return Fails(error["class"], error["desc"])
    return Returns(did.reply["return"])
