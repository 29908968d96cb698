"""Colours, or none, columns, and lines as wide as the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sandbox.records import record

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

NO_TERMINAL: Final = 110
"""Columns of paragraphs where they go elsewhere than to a terminal."""

LEAST: Final = 20
"""Columns that text has at the least, however narrow the terminal is."""

_RED, _GREEN, _YELLOW, _BOLD, _DIM = 31, 32, 33, 1, 2


@record
class Style:
    """How text is marked and laid out.

    Attributes:
        colours: whether it is marked with the escape sequences of terminals (ECMA-48, SGR).
        width: columns of the terminal; None where it goes elsewhere, so that programs find each message in one line.
    """

    colours: bool
    width: int | None = None

    @classmethod
    def plain(cls) -> Style:
        """Return the style without colours."""
        return cls(colours=False)

    @classmethod
    def coloured(cls) -> Style:
        """Return the style with colours."""
        return cls(colours=True)

    def good(self, text: str) -> str:
        """Mark what is as it should be."""
        return self._mark(_GREEN, text)

    def bad(self, text: str) -> str:
        """Mark what is not."""
        return self._mark(_RED, text)

    def changed(self, text: str) -> str:
        """Mark what is new."""
        return self._mark(_YELLOW, text)

    def strong(self, text: str) -> str:
        """Mark a heading."""
        return self._mark(_BOLD, text)

    def dim(self, text: str) -> str:
        """Mark what is of little interest."""
        return self._mark(_DIM, text)

    def message(self, text: str, head: str = "") -> list[str]:
        """Return the lines of a message: one, but for a terminal as many as it takes."""
        return [(head + text).rstrip()] if self.width is None else self.paragraph(text, head)

    def paragraph(self, text: str, head: str = "", otherwise: int = NO_TERMINAL) -> list[str]:
        """Return lines of text, indented to the width of what stands ahead of the first one.

        Args:
            text: without line ends.
            head: what stands ahead of it.
            otherwise: how many columns to take where there is no terminal.
        """
        from textwrap import wrap

        indent = " " * len(head)
        width = max(self.width or otherwise, len(head) + LEAST)
        lines = wrap(text, width - len(head), break_long_words=False, break_on_hyphens=False)
        return [(head + lines[0]).rstrip(), *(indent + line for line in lines[1:])] if lines else [head.rstrip()]

    def _mark(self, code: int, text: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self.colours and text else text


def visible(text: str) -> str:
    """Return text in one line for a terminal: what would move the cursor or change colours is written as an escape."""
    return "".join([char if char.isprintable() else char.encode("unicode_escape").decode() for char in text])


def columns(rows: Sequence[Sequence[str]], right: Collection[int] = (), indent: int = 0) -> list[str]:
    """Align rows of cells two spaces apart.

    Args:
        rows: rows of equally many cells, without colours.
        right: the columns whose cells stand at the right edge.
        indent: spaces in front of each line.

    Returns:
        A line for each row, without trailing spaces.
    """
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = []
    for row in rows:
        cells = [
            cell.rjust(width) if index in right else cell.ljust(width)
            for index, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append(f"{' ' * indent}{'  '.join(cells)}".rstrip())
    return lines
