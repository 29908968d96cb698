"""A command line as options with parts, so that it can be made smaller without becoming nonsense."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from sandbox.records import record, replace

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

MIB: Final = 1 << 20
UNITS: Final = {"": 1, "B": 1, "K": 1 << 10, "M": MIB, "G": 1 << 30, "T": 1 << 40}
SIZE: Final = re.compile(r"(\d+)([BKMGT]?)", re.IGNORECASE)
BACKENDS: Final = "memory-backend-"
SINGLE_COMMA: Final = re.compile(r"(?<!,),(?!,)")


@record
class Option:
    """An option of QEMU's.

    Attributes:
        name: with its dash.
        parts: what stands between the commas of its value; None where it has none; JSON is one part.
    """

    name: str
    parts: tuple[str, ...] | None = None

    def get(self, key: str) -> str | None:
        """Return what is behind ``key=``, or None."""
        found = (part.removeprefix(f"{key}=") for part in self.parts or () if part.startswith(f"{key}="))
        return next(found, None)

    @property
    def head(self) -> str:
        """The first part, which mostly is a type."""
        return self.parts[0] if self.parts else ""

    def mapped(self, change: Mapping[str, str | None]) -> Option:
        """Return the option with other values behind some keys; a None takes the part away."""
        parts = []
        for part in self.parts or ():
            key, is_pair, _ = part.partition("=")
            if not is_pair or key not in change:
                parts.append(part)
            elif change[key] is not None:
                parts.append(f"{key}={change[key]}")
        return replace(self, parts=tuple(parts))


def split_options(arguments: Sequence[str]) -> tuple[Option, ...]:
    """Read arguments; a value is what does not begin with a dash."""
    options: list[Option] = []
    for word in arguments:
        if word.startswith("-") or not options:
            options.append(Option(word))
        else:
            parts = (word,) if word.startswith("{") else tuple(SINGLE_COMMA.split(word))
            options[-1] = Option(options[-1].name, parts)
    return tuple(options)


def join_options(options: Iterable[Option]) -> tuple[str, ...]:
    """Return the words of options."""
    words: list[str] = []
    for option in options:
        words.append(option.name)
        if option.parts is not None:
            words.append(",".join(option.parts))
    return tuple(words)


def parse_size(text: str, unit: str = "") -> int | None:
    """Return the bytes that a size stands for; None if it is none."""
    found = SIZE.fullmatch(text)
    return int(found[1]) * UNITS[(found[2] or unit).upper()] if found else None


def settled(options: Sequence[Option]) -> tuple[Option, ...]:
    """Put right what hangs on removed options: memory backends that are gone, and RAM as large as the nodes."""
    backends = {
        option.get("id"): parse_size(option.get("size") or "")
        for option in options
        if option.name == "-object" and option.head.startswith(BACKENDS)
    }
    kept = []
    total = 0
    for option in options:
        if option.name == "-numa" and option.head == "node":
            if option.get("memdev") not in (None, *backends):
                option = option.mapped({"memdev": None})
            total += backends.get(option.get("memdev")) or parse_size(option.get("mem") or "", "M") or 0
        kept.append(option)
    return tuple(_resized(option, total) if option.name == "-m" and total else option for option in kept)


def _resized(option: Option, total: int) -> Option:
    """Return ``-m`` with ``total`` bytes; the room for more stays as large as it was."""
    old = parse_size(option.head.removeprefix("size="), "M") or 0
    most = parse_size(option.get("maxmem") or "", "B")
    if old == total:
        return option
    size = f"{total // MIB}M" if total % MIB == 0 else f"{total // 1024}K"
    changed = option.mapped({} if most is None else {"maxmem": f"{(total + most - old) // MIB}M"})
    return replace(changed, parts=(size, *(changed.parts or ())[1:]))
