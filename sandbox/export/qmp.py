"""A scenario as QMP commands, a line each."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from qom_types.dialects import INITIATOR_TYPES
from sandbox.translate.options import exchange_objects

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sandbox.machine.config import MachineConfig
    from sandbox.scenario.model import Scenario


def qmp_lines(scenario: Scenario) -> str:
    """Return the commands of a scenario's steps, behind the one that every session starts with."""
    commands = [{"execute": "qmp_capabilities"}]
    commands += [_command(command.name, command.arguments) for step in scenario.steps if (command := step.command)]
    return "".join(f"{json.dumps(command)}\n" for command in commands)


def qmp_of_objects(config: MachineConfig) -> tuple[str, tuple[str, ...]]:
    """Return commands that make the Generic Initiators and Ports of a command line, and what is left of that.

    Returns:
        The lines, from the start of the session to the reset after which firmware reads the tables; QEMU's words
        without these objects.
    """
    commands = [{"execute": "qmp_capabilities"}]
    commands += [_command("object-add", members) for members in _objects(config)]
    commands.append({"execute": "system_reset"})
    words = [word for option in config.command_line.options for word in _words(option.name, option.value)]
    return "".join(f"{json.dumps(command)}\n" for command in commands), exchange_objects(words, lambda _: ())


def _objects(config: MachineConfig) -> Iterator[dict[str, Any]]:
    for given in config.objects:
        if given.values["qom-type"] in INITIATOR_TYPES:
            yield dict(given.values)


def _words(name: str, value: str | None) -> list[str]:
    if not name:
        return [value or ""]
    return [f"-{name}"] if value is None else [f"-{name}", value]


def _command(name: str, arguments: dict[str, Any] | None) -> dict[str, Any]:
    return {"execute": name} if arguments is None else {"execute": name, "arguments": arguments}
