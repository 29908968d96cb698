"""A scenario file that grows while its steps happen, so that nothing is lost with the process that writes it."""

from __future__ import annotations

import os
from typing import IO, TYPE_CHECKING

from sandbox.errors import InputError, Place

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox.scenario.model import Scenario, Step


class ScenarioFile:
    """Where a recording goes; each life of a machine has a file of its own; see :class:`sandbox.qmp.recording.Journal`.

    A file that cannot be written any more is told of once, and the machine goes on.
    """

    def __init__(self, name: str, say: Callable[[str], None]) -> None:
        self._name = name
        self._say = say
        self._lives = 0
        self._scenario: Scenario | None = None
        self._file: IO[bytes] | None = None
        self._first = self._last = 0

    def begin(self, scenario: Scenario) -> None:
        """Begin the file of a life; but for the first one only with its first step, since it may have none.

        Raises:
            InputError: the first file cannot be written.
        """
        self.close()
        self._lives += 1
        self._scenario = scenario
        if self._lives == 1:
            try:
                self._open(self._name)
            except OSError as error:
                raise InputError(os.strerror(error.errno or 0), Place(self._name)) from None

    def add(self, step: Step) -> None:
        """Write a step behind the others."""
        if self._scenario is not None:
            stem, extension = os.path.splitext(self._name)
            try:
                self._open(f"{stem}-{self._lives}{extension}")
            except OSError as error:
                self._give_up(error)
        if self._file is not None:
            self._last = self._file.tell()
            self._write(step)

    def amend(self, step: Step) -> None:
        """Write a step in the place of the last one."""
        if self._file is not None:
            self._file.seek(self._last)
            self._file.truncate()
            self._write(step)

    def close(self) -> None:
        """Close the file; may be called again."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _open(self, name: str) -> None:
        from sandbox.scenario.dump import dump_scenario

        scenario, self._scenario = self._scenario, None
        if scenario is not None:
            self._file = open(name, "wb", buffering=0)  # noqa: SIM115 - open as long as the machine lives
            text = dump_scenario(scenario)
            self._first = self._last = len(text.encode())
            self._put(text)

    def _write(self, step: Step) -> None:
        from sandbox.scenario.dump import dump_step

        self._put(dump_step(step, is_first=self._last == self._first))

    def _put(self, text: str) -> None:
        data = memoryview(text.encode())
        try:
            while self._file is not None and data:
                data = data[self._file.write(data) :]
        except OSError as error:
            self._give_up(error)

    def _give_up(self, error: OSError) -> None:
        self._say(f"{self._name}: the recording ends here: {os.strerror(error.errno or 0)}")
        self.close()
