"""How QEMU says no, or says something and goes on, while it configures a machine.

A refusal starts with the program's name; whether the option at fault stands before the message depends on where QEMU
notices. The classes here keep the two kinds apart; the words are QEMU's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.errors import QemuError
from sandbox.records import record

if TYPE_CHECKING:
    from collections.abc import Sequence


@record
class Notice:
    """A line that QEMU writes to stderr and goes on.

    Attributes:
        text: the message behind the program's name, the option's text, and ``warning: ``.
        numa_option: which ``-numa`` option stands in front of the message, counted from 0; None where none does.
        is_warning: whether ``warning: `` comes before the text.
    """

    text: str
    numa_option: int | None = None
    is_warning: bool = True


class ConfigurationError(QemuError):
    """The machine as a whole is wrong. QEMU prints ``program: message``, names no option, and ends with status 1.

    Attributes:
        notices: what the same step wrote to stderr before.
    """

    def __init__(self, desc: str, hint: str = "", notices: Sequence[Notice] = ()) -> None:
        super().__init__(desc, hint=hint)
        self.notices = tuple(notices)


class NumaOptionError(QemuError):
    """A ``-numa`` option is wrong. QEMU prints ``program: -numa OPTION: message`` and ends with status 1.

    Attributes:
        index: which of the ``-numa`` options it is, counted from 0.
        notices: what the options before it made QEMU write to stderr.
    """

    def __init__(self, index: int, error: QemuError, notices: Sequence[Notice] = ()) -> None:
        super().__init__(error.desc, error.error_class, error.hint)
        self.index = index
        self.notices = tuple(notices)
