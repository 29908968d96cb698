"""The errors of the sandbox: one class per decision that a caller makes.

Every class keeps what was found as attributes; ``str()`` gives the one line that a person reads. Only
``sandbox.cli`` turns them into an exit status:

* :class:`InputError`: what was given to the sandbox is wrong (status 2).
* :class:`QemuError`: QEMU refuses: an error reply to a QMP command; on the command line, a message and the end of QEMU.
* :class:`MachineExit`: the emulated QEMU ended, with its status and the last thing it wrote to stderr (status 1).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.records import record

if TYPE_CHECKING:
    from collections.abc import Sequence


@record(order=True)
class Place:
    """Where something was found: a file (or what stands for one), a line and a column, both counted from 1."""

    file: str
    line: int | None = None
    column: int | None = None

    def __str__(self) -> str:
        return ":".join(str(part) for part in (self.file, self.line, self.column) if part is not None)


class SandboxError(Exception):
    """Any error that the sandbox raises on purpose."""


class InputError(SandboxError):
    """What was given to the sandbox is wrong; the message names the place and, where there is one, the remedy."""

    def __init__(self, what: str, place: Place | None = None) -> None:
        super().__init__(what, place)
        self.what = what
        self.place = place

    def __str__(self) -> str:
        return f"{self.place}: {self.what}" if self.place else self.what


class InputErrors(SandboxError):
    """Several :class:`InputError` found in one pass; ``str()`` gives a line for each."""

    def __init__(self, errors: Sequence[InputError]) -> None:
        super().__init__(tuple(errors))
        self.errors = tuple(errors)

    def __str__(self) -> str:
        return "\n".join(str(error) for error in self.errors)


class UnmodelledError(InputError):
    """An option, value or device that QEMU takes and that would move a table, but that the sandbox does not model."""


class UnmodelledCommandError(UnmodelledError):
    """A QMP command that QEMU has and the sandbox does not."""


class DecodeError(SandboxError):
    """Bytes that are not the ACPI table or structure they claim to be; ``offset`` counts from the table's start."""

    def __init__(self, what: str, offset: int = 0) -> None:
        super().__init__(what, offset)
        self.what = what
        self.offset = offset

    def __str__(self) -> str:
        return f"offset {self.offset:#x}: {self.what}"


class QemuError(SandboxError):
    """An error that QEMU reports through its Error object: in QMP a reply, on the command line a message and status 1.

    Attributes:
        desc: QEMU's message, word for word.
        error_class: ``GenericError``, ``CommandNotFound``, ``DeviceNotFound``...
        hint: what QEMU adds below the message on the command line only; "" if nothing.
    """

    def __init__(self, desc: str, error_class: str = "GenericError", hint: str = "") -> None:
        super().__init__(desc, error_class)
        self.desc = desc
        self.error_class = error_class
        self.hint = hint

    def __str__(self) -> str:
        return self.desc


class MachineExit(SandboxError):
    """The emulated QEMU ended.

    Attributes:
        status: its exit status: 1 where QEMU reports and exits, -6 where it aborts (the signal's number, negative,
            as ``subprocess`` gives it).
        stderr: what QEMU wrote to stderr on its way out, without the last line end.
        step: the step of a scenario in which it ended, with its place; "" where it is none.
        foreign: for the user, what other dialects would take; QEMU says nothing of it. "" where none would.
    """

    def __init__(self, stderr: str, status: int = 1, step: str = "", foreign: str = "") -> None:
        super().__init__(stderr, status, step)
        self.status = status
        self.stderr = stderr
        self.step = step
        self.foreign = foreign

    @property
    def reason(self) -> str:
        """The line of stderr that says why; "" if there is none."""
        return reason_of(self.stderr)

    def __str__(self) -> str:
        return self.stderr


def reason_of(stderr: str) -> str:
    """Return the line of QEMU's stderr that says why it ended: warnings stand before it, hints behind it."""
    lines = [line for line in stderr.splitlines() if line]
    said = (line for line in lines if "warning: " not in line and not line.startswith("Unexpected error in "))
    return next(said, lines[-1] if lines else "")
