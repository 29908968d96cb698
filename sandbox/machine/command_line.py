"""Reading a QEMU command line into a configuration.

What QEMU finds wrong while it reads its options is found here, in the same order; what it finds when it makes the
machine is found when :mod:`sandbox.machine.startup` does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qom_types.dialects import dialect_named, knows
from qom_types.meant import AS_ASKED_FOR, deduce_dialect, foreign_member
from sandbox.errors import InputError, MachineExit, Place, QemuError, UnmodelledError
from sandbox.machine import ignored
from sandbox.machine.arguments import (
    MACHINE,
    CommandLine,
    Option,
    machine_named,
    refuse_other_targets,
    split_arguments,
)
from sandbox.machine.config import Given, MachineConfig
from sandbox.machine.options_schema import load_options_schema
from sandbox.machine.refusals import ConfigurationError
from sandbox.qapi.keyval import merge_keyval, read_keyval
from sandbox.qapi.opts import parse_opts
from sandbox.qapi.visit import visit_json, visit_opts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from qom_types.dialects import Dialect
    from qom_types.plugins import TypePlugin
    from sandbox.machine.monitors import MonitorOption
    from sandbox.qapi.keyval import Keyval


def parse_arguments(
    argv: Sequence[str],
    dialect: str | None = None,
    place: Place | None = None,
    later_objects: Sequence[Mapping[str, object]] = (),
) -> MachineConfig:
    """Read a QEMU command line.

    Args:
        argv: its words, with or without the program in front.
        dialect: the dialect's name; None: it follows from the objects' own members.
        place: where the command line stands, for messages.
        later_objects: the members of objects that are known to be added later; they too tell the dialect.

    Raises:
        MachineExit: QEMU would refuse the options as they stand; status 1 and its message.
        InputError: the dialect is unknown.
        UnmodelledError: an option would move a table, but is not modelled.
    """
    command_line = split_arguments(argv)
    refuse_other_targets(command_line.program, place)
    members = [_object_members(command_line, option) for option in command_line.options if option.name == "object"]
    if dialect is None:
        named = machine_named(option.value or "" for option in command_line.options if option.name in MACHINE)
        chosen, reason = deduce_dialect([*members, *later_objects], named)
    else:
        chosen, reason = dialect_named(dialect), AS_ASKED_FOR
    reader = _Reader(command_line, chosen, reason, place)
    try:
        return reader.read()
    except MachineExit as end:
        end.foreign = foreign_member(chosen, reader.members) or ""
        raise


def _object_members(command_line: CommandLine, option: Option) -> Mapping[str, Any]:
    """Return the members of an ``-object`` as they were given, unchecked."""
    text = option.value or ""
    if not text.startswith("{"):
        return dict(_pairs(command_line, option, "qom-type"))
    try:
        from sandbox.qapi.json import parse_json

        value = parse_json(text)
    except QemuError as error:
        command_line.fail(error, option)
    return value if isinstance(value, dict) else {}


def _pairs(command_line: CommandLine, option: Option, implied_key: str | None) -> tuple[tuple[str, str], ...]:
    try:
        return parse_opts(option.value or "", implied_key)
    except QemuError as error:
        command_line.fail(error, option)


class _Reader:
    """Reads the options one after the other, as QEMU does, so that the first wrong one is the one that is reported."""

    def __init__(self, command_line: CommandLine, dialect: Dialect, reason: str, place: Place | None) -> None:
        self.command_line = command_line
        self.dialect = dialect
        self.reason = reason
        self.place = place
        self.schema = dialect.schema()
        self.machine: dict[str, Keyval] = {}
        self.memory: dict[str, int] = {}
        self.cpu: str | None = None
        self.numa: list[Given] = []
        self.objects: list[Given] = []
        self.members: Mapping[str, object] = {}
        self.devices: list[Given] = []
        self.switches: list[tuple[str, str | None]] = []
        self.paused = False
        self.actions: dict[str, str] = {}
        self.ignored: list[str] = []
        self.plugins: list[TypePlugin] = []
        self.readers: Mapping[str, Callable[[Option], None]] = {
            "M": self.read_machine,
            "machine": self.read_machine,
            "smp": self.read_smp,
            "m": self.read_memory,
            "cpu": self.read_cpu,
            "numa": self.read_numa,
            "object": self.read_object,
            "device": self.read_device,
            "S": self.read_paused,
            "action": self.read_action,
            "no-reboot": self.read_action,
            "no-shutdown": self.read_action,
            "no-acpi": self.read_sugar,
            "mem-path": self.read_sugar,
        }

    def read(self) -> MachineConfig:
        for option in self.command_line.options:
            reader = self.readers.get(option.name)
            if option.name in ("object", "device", "cpu", "action") and set((option.value or "").split(",")) & {
                "help",
                "?",
            }:
                raise InputError(f"{option.text}: it asks QEMU for help instead of a machine", self.place)
            try:
                if reader is not None:
                    reader(option)
                else:
                    self.read_other(option)
            except ConfigurationError as error:
                self.command_line.fail(error)
            except QemuError as error:
                self.command_line.fail(error, option)
        machine_type = self.machine.pop("type", None)
        if not isinstance(machine_type, str | None):
            raise InputError("-machine type: it has parts; give one name", self.place)
        return MachineConfig(
            command_line=self.command_line,
            dialect=self.dialect,
            dialect_reason=self.reason,
            schema=self.schema,
            machine_type=machine_type,
            machine_options=self.machine,
            cpu=self.cpu,
            memory=self.memory,
            numa=tuple(self.numa),
            objects=tuple(self.objects),
            devices=tuple(self.devices),
            switches=tuple(self.switches),
            monitors=self.monitors(),
            paused=self.paused,
            ends_at_reset=self.actions.get("reboot") == "shutdown",
            halts_at_end=self.actions.get("shutdown") == "pause",
            ignored=tuple(self.ignored),
            plugins=tuple(self.plugins),
        )

    def monitors(self) -> tuple[MonitorOption, ...]:
        """Return the monitors of ``/objects``."""
        if not self.dialect.monitors_are_objects:
            return ()
        from sandbox.machine.monitors import monitor_options

        return monitor_options(self.command_line.options)

    def read_machine(self, option: Option) -> None:
        given = read_keyval(option.value or "", "type")
        if given.wants_help:
            raise InputError(f"{option.text}: it asks QEMU for help instead of a machine", self.place)
        with_dashes = {name.replace("_", "-"): value for name, value in given.tree.items()}
        self.machine = merge_keyval(self.machine, with_dashes)

    def read_smp(self, option: Option) -> None:
        self.machine = merge_keyval(self.machine, {"smp": read_keyval(option.value or "", "cpus").tree})

    def read_memory(self, option: Option) -> None:
        from sandbox.machine.memory_option import parse_memory

        self.memory.update(parse_memory(parse_opts(option.value or "", "size")))

    def read_cpu(self, option: Option) -> None:
        self.cpu = option.value

    def read_numa(self, option: Option) -> None:
        pairs = parse_opts(option.value or "", "type")
        values = visit_opts(load_options_schema(), "NumaOptions", pairs)
        if values.get("type") == "node" and "mem" in values:
            from sandbox.machine.memory_option import legacy_node_memory

            values["mem"] = legacy_node_memory(dict(pairs)["mem"])
        self.numa.append(Given(option, values))

    def read_object(self, option: Option) -> None:
        text = option.value or ""
        if text.startswith("{"):
            from sandbox.qapi.json import parse_json

            members = parse_json(text)
            if isinstance(members, dict):
                self.members = members
                self.learn_type(members.get("qom-type"))
            values = visit_json(self.schema, "ObjectOptions", members)
        else:
            pairs = parse_opts(text, "qom-type")
            self.members = dict(pairs)
            self.refuse_duplicate_id(pairs, "object", self.objects)
            if "qom-type" not in dict(pairs):
                raise QemuError("Parameter 'qom-type' is missing")
            self.learn_type(dict(pairs)["qom-type"])
            values = visit_opts(self.schema, "ObjectOptions", pairs)
        self.objects.append(Given(option, values))

    def learn_type(self, typename: object) -> None:
        """Take in a type of the user's own where the dialect does not know one of that name.

        Raises:
            UnmodelledError: QEMU has the type and the sandbox does not.
        """
        if not isinstance(typename, str) or knows(self.schema, typename):
            return
        from qom_types.plugins import extended, find_plugin

        plugin = find_plugin(typename)
        if plugin is not None:
            self.schema = extended(self.schema, plugin)
            self.plugins.append(plugin)
        elif typename in ignored.UNMODELLED_OBJECTS:
            raise UnmodelledError(
                f"-object {typename}: QEMU has this type, but the sandbox does not model it, and it would take a place "
                "among the objects whose order the entries follow",
                self.place,
            )

    def read_device(self, option: Option) -> None:
        text = option.value or ""
        if text.startswith("{"):
            from sandbox.qapi.json import parse_json

            values = parse_json(text)
            if not isinstance(values, dict):
                raise QemuError("Invalid parameter type for 'device', expected: object")
        else:
            values = dict(parse_opts(text, "driver"))
            self.refuse_duplicate_id(values.items(), "device", self.devices)
        if "driver" not in values:
            raise QemuError("Parameter 'driver' is missing")
        self.devices.append(Given(option, values))

    def refuse_duplicate_id(self, pairs: Iterable[tuple[str, object]], group: str, earlier: Sequence[Given]) -> None:
        given = dict(pairs).get("id")
        if given is not None and any(given == other.values.get("id") for other in earlier):
            raise QemuError(f"Duplicate ID '{given}' for {group}")

    def read_paused(self, _option: Option) -> None:
        self.paused = True

    def read_action(self, option: Option) -> None:
        from sandbox.machine.run_actions import read_actions

        self.actions.update(read_actions(option))

    def read_sugar(self, option: Option) -> None:
        """Read an option that is another way of writing a machine property."""
        if option.name == "no-acpi":
            self.machine["acpi"] = "off"
        else:
            self.switches.append((option.name, option.value))

    def read_other(self, option: Option) -> None:
        if option.name in ignored.UNMODELLED_OPTIONS:
            why = ignored.UNMODELLED_OPTIONS[option.name]
            raise UnmodelledError(f"-{option.name}: {why}, which the sandbox does not model", self.place)
        if option.name == "virtfs":
            self.devices.append(Given(option, {"driver": "virtio-9p-pci"}))
        elif option.name in ignored.DEVICE_SWITCHES:
            self.switches.append((option.name, option.value))
        else:
            self.ignored.append(option.text)
