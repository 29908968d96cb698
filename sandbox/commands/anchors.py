"""What a scenario's file has beside the scenario: the folder from which it names tables, and comments."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from sandbox.files import read_text
from sandbox.records import replace
from sandbox.scenario.model import WholeTable
from sandbox.scenario.tables import TABLE_NAMES

if TYPE_CHECKING:
    from sandbox.scenario.model import Expectation, Scenario


def seen_from(scenario: Scenario, file: str | None) -> Scenario:
    """Return a scenario whose tables are found from the folder of ``file``; None: it is left as it is."""
    here, there = os.path.dirname(scenario.file), os.path.dirname(file or scenario.file)
    if os.path.abspath(here) == os.path.abspath(there):
        return scenario
    steps = tuple(replace(step, expect=_seen(step.expect, here, there)) for step in scenario.steps)
    return replace(scenario, steps=steps, expect=_seen(scenario.expect, here, there))


def notes_on_comments(name: str | None) -> tuple[str, ...]:
    """Say that the comments of a scenario's file are not in what is made of it, if there are any."""
    if name is None or not any(line.lstrip().startswith("#") for line in read_text(name).splitlines()):
        return ()
    return (f"the comments in {name} are not taken over",)


def _seen(expected: Expectation, here: str, there: str) -> Expectation:
    changed: dict[str, Any] = {}
    for name in TABLE_NAMES:
        whole = getattr(expected, name)
        if isinstance(whole, WholeTable) and whole.file is not None and not os.path.isabs(whole.file):
            changed[name] = replace(whole, file=os.path.relpath(os.path.join(here, whole.file), there or "."))
    return replace(expected, **changed) if changed else expected
