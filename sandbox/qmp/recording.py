"""What clients did, taken down as a scenario that can be replayed and compared."""

from __future__ import annotations

import copy
import math
from typing import TYPE_CHECKING, Any, Final, Protocol

from sandbox.scenario.model import Command, ExitExpected, Fails, Reset, Returns, Scenario, Step, Succeeds

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.errors import MachineExit, QemuError
    from sandbox.machine.config import MachineConfig
    from sandbox.scenario.model import ReplyExpected

HOST_FACTS: Final = frozenset({"query-version", "query-cpus-fast", "query-iothreads", "query-chardev"})
"""Commands whose replies depend on the host or on the build: that they succeed is taken down, not what they return."""

LONGEST_VALUE: Final = 4000
"""Characters of a reply, as Python writes it, above which only its success is taken down."""


class Journal(Protocol):
    """Where steps go as they happen."""

    def begin(self, scenario: Scenario) -> None:
        """Take the scenario of a machine that starts, which has no steps yet."""

    def add(self, step: Step) -> None:
        """Take a step."""

    def amend(self, step: Step) -> None:
        """Take a step in the place of the last one."""


class Recorder:
    """Takes down the commands of all clients of one machine, in the order in which they were executed.

    Args:
        name: the scenario's name.
        words: the command line, as it was given.
        config: what it came to; None before the machine is made.
        firmware: ``enumerated`` or ``none``.
        journal: takes the steps as they happen; the recorder then keeps only the last one.
    """

    def __init__(
        self,
        name: str,
        words: tuple[str, ...],
        config: MachineConfig,
        firmware: str,
        journal: Journal | None = None,
    ) -> None:
        self._name = name
        self._words = words
        self._dialect = config.dialect.name
        self._firmware = firmware
        self._steps: list[Step] = []
        self._journal = journal
        if journal is not None:
            journal.begin(self.scenario())

    def returned(self, name: str, arguments: Mapping[str, Any] | None, value: object) -> None:
        """Take down a command that returned something."""
        told = name in HOST_FACTS or len(repr(value)) > LONGEST_VALUE or not _is_finite(value)
        self._add(name, arguments, Succeeds() if told else Returns(copy.deepcopy(value)))

    def refused(self, name: str, arguments: Mapping[str, Any] | None, error: QemuError) -> None:
        """Take down a command that got an error reply."""
        self._add(name, arguments, Fails(error.error_class, error.desc))

    def ended(self, ended: MachineExit, name: str | None, arguments: Mapping[str, Any] | None) -> None:
        """Take down the end of the machine.

        Args:
            ended: how it ended.
            name: the command that ended it before its reply; None: firmware did, after the last command's reply.
            arguments: the command's.
        """
        expected = ExitExpected(ended.status, ended.stderr or None)
        if name is not None:
            self._add(name, arguments, Succeeds(), expected)
        elif self._steps:
            last = self._steps.pop()
            action = last.action
            if isinstance(action, Command):
                action = Command(action.name, action.arguments)
            amended = Step(action, expected)
            self._steps.append(amended)
            if self._journal is not None:
                self._journal.amend(amended)

    def scenario(self) -> Scenario:
        """Return what has been taken down so far; with a journal, the last step alone."""
        return Scenario(
            self._name, self._words, dialect=self._dialect, firmware=self._firmware, steps=tuple(self._steps)
        )

    def _add(
        self, name: str, arguments: Mapping[str, Any] | None, reply: ReplyExpected, ended: ExitExpected | None = None
    ) -> None:
        if not _is_finite(arguments):
            return  # a scenario cannot write infinity, and no command of QEMU's takes it
        given = copy.deepcopy(dict(arguments)) if arguments else None
        is_reset = name == "system_reset" and not given and not isinstance(reply, Fails)
        step = Step(Reset() if is_reset else Command(name, given, reply), ended)
        if self._journal is not None:
            self._steps.clear()
            self._journal.add(step)
        self._steps.append(step)


def _is_finite(value: object) -> bool:
    """Whether a JSON value has no infinite number anywhere."""
    pending = [value]
    while pending:
        found = pending.pop()
        if isinstance(found, dict):
            pending += found.values()
        elif isinstance(found, list):
            pending += found
        elif isinstance(found, float) and not math.isfinite(found):
            return False
    return True
