"""YAML text as a tree of nodes, each with its line and column; every fault of the text is reported.

The events of PyYAML's parser are read, none of its constructors: no tag makes an object.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeAlias

from sandbox.errors import InputError, InputErrors, Place
from sandbox.records import record
from sandbox.scenario.scalars import resolve_scalar

if TYPE_CHECKING:
    from collections.abc import Iterator

DEEPEST: Final = 64
"""How many lists and mappings may lie within one another."""

MOST_VALUES: Final = 100_000
"""How many values a file may have once its aliases are replaced by what they stand for."""

_TAGS: Final = {
    "ScalarEvent": ("!", "tag:yaml.org,2002:str"),
    "SequenceStartEvent": ("!", "tag:yaml.org,2002:seq"),
    "MappingStartEvent": ("!", "tag:yaml.org,2002:map"),
}


_REMEDIES: Final = {
    "mapping values are not allowed": "; text that has ': ' in it needs quotes",
    "that cannot start any token": "; indent with spaces, and put such text in quotes",
}
"""What to do about some of the parser's complaints, by a part of their text."""


class Unreadable:
    """Stands for a value that was reported already, so that nobody reports it again."""


UNREADABLE: Final = Unreadable()


@record
class Node:
    """A value with the place where it begins."""

    value: Value
    place: Place


@record
class Member:
    """A member of a mapping: where its key stands, and its value."""

    key_place: Place
    node: Node


Value: TypeAlias = "bool | int | float | str | list[Node] | dict[str, Member] | Unreadable | None"


class Findings:
    """The errors found so far."""

    __slots__ = ("_errors", "file")

    def __init__(self, file: str) -> None:
        self.file = file
        self._errors: list[InputError] = []

    def add(self, what: str, place: Place) -> None:
        """Note an error."""
        self._errors.append(InputError(what, place))

    def raise_if_any(self) -> None:
        """Raise what was noted, in the order of the text.

        Raises:
            InputErrors: there is something.
        """
        if self._errors:
            raise InputErrors(sorted(self._errors, key=_position))


def _position(error: InputError) -> tuple[int, int]:
    return (error.place.line or 0, error.place.column or 0) if error.place else (0, 0)


def read_nodes(text: str, findings: Findings) -> Node:
    """Read the one document of a YAML text.

    Raises:
        InputErrors: the text is no YAML from some point on; what was found before that point is included.
    """
    return _Reader(text, findings).document()


def plain_value(node: Node) -> Any:
    """Return the value without its places: what a JSON document would hold. A value that was reported becomes None."""
    value = node.value
    if isinstance(value, dict):
        return {key: plain_value(member.node) for key, member in value.items()}
    if isinstance(value, list):
        return [plain_value(item) for item in value]
    return None if isinstance(value, Unreadable) else value


