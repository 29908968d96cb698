"""Steps in which objects have other ids: wherever a command names an object, and nowhere else."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from sandbox.records import replace
from sandbox.scenario.model import Command, Fails, Returns

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sandbox.scenario.model import ReplyExpected, Step

    Names = Mapping[str, str]

NAMING: Final = frozenset({"object-add", "object-del"})
ON_PATHS: Final = frozenset({"qom-get", "qom-set", "qom-list"})
TYPED_PATH: Final = re.compile(r"(\s*qom-(?:get|set|list)\s+)(\S+)(.*)", re.DOTALL)
TYPED_DELETION: Final = re.compile(r"(\s*object_del\s+\"?)([^\s\"]+)(.*)", re.DOTALL)
TYPED_ADDITION: Final = re.compile(r"(\s*object_add\s.*?\bid=)([^,\s]+)(.*)", re.DOTALL)


def with_new_names(step: Step, names: Names) -> Step:
    """Return a step in which ids of objects are the new ones, in what is sent and in the reply that must come."""
    command = step.action
    if not isinstance(command, Command) or command.arguments is None:
        return step
    arguments = _arguments(command.name, command.arguments, names)
    reply = _reply(command.name, command.reply, names)
    return replace(step, action=replace(command, arguments=arguments, reply=reply))


def new_path(path: str, names: Names) -> str:
    """Return the QOM path of an object of ``/objects``; any other is left."""
    head, slash, name = path.rpartition("/")
    is_object = not slash or head in ("/objects", "objects")
    return f"{head}{slash}{names.get(name, name)}" if is_object else path


def _arguments(name: str, arguments: dict[str, Any], names: Names) -> dict[str, Any]:
    changed = dict(arguments)
    if name in NAMING:
        _change(changed, "id", lambda text: names.get(text, text))
    elif name in ON_PATHS:
        _change(changed, "path", lambda text: new_path(text, names))
    elif name == "human-monitor-command":
        _change(changed, "command-line", lambda text: _typed(text, names))
    return changed


def _change(members: dict[str, Any], key: str, new: Callable[[str], str]) -> None:
    if isinstance(members.get(key), str):
        members[key] = new(members[key])


def _typed(line: str, names: Names) -> str:
    if found := TYPED_PATH.fullmatch(line):
        return f"{found[1]}{new_path(found[2], names)}{found[3]}"
    if found := TYPED_DELETION.fullmatch(line) or TYPED_ADDITION.fullmatch(line):
        return f"{found[1]}{names.get(found[2], found[2])}{found[3]}"
    return line


def _reply(name: str, reply: ReplyExpected, names: Names) -> ReplyExpected:
    if isinstance(reply, Fails) and reply.desc is not None and name in NAMING | ON_PATHS:
        desc = re.sub(r"'(/objects/)?([\w.-]+)'", lambda found: _quoted(found, names), reply.desc)
        return replace(reply, desc=desc)
    if isinstance(reply, Returns) and name == "qom-list" and isinstance(reply.value, list):
        return replace(reply, value=[_listed(it, names) for it in reply.value])
    return reply


def _quoted(found: re.Match[str], names: Names) -> str:
    return f"'{found[1] or ''}{names.get(found[2], found[2])}'"


def _listed(entry: Any, names: Names) -> Any:
    if not isinstance(entry, dict) or not isinstance(entry.get("name"), str):
        return entry
    return {**entry, "name": names.get(entry["name"], entry["name"])}
