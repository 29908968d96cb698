"""The human monitor's commands on objects, reached through ``human-monitor-command``.

Their replies are text with line ends of two characters; a refusal is text as well.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sandbox.errors import MachineExit, QemuError, UnmodelledError
from sandbox.qapi.keyval import parse_keyval
from sandbox.qapi.visit import visit_json, visit_keyval

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sandbox.machine.machine import Machine


def human_monitor_command(machine: Machine, arguments: Mapping[str, Any]) -> object:
    """``human-monitor-command``: run one line as a person would type it.

    Raises:
        UnmodelledError: QEMU's human monitor has the command and the sandbox does not.
    """
    name, _, rest = arguments["command-line"].strip().partition(" ")
    if not name:
        return ""
    command = COMMANDS.get(name)
    if command is None:
        if name in OTHER_COMMANDS:
            raise UnmodelledError(f"the human monitor's command '{name}' is not modelled")
        return f"unknown command: '{name}'\r\n"
    try:
        return command(machine, rest.strip()).replace("\n", "\r\n")
    except QemuError as error:
        hint = f"\n{error.hint.rstrip()}" if error.hint else ""
        return f"Error: {error.desc}{hint}\n".replace("\n", "\r\n")


def object_add(machine: Machine, text: str) -> str:
    """``object_add qom-type=typename,id=id[,...]``."""
    if not text:
        return 'object_add: string expected\nTry "help object_add" for more information\n'
    if text.startswith("{"):
        from sandbox.qapi.json import parse_json

        options = visit_json(machine.schema, "ObjectOptions", parse_json(text))
    else:
        options = visit_keyval(machine.schema, "ObjectOptions", parse_keyval(text, "qom-type"))
    machine.object_add(options)
    return ""


def object_del(machine: Machine, text: str) -> str:
    """``object_del id``."""
    if not text:
        return 'object_del: string expected\nTry "help object_del" for more information\n'
    word, extra = _word(text)
    if extra:
        return _extraneous("object_del")
    machine.object_del(word)
    return ""


def _word(text: str) -> tuple[str, str]:
    """Return the first word of a line, without its quotes, and what is behind it."""
    if text.startswith('"'):
        word, _, extra = text[1:].partition('"')
    else:
        word, _, extra = text.partition(" ")
    return word, extra.strip()


def _extraneous(command: str) -> str:
    return f'{command}: extraneous characters at the end of line\nTry "help {command}" for more information\n'


def system_reset(machine: Machine, text: str) -> str:
    """``system_reset``."""
    if text:
        return _extraneous("system_reset")
    machine.reset()
    return ""


def quit_(_machine: Machine, text: str) -> str:
    """``quit``: the machine ends with status 0."""
    if text:
        return _extraneous("quit")
    raise MachineExit("", status=0)


COMMANDS: Final[Mapping[str, Callable[[Machine, str], str]]] = {
    "object_add": object_add,
    "object_del": object_del,
    "system_reset": system_reset,
    "quit": quit_,
}

OTHER_COMMANDS: Final = frozenset({"info", "help", "qom-list", "qom-get", "qom-set", "device_add", "device_del"})
"""Commands that bear on objects or tables and are not answered."""
