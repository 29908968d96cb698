"""A line of the human monitor, cut into its command and the command's arguments.

Source: QEMU 10.0 behaviour.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from sandbox.errors import SandboxError
from sandbox.records import record

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sandbox.monitor.monitor import Monitor

SPACE: Final = " \t\n\v\f\r"
LONGEST_WORD: Final = 1023
"""How much of a word QEMU keeps."""

ESCAPES: Final = {"n": "\n", "r": "\r", "\\": "\\", "'": "'", '"': '"'}

WORD: Final = "word"
OPTIONAL_WORD: Final = "word?"
REST: Final = "rest"
"""All that is left of the line, blanks at its end and quotes included."""

OPTIONAL_REST: Final = "rest?"
OPTIONS: Final = "options"
"""One word of options, or none."""


class TypedLineError(SandboxError):
    """The arguments of a command are not as its synopsis says.

    Attributes:
        text: what QEMU prints about it; may be empty, since some of it goes to QEMU's own output.
    """

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text


@record
class Typed:
    """A command of the human monitor.

    Attributes:
        run: takes the monitor and the arguments; returns the reply.
        synopsis: name, short name and arguments, as ``help`` shows them.
        help: what it does, in QEMU's words.
        takes: the kinds of its arguments.
    """

    run: Callable[[Monitor, list[str]], str]
    synopsis: str
    help: str
    takes: tuple[str, ...] = ()

    @property
    def line(self) -> str:
        """The line that ``help`` shows."""
        return f"{self.synopsis} -- {self.help}\n"

    @property
    def called(self) -> str:
        """How QEMU calls it in its complaints: with its short name, if it has one."""
        return self.synopsis.split()[0]


class Head(NamedTuple):
    """The word that names a command.

    Attributes:
        name: the word; may be empty.
        end: where it ends: at a blank, a slash, or the end of the line.
        next: where what follows it begins.
    """

    name: str
    end: int
    next: int


def read_head(line: str, start: int = 0) -> Head:
    """Return the command that a line names from ``start`` on."""
    begin = _skip(line, start)
    end = begin
    while end < len(line) and line[end] != "/" and line[end] not in SPACE:
        end += 1
    return Head(line[begin:end], end, _skip(line, end))


def read_arguments(name: str, kinds: Sequence[str], text: str) -> list[str]:
    """Return the arguments that stand in ``text``; optional ones may be missing from the end.

    Args:
        name: how QEMU calls the command in its complaints.
        kinds: what the command takes.
        text: the line behind the command.

    Raises:
        TypedLineError: they are not what the command takes.
    """
    found: list[str] = []
    at = 0
    for kind in kinds:
        at = _skip(text, at)
        if at == len(text) and kind in (OPTIONAL_WORD, OPTIONAL_REST, OPTIONS):
            break
        if kind in (REST, OPTIONAL_REST):
            word: str | None = text[at:] or None
            at = len(text)
        else:
            word, at = read_word(text, at)
        if word is None:
            raise TypedLineError("" if kind is OPTIONS else f"{name}: string expected\n")
        found.append(word)
    if _skip(text, at) < len(text):
        raise TypedLineError(f"{name}: extraneous characters at the end of line\n")
    return found


def read_word(text: str, start: int) -> tuple[str | None, int]:
    """Return the word that begins at ``start``, without its quotes, and where it ends; None where there is none."""
    at = _skip(text, start)
    if at == len(text):
        return None, at
    if text[at] != '"':
        end = at
        while end < len(text) and text[end] not in SPACE:
            end += 1
        return text[at:end][:LONGEST_WORD], end
    word = []
    at += 1
    while at < len(text) and text[at] != '"':
        letter = text[at]
        if letter == "\\":
            at += 1
            letter = ESCAPES.get(text[at : at + 1], "")
            if not letter:
                return None, at
        word.append(letter)
        at += 1
    return (None, at) if at == len(text) else ("".join(word)[:LONGEST_WORD], at + 1)


def read_words(text: str) -> list[str] | None:
    """Return all words of a text; None where one of them is broken."""
    found = []
    at = _skip(text, 0)
    while at < len(text):
        word, at = read_word(text, at)
        if word is None:
            return None
        found.append(word)
        at = _skip(text, at)
    return found


def _skip(text: str, at: int) -> int:
    while at < len(text) and text[at] in SPACE:
        at += 1
    return at
