"""From a scenario to YAML that reads well and loads to an equal scenario."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.scenario import scalars
from sandbox.scenario.command_line import fold_command_line, split_command_line
from sandbox.scenario.model import AnyReply, Expectation, Fails, Look, Reset, Returns, WholeTable
from sandbox.scenario.tables import TABLE_NAMES

if TYPE_CHECKING:
    from sandbox.scenario.model import Affinities, Command, ExitExpected, Scenario, Step

_WIDTH = 110
_UNITS = (("T", 40), ("G", 30), ("M", 20), ("K", 10))


class _Block(str):
    """Text written as a literal block."""

    __slots__ = ()


class _Row(list[int]):
    """A list written in one line."""

    __slots__ = ()


class _Address(int):
    """An integer written in hexadecimal."""


def dump_scenario(scenario: Scenario) -> str:
    """Write a scenario as YAML, in block style, its command line with one option a line."""
    plain: dict[str, Any] = {"name": scenario.name}
    if scenario.description:
        plain["description"] = _prose(scenario.description)
    if scenario.dialect is not None:
        plain["dialect"] = scenario.dialect
    if scenario.firmware != "enumerated":
        plain["firmware"] = scenario.firmware
    plain["command-line"] = _command_line(scenario.command_line)
    if scenario.steps:
        plain["steps"] = [_step(step) for step in scenario.steps]
    end = _expectation(scenario.expect)
    if scenario.exit:
        end["exit"] = _exit(scenario.exit)
    if end:
        plain["expect"] = end
    return as_yaml(plain)


def dump_step(step: Step, *, is_first: bool) -> str:
    """Write a step as it stands in the YAML of a scenario, which ends behind it; the first one has the key above it."""
    text = as_yaml({"steps": [_step(step)]})
    return text if is_first else text.partition("\n")[2]


def _prose(text: str) -> str:
    """Mark text of several lines for a literal block, if nothing in it would need escapes or indentation hints."""
    lines = text.removesuffix("\n").split("\n")
    is_simple = all(line.isprintable() and line.rstrip() == line for line in lines)
    has_plain_ends = lines[0].strip() == lines[0] != "" and lines[-1] != ""
    return _Block(text) if "\n" in text and is_simple and has_plain_ends else text


def _command_line(words: tuple[str, ...]) -> str | list[str]:
    folded = fold_command_line(words)
    return _prose(folded) if split_command_line(folded) == words else list(words)


def _step(step: Step) -> Any:
    plain: dict[str, Any] = {"name": step.name} if step.name else {}
    if step.note:
        plain["note"] = _prose(step.note)
    judged: dict[str, Any] = {}
    if step.exit:
        judged["exit"] = _exit(step.exit)
    if (expect := _expectation(step.expect)) or isinstance(step.action, Look):
        judged["expect"] = expect
    if isinstance(step.action, Reset):
        if not plain and not judged:
            return "reset"
        return {**plain, "reset": judged or None}
    if isinstance(step.action, Look):
        return {**plain, **judged}
    return {**plain, **_command(step.action), **judged}


def _command(command: Command) -> dict[str, Any]:
    plain: dict[str, Any] = {"execute": command.name}
    if command.arguments is not None:
        plain["arguments"] = command.arguments
    reply = command.reply
    if isinstance(reply, Returns):
        plain["return"] = reply.value
    elif isinstance(reply, AnyReply):
        plain["reply"] = "any"
    elif isinstance(reply, Fails):
        plain["error"] = _error(reply)
    return plain


def _error(reply: Fails) -> Any:
    if reply.error_class is None:
        is_ambiguous = reply.desc == "any"
        return {"desc": reply.desc} if is_ambiguous else reply.desc or "any"
    return {"class": reply.error_class} | ({"desc": reply.desc} if reply.desc is not None else {})


def _exit(expected: ExitExpected) -> dict[str, Any]:
    plain: dict[str, Any] = {"status": expected.status}
    if expected.stderr is not None:
        plain["stderr"] = list(expected.stderr) if isinstance(expected.stderr, tuple) else expected.stderr
    return plain


def _expectation(expected: Expectation) -> dict[str, Any]:
    plain: dict[str, Any] = {
        "initiators": _affinities(expected.initiators),
        "ports": _affinities(expected.ports),
        "nodes": _Row(expected.nodes) if isinstance(expected.nodes, tuple) else expected.nodes,
        "distances": expected.distances,
    }
    if isinstance(expected.distances, tuple):
        plain["distances"] = [_Row(row) for row in expected.distances]
    if expected.processors is not None:
        plain["processors"] = [{"pxm": cpu.pxm, "id": cpu.id} for cpu in expected.processors]
    if expected.memory is not None:
        plain["memory"] = [
            {"pxm": memory.pxm, "base": _Address(memory.base), "size": _size(memory.size)}
            | ({"hot-pluggable": True} if memory.hot_pluggable else {})
            | ({"non-volatile": True} if memory.non_volatile else {})
            for memory in expected.memory
        ]
    for name in TABLE_NAMES:
        plain[name] = _whole(getattr(expected, name))
    return {key: value for key, value in plain.items() if value is not None}


def _affinities(expected: Affinities | None) -> Any:
    if expected is None:
        return None
    entries = [str(entry) for entry in expected.entries]
    return {"in-any-order": entries} if expected.in_any_order else entries


def _size(size: int) -> int | str:
    for unit, bits in _UNITS:
        if size and size % (1 << bits) == 0:
            return f"{size >> bits}{unit}"
    return size


def _whole(table: WholeTable | str | None) -> Any:
    if not isinstance(table, WholeTable):
        return table
    members = {"file": table.file, "sha256": table.sha256, "length": table.length}
    return {key: value for key, value in members.items() if value is not None}


def _style(text: str) -> str | None:
    """Return double quotes for text whose line ends or invisible characters another style would change."""
    return None if text.isprintable() else '"'


def as_yaml(plain: Any) -> str:
    """Write a JSON value as YAML that scenarios, and YAML 1.1, read as the same value."""
    import yaml

    class Dumper(yaml.SafeDumper):
        """Writes text without quotes only where ``scalars`` and YAML 1.1 both read it as text."""

        def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002
            super().increase_indent(flow, indentless=False)

        def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002
            return True

    tag = "tag:yaml.org,2002:"
    for name, pattern in (
        ("null", scalars.NULL),
        ("bool", scalars.TRUE),
        ("bool", scalars.FALSE),
        ("int", scalars.DECIMAL),
        ("int", scalars.PREFIXED),
        ("float", scalars.FLOAT),
        ("leading-zero", scalars.LEADING_ZERO),
        ("merge", scalars.MERGE),
    ):
        Dumper.add_implicit_resolver(f"{tag}{name}", pattern, None)
    Dumper.add_representer(str, lambda d, text: d.represent_scalar(f"{tag}str", text, style=_style(text)))
    Dumper.add_representer(_Block, lambda d, text: d.represent_scalar(f"{tag}str", str(text), style="|"))
    Dumper.add_representer(_Row, lambda d, row: d.represent_sequence(f"{tag}seq", row, flow_style=True))
    Dumper.add_representer(_Address, lambda d, number: d.represent_scalar(f"{tag}int", f"{number:#x}"))
    Dumper.add_representer(float, lambda d, number: d.represent_scalar(f"{tag}float", repr(number)))
    text: str = yaml.dump(
        plain, Dumper=Dumper, sort_keys=False, allow_unicode=True, width=_WIDTH, default_flow_style=False
    )
    return text
