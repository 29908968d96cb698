"""From YAML text to a scenario."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from sandbox.scenario.command_line import split_command_line
from sandbox.scenario.format import SCENARIO
from sandbox.scenario.model import (
    NOTHING,
    Affinities,
    Affinity,
    AnyReply,
    Command,
    ExitExpected,
    Expectation,
    Fails,
    Look,
    Memory,
    Processor,
    Reset,
    Returns,
    Scenario,
    Step,
    Succeeds,
    WholeTable,
)
from sandbox.scenario.nodes import Findings, Node, plain_value, read_nodes

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sandbox.scenario.model import Absent, ReplyExpected
    from sandbox.scenario.nodes import Member

Item = TypeVar("Item")

_UNITS = {"K": 10, "M": 20, "G": 30, "T": 40}


def load_scenario(text: str, file: str) -> Scenario:
    """Read a scenario; ``file`` is how messages call the text.

    Raises:
        InputErrors: everything that is wrong with it, in the order of the text, each with line and column.
    """
    findings = Findings(file)
    root = read_nodes(text, findings)
    SCENARIO.check(root, "", findings)
    findings.raise_if_any()
    return _scenario(root, file)


def _members(node: Node) -> Mapping[str, Member]:
    return node.value if isinstance(node.value, dict) else {}


def _items(node: Node) -> list[Node]:
    return node.value if isinstance(node.value, list) else []


def _scenario(root: Node, file: str) -> Scenario:
    members = _members(root)
    plain: dict[str, Any] = plain_value(root)
    words = plain["command-line"]
    dialect = plain.get("dialect")
    end = members.get("expect")
    return Scenario(
        name=plain.get("name", file.rpartition("/")[2] or "scenario").strip(),
        command_line=split_command_line(words) if isinstance(words, str) else tuple(map(str, words)),
        description=plain.get("description", ""),
        dialect=dialect if isinstance(dialect, str | None) else str(float(dialect)),
        firmware=plain.get("firmware", "enumerated"),
        steps=tuple(_step(node) for node in (_items(members["steps"].node) if "steps" in members else ())),
        expect=_expectation(end.node) if end else NOTHING,
        exit=_exit(_members(end.node)) if end else None,
        place=members["command-line"].node.place,
    )


def _step(node: Node) -> Step:
    members = _members(node)
    plain = plain_value(node)
    if plain == "reset":
        return Step(Reset(), place=node.place)
    action: Command | Reset | Look
    inner = members
    if "execute" in members:
        action = Command(plain["execute"], plain.get("arguments"), _reply(plain))
    elif "reset" in members:
        action = Reset()
        inner = _members(members["reset"].node)
    else:
        action = Look()
    return Step(
        action,
        exit=_exit(inner),
        expect=_expectation(inner["expect"].node) if "expect" in inner else NOTHING,
        name=plain.get("name", "").strip(),
        note=plain.get("note", ""),
        place=node.place,
    )


def _reply(plain: Mapping[str, Any]) -> ReplyExpected:
    if "return" in plain:
        return Returns(plain["return"])
    if "reply" in plain:
        return AnyReply()
    if "error" not in plain:
        return Succeeds()
    error = plain["error"]
    if isinstance(error, str):
        return Fails() if error == "any" else Fails(desc=error)
    return Fails(error.get("class"), error.get("desc"))


def _exit(members: Mapping[str, Member]) -> ExitExpected | None:
    if "exit" not in members:
        return None
    plain = plain_value(members["exit"].node)
    stderr = plain.get("stderr")
    return ExitExpected(int(plain.get("status", 1)), tuple(stderr) if isinstance(stderr, list) else stderr)


def _expectation(node: Node) -> Expectation:
    members = _members(node)
    plain = plain_value(node)
    distances = plain.get("distances")
    return Expectation(
        initiators=_affinities(plain.get("initiators")),
        ports=_affinities(plain.get("ports")),
        nodes=_nodes(plain.get("nodes")),
        distances=tuple(tuple(map(int, row)) for row in distances) if isinstance(distances, list) else distances,
        processors=_each(plain.get("processors"), _processor),
        memory=_each(plain.get("memory"), _memory),
        srat=_whole(members.get("srat")),
        slit=_whole(members.get("slit")),
        hmat=_whole(members.get("hmat")),
    )


def _each(items: list[Any] | None, make: Callable[[Any], Item]) -> tuple[Item, ...] | None:
    return None if items is None else tuple(map(make, items))


def _nodes(plain: Any) -> int | tuple[int, ...] | None:
    if isinstance(plain, list):
        return tuple(sorted({int(pxm) for pxm in plain}))
    return None if plain is None else int(plain)


def _affinities(plain: Any) -> Affinities | None:
    if plain is None:
        return None
    if isinstance(plain, dict):
        return Affinities(tuple(map(_affinity, plain["in-any-order"])), in_any_order=True)
    return Affinities(tuple(map(_affinity, plain)))


def _affinity(plain: Any) -> Affinity:
    if isinstance(plain, str):
        pxm, _, device = plain.strip().partition(" @ ")
    else:
        pxm, device = plain["pxm"], plain["device"].strip()
    is_short_address = "." in device and device.count(":") == 1
    return Affinity(int(pxm), f"0000:{device}" if is_short_address else _canonical(device))


def _canonical(device: str) -> str:
    if "." in device:
        return device
    hid, _, uid = device.partition(":")
    return f"{hid}:{int(uid)}"


def _processor(plain: Mapping[str, Any]) -> Processor:
    return Processor(int(plain["pxm"]), int(plain["id"]))


def _memory(plain: Mapping[str, Any]) -> Memory:
    return Memory(
        int(plain["pxm"]),
        _bytes(plain["base"]),
        _bytes(plain["size"]),
        plain.get("hot-pluggable", False),
        plain.get("non-volatile", False),
    )


def _bytes(plain: int | str) -> int:
    if isinstance(plain, str):
        text = plain.strip()
        return int(text[:-1]) << _UNITS[text[-1]]
    return int(plain)


def _whole(member: Member | None) -> WholeTable | Absent | None:
    if member is None:
        return None
    plain = plain_value(member.node)
    if isinstance(plain, str):
        return "absent"
    length = plain.get("length")
    length = None if length is None else int(length)
    return WholeTable(plain.get("file"), plain.get("sha256"), length, member.node.place)
