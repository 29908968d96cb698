"""A progress bar with rate and time left, where a person looks on."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Protocol, Self

if TYPE_CHECKING:
    from types import TracebackType

    from sandbox.campaign.results import Result


class Progress(Protocol):
    """What is told of a campaign while it runs."""

    def start(self, wanted: int, done: int) -> None:
        """Take note that so many cases are wanted, of which so many are done already."""

    def update(self, result: Result) -> None:
        """Take note of one more result."""


class Silent:
    """No progress at all."""

    def start(self, wanted: int, done: int) -> None:
        """Do nothing."""

    def update(self, result: Result) -> None:
        """Do nothing."""


class Bar:
    """A bar on stderr, if that is a terminal; a context manager that leaves the terminal in order."""

    def __init__(self) -> None:
        self._bar: _Tqdm | None = None
        self._failures = 0

    def start(self, wanted: int, done: int) -> None:
        """Draw the bar."""
        if not sys.stderr.isatty():
            return
        try:
            from tqdm import tqdm
        except ImportError:  # it comes with the extra `live`; the campaign runs without
            return
        self._bar = tqdm(total=wanted, initial=done, unit=" machines", file=sys.stderr, dynamic_ncols=True)

    def update(self, result: Result) -> None:
        """Move the bar."""
        if self._bar is None:
            return
        if result.outcome != "equal":
            self._failures += 1
            self._bar.set_postfix_str(f"{self._failures} not equal")
        self._bar.update()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.close()


class _Tqdm(Protocol):
    def update(self) -> object: ...

    def set_postfix_str(self, s: str) -> object: ...

    def close(self) -> object: ...