class _Reader:
    """One pass over the parser's events; an event is a PyYAML object with ``start_mark`` and what its class adds."""

    def __init__(self, text: str, findings: Findings) -> None:
        self.findings = findings
        self.events = _events(text, findings)
        self.anchors: dict[str, tuple[Node, int, int]] = {}
        self.values = 0
        self.deepest = 0

    def document(self) -> Node:
        next(self.events)
        start = next(self.events)
        if type(start).__name__ == "StreamEndEvent":
            return Node(None, Place(self.findings.file, 1, 1))
        node = self.node(next(self.events), 0)
        next(self.events)
        further = next(self.events)
        if type(further).__name__ != "StreamEndEvent":
            self.findings.add("a second YAML document; a scenario is one document", self.place(further))
        return node

    def place(self, event: Any) -> Place:
        return Place(self.findings.file, event.start_mark.line + 1, event.start_mark.column + 1)

    def stop(self, what: str, event: Any) -> None:
        """Give up the whole text."""
        self.findings.add(what, self.place(event))
        self.findings.raise_if_any()

    def count(self, values: int, depth: int, event: Any) -> None:
        self.values += values
        self.deepest = max(depth, self.deepest)
        if self.values > MOST_VALUES:
            self.stop(f"more than {MOST_VALUES} values, counting what aliases stand for", event)
        if depth > DEEPEST:
            self.stop(f"more than {DEEPEST} lists and mappings within one another", event)

    def node(self, event: Any, depth: int) -> Node:
        kind = type(event).__name__
        if kind == "AliasEvent":
            return self.alias(event, depth)
        outside, self.deepest = self.deepest, depth
        before = self.values
        self.count(1, depth, event)
        place = self.place(event)
        value: Value
        if event.tag is not None and event.tag not in _TAGS[kind]:
            self.findings.add(f"the tag {event.tag!r}; scenarios have no tags", place)
        if kind == "ScalarEvent":
            value = self.scalar(event, place)
        elif kind == "SequenceStartEvent":
            value = [self.node(item, depth + 1) for item in self.until("SequenceEndEvent")]
        else:
            value = self.mapping(depth)
        node = Node(value, place)
        if event.anchor is not None:
            self.anchors[event.anchor] = node, self.values - before, self.deepest - depth
        self.deepest = max(outside, self.deepest)
        return node

    def until(self, end: str) -> Iterator[Any]:
        while type(event := next(self.events)).__name__ != end:
            yield event

    def alias(self, event: Any, depth: int) -> Node:
        if event.anchor not in self.anchors:
            self.findings.add(f"the alias *{event.anchor} has no anchor &{event.anchor} before it", self.place(event))
            return Node(UNREADABLE, self.place(event))
        node, values, height = self.anchors[event.anchor]
        self.count(values, depth + height, event)
        return node

    def scalar(self, event: Any, place: Place) -> Value:
        text: str = event.value
        if not event.implicit[0]:
            return text
        try:
            return resolve_scalar(text)
        except ValueError as error:
            self.findings.add(str(error), place)
            return UNREADABLE

    def mapping(self, depth: int) -> Value:
        members: dict[str, Member] = {}
        for event in self.until("MappingEndEvent"):
            place = self.place(event)
            is_merge = type(event).__name__ == "ScalarEvent" and event.value == "<<" and event.implicit[0]
            key = self.node(event, depth + 1).value
            node = self.node(next(self.events), depth + 1)
            if is_merge:
                self.findings.add("the merge key '<<' belongs to YAML 1.1; write the members out", place)
            elif not isinstance(key, str):
                if not isinstance(key, Unreadable):
                    self.findings.add("a key must be text; write it in quotes", place)
            elif key in members:
                first = members[key].key_place
                self.findings.add(f"the key '{key}' stands here again; first in line {first.line}", place)
            else:
                members[key] = Member(place, node)
        return members


def _events(text: str, findings: Findings) -> Iterator[Any]:
    """Give the parser's events; a text that is no YAML ends them with the errors found so far."""
    import yaml

    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        yield from yaml.parse(text, Loader=loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = Place(findings.file, mark.line + 1, mark.column + 1) if mark else Place(findings.file)
        context = f" {error.context}" if error.context else ""
        problem = error.problem or "syntax error"
        remedy = next((remedy for part, remedy in _REMEDIES.items() if part in problem), "")
        findings.add(f"not YAML: {problem}{context}{remedy}", place)
    except yaml.reader.ReaderError as error:
        found = text.find(chr(error.character)) if isinstance(error.character, int) else -1
        position = found if found >= 0 else error.position
        findings.add(f"not YAML: {error.reason}", _place_at(text, position, findings.file))
    except yaml.YAMLError as error:
        findings.add(f"not YAML: {error}", Place(findings.file))
    except UnicodeEncodeError as error:
        findings.add("not YAML: half of a surrogate pair", _place_at(text, error.start, findings.file))
    findings.raise_if_any()


def _place_at(text: str, position: int, file: str) -> Place:
    before = text[:position]
    return Place(file, before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1)
