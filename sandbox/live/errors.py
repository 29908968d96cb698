"""What can go wrong with a live QEMU: one class per decision that a caller makes.

* :class:`LiveExit`: QEMU ended by itself; often that is the answer that was looked for.
* :class:`LiveTimeout`: QEMU lives and stays silent.
* :class:`LiveError`: anything else: a broken protocol, a machine whose tables cannot be read, a missing library.

An error reply to a QMP command is a :class:`sandbox.errors.QemuError`; a program that cannot be started is a
:class:`sandbox.errors.InputError`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sandbox.errors import SandboxError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sandbox.live.qmp import LiveReply


MOST_LINES: Final = 20


def last_lines(stderr: str) -> str:
    """Return the last lines of a text, where QEMU says why it ends."""
    lines = stderr.splitlines()
    left_out = [f"... {len(lines) - MOST_LINES} lines before"] if len(lines) > MOST_LINES else []
    return "\n".join([*left_out, *(line[:1000] for line in lines[-MOST_LINES:])])


class LiveError(SandboxError):
    """A live QEMU could not be used; ``what`` says why."""

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.what = what

    def __str__(self) -> str:
        return self.what


class LiveTimeout(LiveError):
    """QEMU did not answer in time.

    Attributes:
        doing: what was waited for.
        seconds: how long.
        stderr: what QEMU had written by then.
    """

    def __init__(self, doing: str, seconds: float, stderr: str = "") -> None:
        super().__init__(f"QEMU gave no answer within {seconds:.3g} s: {doing}\n{last_lines(stderr)}".rstrip())
        self.doing = doing
        self.seconds = seconds
        self.stderr = stderr


class ConnectionLost(LiveError):
    """One of QEMU's sockets closed; :class:`LiveExit` takes its place once QEMU is seen to have ended."""


class LiveExit(LiveError):
    """QEMU ended.

    Attributes:
        status: its exit status; the negative number of the signal that killed it, as ``subprocess`` gives it.
        stderr: what QEMU wrote to stderr, without the last line end; of a long output the end.
        doing: what it was asked to do at the time.
        replies: what it had answered in the same history before it ended.
    """

    def __init__(self, status: int, stderr: str, doing: str = "", replies: Sequence[LiveReply] = ()) -> None:
        what = f"QEMU ended with status {status}" + (f": {doing}" if doing else "")
        super().__init__(f"{what}\n{last_lines(stderr)}".rstrip())
        self.status = status
        self.stderr = stderr
        self.doing = doing
        self.replies = tuple(replies)
