"""The value of an option as names and values that can be changed and written back, from QEMU's text or from JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.errors import QemuError
from sandbox.live.prepared import PRIVATE
from sandbox.qapi.opts import parse_opts
from sandbox.records import record, replace

if TYPE_CHECKING:
    from collections.abc import Callable, Container


@record
class Value:
    """What stands behind an option.

    Attributes:
        pairs: names and values in order; values from text are text.
        implied: the name of a first value that stands without one, or None.
        is_json: whether it was JSON; it is written as such again.
    """

    pairs: tuple[tuple[str, Any], ...]
    implied: str | None = None
    is_json: bool = False

    def get(self, name: str, default: Any = None) -> Any:
        """Return the last value of a name."""
        return next((value for found, value in reversed(self.pairs) if found == name), default)

    def text_of(self, name: str) -> str:
        """Return the last value of a name if it is text, else ``""``."""
        value = self.get(name)
        return value if isinstance(value, str) else ""

    def is_on(self, name: str) -> bool:
        """Whether a name is given and switched on."""
        return self.get(name) in (True, "on", "yes", "true", "y")

    def only(self, wanted: Container[str]) -> Value:
        """Return the value with the wanted names alone."""
        return self.filtered(lambda name: name in wanted)

    def without(self, *names: str) -> Value:
        """Return the value without some names."""
        return self.filtered(lambda name: name not in names)

    def filtered(self, wanted: Callable[[str], bool]) -> Value:
        """Return the value with the names that ``wanted`` takes."""
        return replace(self, pairs=tuple(pair for pair in self.pairs if wanted(pair[0])))

    def with_(self, **changes: Any) -> Value:
        """Return the value with some names set, ``_`` in them for ``-``; one that is there keeps its place."""
        pairs = list(self.pairs)
        for key, value in changes.items():
            name = key.rstrip("_").replace("_", "-")
            places = [index for index, pair in enumerate(pairs) if pair[0] == name]
            if places:
                pairs[places[-1]] = (name, value)
            else:
                pairs.append((name, value))
        return replace(self, pairs=tuple(pairs))

    def switch(self, *, on: bool) -> object:
        """Return what a switch is written as here."""
        return on if self.is_json else "on" if on else "off"

    def number(self, value: int) -> object:
        """Return what a number is written as here."""
        return value if self.is_json else str(value)

    def __str__(self) -> str:
        if self.is_json:
            from sandbox.qapi.json_writer import to_json

            return to_json(dict(self.pairs)).replace("\\u0000", PRIVATE)
        parts = [f"{name}={str(value).replace(',', ',,')}" for name, value in self.pairs]
        if self.pairs and self.pairs[0][0] == self.implied and "=" not in str(self.pairs[0][1]):
            parts[0] = str(self.pairs[0][1]).replace(",", ",,")
        return ",".join(parts)


def read_value(text: str, implied: str | None = None) -> Value:
    """Read the value of an option that takes QEMU's text or a JSON object.

    Raises:
        QemuError: QEMU would not take it either.
    """
    if not text.startswith("{"):
        return Value(parse_opts(text, implied), implied)
    from sandbox.qapi.json import parse_json

    members = parse_json(text)
    if not isinstance(members, dict):
        raise QemuError("expected an object")
    return Value(tuple(members.items()), implied, is_json=True)
