"""What a machine does at a reset and at its end: ``-action``, ``-no-reboot`` and ``-no-shutdown``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sandbox.errors import QemuError
from sandbox.machine.options_schema import load_options_schema
from sandbox.qapi.opts import parse_opts
from sandbox.qapi.visit import visit_opts

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sandbox.machine.arguments import Option

SHORT: Final = {"no-reboot": "reboot=shutdown", "no-shutdown": "shutdown=pause"}
"""Options that are short for a value of ``-action``."""

KEYS: Final = frozenset({"reboot", "shutdown", "panic", "watchdog"})


def read_actions(option: Option) -> Mapping[str, str]:
    """Return what an option says; of several options the last one decides about each key.

    Raises:
        QemuError: QEMU refuses it.
    """
    pairs = parse_opts(SHORT.get(option.name, option.value or ""))
    for name, _ in pairs:
        if name not in KEYS:
            raise QemuError(f"Invalid parameter '{name}'")
    found: Mapping[str, str] = visit_opts(load_options_schema(), "ActionOptions", pairs)
    return found


def actions_of(options: Iterable[Option]) -> Mapping[str, str]:
    """Return what all options together say.

    Raises:
        QemuError: QEMU refuses one.
    """
    found: dict[str, str] = {}
    for option in options:
        if option.name == "action" or option.name in SHORT:
            found.update(read_actions(option))
    return found
