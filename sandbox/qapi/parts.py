"""The parts that definitions are made of: keys, conditions, features, and what has a short and a long form."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sandbox.qapi.conditions import Condition, read_condition
from sandbox.qapi.model import Feature
from sandbox.qapi.names import wrong_plain_name

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import TypeAlias

    from sandbox.qapi.reader import Node, SchemaText

    Common: TypeAlias = tuple[Condition | None, tuple[Feature, ...]]

SPECIAL_FEATURES: Final = frozenset({"deprecated", "unstable"})
"""The features that commands, events, members and enum values may have, but types may not."""


def check_keys(
    source: SchemaText, node: Node, where: str, required: Sequence[str], optional: Sequence[str]
) -> dict[str, Node]:
    """Return the members of ``node``, an object that has the required keys and else only optional ones.

    Raises:
        InputError: it is no object, or its keys are others.
    """
    parts = node.value
    if not isinstance(parts, dict):
        raise source.error(f"{where}: expected an object", node.offset)
    for key in required:
        if key not in parts:
            raise source.error(f"{where}: key '{key}' is missing", node.offset)
    for key, part in parts.items():
        if key not in required and key not in optional:
            valid = ", ".join(f"'{name}'" for name in (*required, *optional))
            raise source.error(f"{where}: unknown key '{key}'; valid keys are {valid}", part.key_offset)
    return parts


def elements(source: SchemaText, node: Node, where: str) -> list[Node]:
    """Return the elements of ``node``, an array."""
    if not isinstance(node.value, list):
        raise source.error(f"{where}: expected an array", node.offset)
    return node.value


def members(source: SchemaText, node: Node, where: str) -> dict[str, Node]:
    """Return the members of ``node``, an object with any keys."""
    if not isinstance(node.value, dict):
        raise source.error(f"{where}: expected an object", node.offset)
    return node.value


def string(source: SchemaText, node: Node, where: str, what: str) -> str:
    """Return the string that ``node`` is."""
    if not isinstance(node.value, str):
        raise source.error(f"{where}: expected {what}, a string", node.offset)
    return node.value


def long_form(
    source: SchemaText, node: Node, where: str, key: str, optional: Sequence[str]
) -> tuple[Node, Condition | None, tuple[Feature, ...]]:
    """Return what ``node`` says, in its short form or under ``key`` in its long one, with its condition and features.

    Args:
        source: the file of the node.
        node: a string or array, or an object with ``key`` and some of ``optional``.
        where: what the node is, for messages.
        key: ``name`` or ``type``.
        optional: which of ``if`` and ``features`` it may have.

    Raises:
        InputError: it has other keys, or its condition or features are wrong.
    """
    if not isinstance(node.value, dict):
        return node, None, ()
    parts = check_keys(source, node, where, (key,), optional)
    condition, features = common(source, parts, where)
    return parts[key], condition, features


def common(source: SchemaText, parts: dict[str, Node], where: str) -> Common:
    """Return the condition and the features of a definition or a member, from its ``if`` and ``features``."""
    condition = read_condition(source, parts["if"], where) if "if" in parts else None
    features = _features(source, parts["features"], where) if "features" in parts else ()
    return condition, features


def _features(source: SchemaText, node: Node, where: str) -> tuple[Feature, ...]:
    features: dict[str, Feature] = {}
    for element in elements(source, node, f"{where}: 'features'"):
        named, condition, _ = long_form(source, element, f"{where}: feature", "name", ("if",))
        name = string(source, named, where, "the name of a feature")
        wrong = wrong_plain_name(name) or ("it comes twice" if name in features else None)
        if wrong:
            raise source.error(f"{where}: feature '{name}': {wrong}", named.offset)
        features[name] = Feature(name, condition)
    return tuple(features.values())
