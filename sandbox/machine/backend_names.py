"""The ids of the character devices and networks of a command line, which objects refer to."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from sandbox.errors import QemuError
from sandbox.qapi.opts import parse_opts

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sandbox.machine.arguments import Option
    from sandbox.machine.machine_types import MachineObject

NUMBERED: Final = re.compile(r"(serial|parallel|compat_monitor)\d+")
"""Character devices that other options make."""

NETWORKS: Final = frozenset({"netdev", "nic", "net"})


class ChardevNames(frozenset[str]):
    """The ids of ``-chardev``; those that QEMU gives by itself are taken to be there as well."""

    __slots__ = ()

    def __contains__(self, name: object) -> bool:
        return super().__contains__(name) or (isinstance(name, str) and NUMBERED.fullmatch(name) is not None)


def backend_names(machine: MachineObject, options: Iterable[Option]) -> None:
    """Tell a machine the ids of the character devices and networks that options make."""
    chardevs, shared, networks = set[str](), set[str](), set[str]()
    for option in options:
        if option.name == "chardev":
            values = _members(option.value, "backend")
            (shared if values.get("mux", "off") != "off" else chardevs).add(values.get("id", ""))
        elif option.name in NETWORKS:
            values = _members(option.value, "type")
            networks |= {values[name] for name in ("id", "name") if name in values}
    machine.chardevs = ChardevNames(chardevs | shared)
    machine.shared_chardevs = frozenset(shared)
    machine.networks = frozenset(networks)


def _members(value: str | None, implied: str) -> Mapping[str, str]:
    """Return the members of an option; none where it is not well-formed, which others tell of."""
    text = value or ""
    try:
        if not text.startswith("{"):
            return dict(parse_opts(text, implied))
        from sandbox.qapi.json import parse_json

        members = parse_json(text)
    except QemuError:
        return {}
    return {key: str(value) for key, value in members.items()} if isinstance(members, dict) else {}
