"""The ``if`` conditions of a schema: which build of QEMU has the thing they stand at."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Collection

    from sandbox.qapi.reader import Node, SchemaText

_SYMBOL: Final = re.compile(r"[A-Z][A-Z0-9_]*")
_JOINTS: Final = {"all": " && ", "any": " || "}


class Condition(NamedTuple):
    """A condition on the symbols that the build of QEMU defines.

    Attributes:
        kind: ``defined``, ``all``, ``any`` or ``not``.
        symbol: the symbol of ``defined``; "" otherwise.
        operands: what ``all``, ``any`` and ``not`` combine.
    """

    kind: str
    symbol: str = ""
    operands: tuple[Condition, ...] = ()

    def holds(self, defined: Collection[str]) -> bool:
        """Whether the condition is met in a build that defines the symbols ``defined``."""
        if self.kind == "defined":
            return self.symbol in defined
        if self.kind == "not":
            return not self.operands[0].holds(defined)
        return (all if self.kind == "all" else any)(operand.holds(defined) for operand in self.operands)

    def symbols(self) -> frozenset[str]:
        """Return the symbols that the condition asks for."""
        if self.kind == "defined":
            return frozenset((self.symbol,))
        return frozenset().union(*(operand.symbols() for operand in self.operands))

    def __str__(self) -> str:
        if self.kind == "defined":
            return self.symbol
        if self.kind == "not":
            return f"!{self.operands[0]}"
        return "(" + _JOINTS[self.kind].join(map(str, self.operands)) + ")"


def read_condition(source: SchemaText, node: Node, where: str) -> Condition:
    """Return the condition that ``node``, the value of an ``if``, holds.

    Args:
        source: the file of the node.
        node: a string, or an object with the one key ``all``, ``any`` or ``not``.
        where: what the condition stands at, for messages.

    Raises:
        InputError: it is none of these.
    """
    value = node.value
    if isinstance(value, str):
        if not _SYMBOL.fullmatch(value):
            raise source.error(f"{where}: 'if' condition '{value}' is no symbol of upper-case letters", node.offset)
        return Condition("defined", value)
    if not isinstance(value, dict):
        raise source.error(f"{where}: an 'if' condition is a string or an object", node.offset)
    if len(value) != 1 or not value.keys() <= {"all", "any", "not"}:
        raise source.error(f"{where}: an 'if' condition has exactly one key, 'all', 'any' or 'not'", node.offset)
    [(kind, inner)] = value.items()
    if kind == "not":
        return Condition("not", operands=(read_condition(source, inner, where),))
    if not isinstance(inner.value, list) or not inner.value:
        raise source.error(f"{where}: '{kind}' in an 'if' condition takes an array that is not empty", inner.offset)
    return Condition(kind, operands=tuple(read_condition(source, operand, where) for operand in inner.value))
