"""A command line made ready for a test run.

Files that QEMU is to find (a firmware that does nothing, a copy of the user's) are laid into the private directory of
the run when it is made; until then words name them by a mark that no command line can hold.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sandbox.records import field, record

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

PRIVATE: Final = "\0"
"""Stands in a word for the private directory, as QEMU sees it: ``f"{PRIVATE}/idle.bin"``."""


@record
class Prepared:
    """What QEMU is started with.

    Attributes:
        words: QEMU's arguments; :data:`PRIVATE` in them stands for the run's private directory.
        files: what lies in that directory by name: bytes, or the path of a file to copy.
        changes: how the words differ from the user's and why, a sentence each.
        own_words: the arguments of the machine that the run is to equal: the user's own, but for what a test run cannot
            have as the user does and a machine can tell (an accelerator, a monitor more, firmware for virt).
    """

    words: tuple[str, ...]
    files: Mapping[str, bytes | Path] = field(default_factory=dict)
    changes: tuple[str, ...] = ()
    own_words: tuple[str, ...] = ()
