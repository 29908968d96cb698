"""A case while it is made smaller: options and commands, and the changes that keep them fitting each other."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from sandbox.campaign.hand import option_text
from sandbox.campaign.options import Option, join_options, settled, split_options
from sandbox.records import record, replace

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from sandbox.campaign.case import Case, Command

NODE_KEYS: Final = ("nodeid", "src", "dst", "node-id", "initiator", "target")
SOFT_NODE_KEYS: Final = ("node", "numa_node")
"""Keys of objects and devices: what named a node that is gone names node 0 instead."""

REFERENCES: Final = ("pci-dev", "pci-bus", "device", "bus", "memdev", "path", "id")


@record
class Draft:
    """Options and commands.

    Attributes:
        options: the command line.
        commands: what is sent.
    """

    options: tuple[Option, ...]
    commands: tuple[Command, ...]

    @classmethod
    def of(cls, case: Case) -> Draft:
        """Return the draft that a case begins as, its JSON objects in short form where that is the same."""
        return cls(tuple(_decimal(_plain(option)) for option in split_options(case.arguments)), case.commands)

    def case(self, case: Case) -> Case:
        """Return ``case`` with the options and commands of this draft."""
        return replace(case, arguments=join_options(self.options), commands=self.commands)

    @property
    def size(self) -> tuple[int, int, int]:
        """How large it is: options and commands, then their parts, then their letters."""
        words = join_options(self.options)
        parts = sum(len(option.parts or ()) for option in self.options)
        return len(self.options) + len(self.commands), parts, len(" ".join(words)) + len(repr(self.commands))

    def without_options(self, places: Collection[int]) -> Draft:
        """Return it without the options at these places, and with what hung on them put right."""
        kept = tuple(option for place, option in enumerate(self.options) if place not in places)
        return Draft(settled(kept), self.commands)

    def without_commands(self, places: Collection[int]) -> Draft:
        """Return it without the commands at these places."""
        return replace(
            self, commands=tuple(command for place, command in enumerate(self.commands) if place not in places)
        )

    def with_option(self, place: int, option: Option) -> Draft:
        """Return it with another option at a place."""
        options = (*self.options[:place], option, *self.options[place + 1 :])
        return Draft(settled(options), self.commands)

    def without_node(self, gone: int) -> Draft:
        """Return it without a NUMA node; those behind move up, and what lay between it and others goes too."""
        moved = {str(old): None if old == gone else str(old - (old > gone)) for old in self.nodes}
        kept = []
        for option in self.options:
            given = {key: value for key in NODE_KEYS if (value := option.get(key)) is not None}
            if option.name == "-numa":
                if str(gone) in given.values() or (is_node(option) and not given and gone == 0):
                    continue
                kept.append(option.mapped({key: moved.get(value, value) for key, value in given.items()}))
            elif option.name in ("-object", "-device"):
                soft = {key: value for key in SOFT_NODE_KEYS if (value := option.get(key)) is not None}
                kept.append(option.mapped({key: moved.get(value, value) or "0" for key, value in soft.items()}))
            else:
                kept.append(option)
        commands = tuple((name, _moved(arguments, moved)) for name, arguments in self.commands)
        return Draft(settled(kept), commands)

    def renamed(self, names: Mapping[str, str]) -> Draft:
        """Return it with other ids, wherever they stand."""
        options = tuple(
            option.mapped({key: names[value] for key in REFERENCES if (value := option.get(key) or "") in names})
            for option in self.options
        )
        return Draft(options, tuple((name, _renamed(arguments, names)) for name, arguments in self.commands))

    @property
    def nodes(self) -> list[int]:
        """The numbers of the NUMA nodes."""
        return sorted({int(option.get("nodeid") or 0) for option in self.options if is_node(option)})

    def in_order(self) -> Draft:
        """Return it with its options in the order in which people write them; those of one name keep theirs."""
        ranks = {name: rank for rank, name in enumerate(("-M", "-cpu", "-smp", "-m"))}

        def rank(option: Option) -> int:
            if option.name == "-object":
                return 5 if option.head.startswith("memory-backend-") else 8
            return {"-numa": 6, "-device": 7}.get(option.name, ranks.get(option.name, 4))

        return Draft(tuple(sorted(self.options, key=rank)), self.commands)

    def ids(self, option_name: str) -> list[str]:
        """Return the ids that options of that name give."""
        return [name for option in self.options if option.name == option_name and (name := option.get("id"))]


def is_node(option: Option) -> bool:
    """Whether it is ``-numa node``."""
    return option.name == "-numa" and option.head == "node"


def _plain(option: Option) -> Option:
    if option.name != "-object" or not option.head.startswith("{"):
        return option
    members = json.loads(option.head)
    return split_options(("-object", option_text(members)))[0] if isinstance(members, dict) else option


def _decimal(option: Option) -> Option:
    """Return an object whose node is written as a decimal number."""
    text = option.get("node") or ""
    for prefix, base in (("0x", 16), ("0", 8)):
        if text.startswith(prefix) and text != "0":
            try:
                return option.mapped({"node": str(int(text.removeprefix(prefix), base))})
            except ValueError:
                return option
    return option


def _moved(arguments: dict[str, Any] | None, moved: Mapping[str, str | None]) -> dict[str, Any] | None:
    if arguments is None:
        return None
    keys = ["node"] + (["value"] if arguments.get("property") == "node" else [])
    changed = {
        key: int(moved[str(value)] or 0)
        for key in keys
        if isinstance(value := arguments.get(key), int) and str(value) in moved
    }
    return {**arguments, **changed}


def _renamed(arguments: dict[str, Any] | None, names: Mapping[str, str]) -> dict[str, Any] | None:
    if arguments is None:
        return None
    changed = {}
    for key, value in arguments.items():
        if key in (*REFERENCES, "value") and isinstance(value, str):
            head, slash, tail = value.rpartition("/")
            value = f"{head}{slash}{names.get(tail, tail)}"
        changed[key] = value
    return changed
