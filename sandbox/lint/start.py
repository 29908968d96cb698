"""Rules about whether there is a machine with an SRAT at all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sandbox.errors import QemuError
from sandbox.lint.model import ENDS_AT_START, ENDS_IN_SETTER, ERROR, IGNORED, WARNING, Found, Rule
from sandbox.machine.builtin_options import has_firmware
from sandbox.qapi.opts import parse_opts

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sandbox.lint.setup import Setup
    from sandbox.machine.arguments import Option
    from sandbox.scenario.transcript import Ended


def start_refused(setup: Setup) -> Iterator[Found]:
    """QEMU does not start, over something else than these objects."""
    end = setup.refusal or (None if setup.end_where is not None else setup.other_end)
    if end is None or any(duplicate_id(setup)):
        return
    option = next((it for it in setup.options if f" {it.text}: " in end.stderr), None)
    remedy = f"{end.foreign}." if end.foreign else ""
    if end.status <= 0:
        remedy = RAS_NEEDS_FIRMWARE if _lacks_firmware(setup) else "Leave out the option over which it crashes."
    yield Found(f"QEMU does not start: {_said(end)}", setup.where(option), remedy, consequence=ENDS_AT_START)


def command_ends(setup: Setup) -> Iterator[Found]:
    """A command ends QEMU over something else than these objects."""
    end = setup.other_end
    if end is not None and setup.end_where is not None and end.status != 0:
        yield Found(f"QEMU ends: {_said(end)}", setup.end_where, consequence=ENDS_IN_SETTER)


def duplicate_id(setup: Setup) -> Iterator[Found]:
    """Two devices, or two objects, have one id."""
    for kind in ("device", "object"):
        first: dict[str, Option] = {}
        for option in setup.options:
            given = _id_of(option) if option.name == kind else None
            if given is None:
                continue
            if given in first:
                message = f"the id '{given}' is used twice, by {_driver(first[given])} and by {_driver(option)}"
                yield Found(message, setup.where(option), consequence=ENDS_AT_START)
            first.setdefault(given, option)


def no_numa(setup: Setup) -> Iterator[Found]:
    """There are objects and no node is declared."""
    if setup.board is None or setup.node_count or setup.is_acpi_off or not setup.uses():
        return
    ids = list(dict.fromkeys(use.id for use in setup.uses()))
    does = "does" if len(ids) == 1 else "do"
    message = f"no -numa node is declared, so that there is no SRAT and {', '.join(ids)} {does} nothing"
    yield Found(message, setup.where())


def acpi_off(setup: Setup) -> Iterator[Found]:
    """ACPI is off."""
    if not setup.is_acpi_off or not setup.uses():
        return
    option = next((it for it in setup.options if it.name == "no-acpi" or "acpi=off" in it.text), None)
    yield Found(
        "ACPI is off, so that a guest gets none of the tables that these objects are about", setup.where(option)
    )


def no_entries_on_pc(setup: Setup) -> Iterator[Found]:
    """v2 makes no entries on pc and q35."""
    if not setup.makes_srat or setup.asks_objects or setup.board is None:
        return
    for use in setup.uses():
        message = f"v2 makes no entries on {setup.board.type.name}, so that {use.id} does nothing"
        yield Found(message, use.where, consequence=IGNORED)


def _said(end: Ended) -> str:
    if end.reason:
        return end.reason
    return f"signal {-end.status} ends it, without a message" if end.status < 0 else "no message"


def _lacks_firmware(setup: Setup) -> bool:
    """Whether the error records of ``ras=on`` are what a virt machine ends over: they need firmware."""
    if setup.config is None or setup.config.machine_type is None:
        return False
    options = setup.config.machine_options
    wants = options.get("ras") and options.get("acpi") != "off"
    return bool(wants) and not has_firmware(setup.config, options)


def _id_of(option: Option) -> str | None:
    given = _members(option).get("id")
    return given if isinstance(given, str) else None


def _driver(option: Option) -> str:
    return str(_members(option).get("driver" if option.name == "device" else "qom-type", "?"))


def _members(option: Option) -> Mapping[str, object]:
    """Return what ``-object`` or ``-device`` is given; nothing where it cannot be read."""
    if option.name == "device":
        return _device_members(option)
    from sandbox.translate.options import object_members

    return object_members(option.value or "")


def _device_members(option: Option) -> dict[str, object]:
    from sandbox.qapi.json import parse_json

    text = option.value or ""
    try:
        members = parse_json(text) if text.startswith("{") else dict(parse_opts(text, "driver"))
    except QemuError:
        return {}
    return dict(members) if isinstance(members, dict) else {}


RAS_NEEDS_FIRMWARE: Final = (
    "Give the machine firmware, with -bios or -drive if=pflash, since the error records of ras=on need it; or leave "
    "ras=on out."
)

START: Final = (
    Rule(
        "GI001",
        "start-refused",
        ERROR,
        "QEMU refuses the command line.",
        "It prints its message and ends with a status other than 0 before there is a machine.",
        "QEMU 10.0 behaviour",
        "Do what QEMU's message says.",
        of_setup=start_refused,
    ),
    Rule(
        "GI002",
        "duplicate-id",
        ERROR,
        "Two devices, or two objects, have the same id.",
        "QEMU refuses the second one and does not start; a published example of a root port and a GPU has this fault.",
        "QEMU 10.0 behaviour",
        "Give one of them another id, and check which of the two each bus=, pci-dev= or device= means.",
        of_setup=duplicate_id,
    ),
    Rule(
        "GI003",
        "no-numa",
        WARNING,
        "There are Generic Initiator objects and no -numa node.",
        "Without a declared node QEMU makes no SRAT, and the objects do nothing.",
        "QEMU 10.0 behaviour, the v2 series as recorded",
        "Declare the nodes with -numa node: first those with memory and CPUs, then one for each initiator.",
        of_setup=no_numa,
    ),
    Rule(
        "GI004",
        "acpi-off",
        WARNING,
        "There are Generic Initiator objects and ACPI is off.",
        "SRAT, SLIT and HMAT are ACPI tables; a guest without them learns of no initiator.",
        "QEMU 10.0 behaviour",
        "Leave acpi=off out.",
        of_setup=acpi_off,
    ),
    Rule(
        "GI005",
        "v2-on-pc",
        WARNING,
        "An object of the v2 series is used on pc or q35.",
        "The series makes Generic Initiator entries on Arm's virt only, and says nothing elsewhere.",
        "the v2 series as recorded",
        "Use virt, or the merged objects of QEMU 9.0 and later ('qom-sandbox translate --to 10.0').",
        of_setup=no_entries_on_pc,
    ),
    Rule(
        "GI006",
        "command-ends",
        ERROR,
        "A command ends QEMU over something else than a Generic Initiator.",
        "QEMU aborts in it, and a running VM goes with it.",
        "QEMU 10.0 behaviour",
        "Do not send the command; where QEMU's message names an object or an option, correct that.",
        of_setup=command_ends,
    ),
)
