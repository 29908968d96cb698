"""Names for the objects of a translation."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, TypeAlias

from sandbox.scenario.model import Command

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from sandbox.scenario.model import Scenario

    ChooseId: TypeAlias = Callable[[str, int, Collection[str]], str]
    """Gives an id from that of the v2 object, the node, and the names that are taken."""

_WORD: Final = re.compile(r"[A-Za-z][-A-Za-z0-9._]*")


def id_with_node(object_id: str, pxm: int, taken: Collection[str]) -> str:
    """Return ``gi0-2`` for node 2 of ``gi0``; where that is taken, ``gi0-2.1``, ``gi0-2.2`` and so on."""
    plain = f"{object_id}-{pxm}"
    found, further = plain, 0
    while found in taken:
        further += 1
        found = f"{plain}.{further}"
    return found


def names_in_use(scenario: Scenario) -> frozenset[str]:
    """Return every word of a scenario that could be, or name, an object: no id of a translation may be among them."""
    texts = [*scenario.command_line]
    for step in scenario.steps:
        if isinstance(step.action, Command):
            texts += _texts(step.action.arguments)
    return frozenset(word for text in texts for word in _WORD.findall(text))


def _texts(value: object) -> Iterator[str]:
    """Give every text in a JSON value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for member in value.values():
            yield from _texts(member)
    elif isinstance(value, list):
        for member in value:
            yield from _texts(member)
