"""Comparing what was expected with what came, member by member."""

from __future__ import annotations

from typing import Any, Final

from sandbox.records import record

NOTHING_THERE: Final = "nothing"
_LONGEST: Final = 200


@record
class Difference:
    """One thing that is not as expected: where, and both sides as text."""

    path: str
    expected: str
    actual: str


@record
class Check:
    """One expectation: what it is about, and how reality differs; no difference means that it holds."""

    what: str
    differences: tuple[Difference, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether the expectation holds."""
        return not self.differences


def differs(what: str, expected: str, actual: str) -> Check:
    """Return a check that fails as a whole."""
    return Check(what, (Difference(what, expected, actual),))


def as_json(value: object) -> str:
    """Return a JSON value as one line of text; a long one is cut."""
    import json

    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."


def compare_json(expected: Any, actual: Any, path: str) -> tuple[Difference, ...]:
    """Compare two JSON values as they are on the wire: 1, 1.0 and true are three values; members have no order."""
    if isinstance(expected, dict) and isinstance(actual, dict):
        differences: list[Difference] = []
        for key, value in expected.items():
            place = f"{path}.{key}"
            if key in actual:
                differences.extend(compare_json(value, actual[key], place))
            else:
                differences.append(Difference(place, as_json(value), NOTHING_THERE))
        surplus = [key for key in actual if key not in expected]
        differences += [Difference(f"{path}.{key}", NOTHING_THERE, as_json(actual[key])) for key in surplus]
        return tuple(differences)
    if isinstance(expected, list) and isinstance(actual, list):
        return compare_rows(expected, actual, path)
    if type(expected) is type(actual) and expected == actual:
        return ()
    return (Difference(path, as_json(expected), as_json(actual)),)


def compare_rows(expected: list[Any], actual: list[Any], path: str) -> tuple[Difference, ...]:
    """Compare two lists of JSON values, place by place."""
    differences: list[Difference] = []
    for index in range(max(len(expected), len(actual))):
        place = f"{path}[{index}]"
        if index >= len(actual):
            differences.append(Difference(place, as_json(expected[index]), NOTHING_THERE))
        elif index >= len(expected):
            differences.append(Difference(place, NOTHING_THERE, as_json(actual[index])))
        else:
            differences.extend(compare_json(expected[index], actual[index], place))
    return tuple(differences)


def compare_texts(expected: list[str], actual: list[str], path: str) -> tuple[Difference, ...]:
    """Compare two lists of things by their text, place by place."""
    differences = []
    for index in range(max(len(expected), len(actual))):
        ours = expected[index] if index < len(expected) else NOTHING_THERE
        theirs = actual[index] if index < len(actual) else NOTHING_THERE
        if ours != theirs:
            differences.append(Difference(f"{path}[{index}]", ours, theirs))
    return tuple(differences)
