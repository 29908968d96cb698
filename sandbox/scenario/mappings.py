"""Shapes of mappings with known keys; a misspelt key gets the one that was probably meant."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

from sandbox.records import record
from sandbox.scenario.shapes import mismatch

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sandbox.scenario.nodes import Findings, Node, Value
    from sandbox.scenario.shapes import JsonSchema, Shape


@record
class Key:
    """A key that a mapping may have.

    Attributes:
        name: the key.
        shape: what its value may be.
        note: one sentence for the reader of the JSON Schema.
        required: whether it must be there.
    """

    name: str
    shape: Shape
    note: str
    required: bool = False


@record
class Keys:
    """A mapping with these keys and no others.

    Attributes:
        keys: in the order in which they are written.
        meaning: what is allowed, for messages.
        one_of: keys of which at most one may be there.
        nonempty: whether there must be a key at all.
        elsewhere: keys that are easily put here, each with the rest of the message that says where they belong.
    """

    keys: tuple[Key, ...]
    meaning: str = "a mapping"
    one_of: tuple[str, ...] = ()
    nonempty: bool = False
    elsewhere: tuple[tuple[str, str], ...] = ()

    def takes(self, value: Value) -> bool:
        """Whether it is a mapping."""
        return isinstance(value, dict)

    def check(self, node: Node, path: str, findings: Findings) -> None:
        """Report unknown and missing keys, keys that exclude one another, and what is wrong with the values."""
        members = node.value
        if not isinstance(members, dict):
            mismatch(self, node, path, findings)
            return
        prefix = f"{path}: " if path else ""
        shapes = {key.name: key.shape for key in self.keys}
        meant = set()
        for name, member in members.items():
            if name not in shapes:
                close = _meant(name, shapes, members)
                meant.add(close)
                remedy = dict(self.elsewhere).get(name) or _remedy(close, shapes)
                findings.add(f"{prefix}unknown key '{name}'{remedy}", member.key_place)
            else:
                shapes[name].check(member.node, f"{path}.{name}" if path else name, findings)
        for key in self.keys:
            if key.required and key.name not in members and key.name not in meant:
                findings.add(f"{prefix}the key '{key.name}' is missing", node.place)
        if self.nonempty and not members:
            findings.add(f"{prefix}found an empty mapping; allowed keys: {', '.join(shapes)}", node.place)
        rivals = [name for name in members if name in self.one_of]
        for name in rivals[1:]:
            what = f"{prefix}'{name}' excludes '{rivals[0]}'; only one of them may stand here"
            findings.add(what, members[name].key_place)

    def schema(self) -> JsonSchema:
        """Return the properties, which are required, and which exclude one another."""
        schema: JsonSchema = {
            "type": "object",
            "additionalProperties": False,
            "properties": {key.name: {"description": key.note, **key.shape.schema()} for key in self.keys},
        }
        if required := [key.name for key in self.keys if key.required]:
            schema["required"] = required
        if self.nonempty:
            schema["minProperties"] = 1
        if self.one_of:
            schema["allOf"] = [{"not": {"required": list(pair)}} for pair in combinations(self.one_of, 2)]
        return schema

    def allowed(self) -> str:
        """Return the meaning."""
        return self.meaning


@record
class ByKey:
    """One of several mappings, told apart by a key that only it requires.

    Attributes:
        alternatives: a key and what the mapping is if it has the key; the first that fits counts.
        meaning: what is allowed, for messages.
    """

    alternatives: tuple[tuple[str, Keys], ...]
    meaning: str

    def takes(self, value: Value) -> bool:
        """Whether it is a mapping."""
        return isinstance(value, dict)

    def check(self, node: Node, path: str, findings: Findings) -> None:
        """Leave the check to the mapping whose key is there; report if there is none."""
        members = node.value
        if not isinstance(members, dict):
            mismatch(self, node, path, findings)
            return
        for key, keys in self.alternatives:
            if key in members:
                keys.check(node, path, findings)
                return
        heads = [key for key, _ in self.alternatives]
        every = {key.name for _, keys in self.alternatives for key in keys.keys}
        unknown = [name for name in members if name not in every]
        for name in unknown:
            remedy = _remedy(_meant(name, heads, members), heads)
            findings.add(f"{path}: unknown key '{name}'{remedy}", members[name].key_place)
        if not unknown:
            findings.add(f"{path}: none of the keys {', '.join(heads)} is here; allowed: {self.meaning}", node.place)

    def schema(self) -> JsonSchema:
        """Return the mappings as alternatives."""
        return {"anyOf": [keys.schema() for _, keys in self.alternatives]}

    def allowed(self) -> str:
        """Return the meaning."""
        return self.meaning


def _meant(name: str, known: Iterable[str], present: Iterable[str]) -> str | None:
    """Return the key that was probably meant by an unknown one."""
    from difflib import get_close_matches

    free = [key for key in known if key not in present]
    close = get_close_matches(name.lower().replace("_", "-"), free, n=1)
    return close[0] if close else None


def _remedy(meant: str | None, known: Iterable[str]) -> str:
    return f"; did you mean '{meant}'?" if meant else f"; allowed: {', '.join(known)}"
