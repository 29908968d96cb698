"""Ctrl-C and SIGTERM as a wish that is granted at a safe moment, instead of an exception at any moment."""

from __future__ import annotations

import contextlib
import signal
import threading
from typing import TYPE_CHECKING, Any, Final, Self

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType, TracebackType

SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)


class Interruption:
    """Notes that SIGINT or SIGTERM came; a context manager that puts the old handlers back.

    Outside the main thread, where Python takes no handlers, it only holds what :meth:`request` is told.

    Attributes:
        requested: whether the end is wished for.
    """

    def __init__(self) -> None:
        self.requested = False
        self._actions: list[Callable[[], None]] = []
        self._before: dict[signal.Signals, Any] = {}

    def call(self, action: Callable[[], None]) -> None:
        """Have ``action`` called when the end is wished for; it runs inside a signal handler and must not wait."""
        self._actions.append(action)
        if self.requested:
            action()

    def request(self) -> None:
        """Wish for the end."""
        self.requested = True
        for action in self._actions:
            action()

    def _handle(self, _number: int, _frame: FrameType | None) -> None:
        self.request()

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            for number in SIGNALS:
                self._before[number] = signal.signal(number, self._handle)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)


@contextlib.contextmanager
def held_signals() -> Iterator[None]:
    """Let SIGINT and SIGTERM wait; a process that is started meanwhile has them wait until it lets them through."""
    from multiprocessing import resource_tracker

    resource_tracker.ensure_running()  # where it starts with the first process, it lets them through at once
    before = signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
