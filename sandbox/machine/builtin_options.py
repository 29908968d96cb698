"""Which options decide about the devices that a machine has by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sandbox.errors import QemuError, UnmodelledError
from sandbox.machine.pci.options import BuiltinOptions, Drive
from sandbox.qapi.numbers import option_number
from sandbox.qapi.opts import parse_opts

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sandbox.machine.board import Board
    from sandbox.machine.config import MachineConfig

SHORT_DRIVES: Final[Mapping[str, Drive]] = {
    "": Drive(index=0),
    "hda": Drive(index=0),
    "hdb": Drive(index=1),
    "hdc": Drive(index=2),
    "hdd": Drive(index=3),
    "cdrom": Drive(index=2),
    "fda": Drive("floppy", 0),
    "fdb": Drive("floppy", 1),
    "sd": Drive("sd"),
    "mtdblock": Drive("mtd"),
    "pflash": Drive("pflash"),
}
"""Options that stand for a drive."""

NETWORK: Final = frozenset({"net", "nic", "netdev"})
PLACING_PROPERTIES: Final = frozenset({"addr", "multifunction", "bus", "hotplug", "chassis", "slot", "port", "bus_nr"})
"""Properties whose default, if changed with ``-global``, would move devices."""

IDE_UNITS: Final = {"pc": 2, "q35": 1, "virt": 1}


def builtin_options(board: Board, config: MachineConfig) -> BuiltinOptions:
    """Return what decides about a machine's own devices.

    Raises:
        UnmodelledError: ``-global`` changes where devices go.
    """
    given = board.machine.options
    switches = config.switches
    globals_ = dict(globals_of(config))
    return BuiltinOptions(
        version=board.type.version[:2] if len(board.type.version) > 1 else None,  # type: ignore[arg-type]
        defaults=not any(name == "nodefaults" for name, _ in switches),
        vga=_last(config, "vga"),
        drivers=(*(str(device.values["driver"]) for device in config.devices), *(name for name, _ in globals_)),
        nics=_nics(config),
        drives=drives(board.type.family, config),
        sound=_sound(config),
        usb=bool(given.get("usb")) or any(name in ("usb", "usbdevice") for name, _ in switches),
        usb_devices=sum(name == "usbdevice" for name, _ in switches),
        acpi=given.get("acpi") != "off",
        sata=given.get("sata", True),
        smbus=given.get("smbus", True),
        hpet=given.get("hpet", True) and not any(option.name == "no-hpet" for option in config.command_line.options),
        pit=given.get("pit") != "off",
        pic=given.get("pic") != "off",
        i8042=given.get("i8042", True),
        vmport=given.get("vmport") != "off",
        south_bridge=given.get("x-south-bridge", "piix3"),
        acpi_bridge_hotplug=_switch(globals_, "acpi-pci-hotplug-with-bridge-support"),
        acpi_root_hotplug=_switch(globals_, "acpi-root-pci-hotplug") is not False,
        serials=_ports(config, "serial"),
        parallels=_ports(config, "parallel"),
        cpus=board.smp.cpus,
        node_count=len(board.numa.nodes),
        high_ecam=board.high_ecam,
        gic_has_msi=board.gic_has_msi,
        secure=bool(given.get("secure")),
        smmu=given.get("iommu") == "smmuv3",
        firmware=has_firmware(config, given),
        aarch64_cpu=board.cpu.is_64bit,
    )


def has_firmware(config: MachineConfig, machine_options: Mapping[str, Any]) -> bool:
    """Whether firmware was given; virt has none of its own."""
    options = config.command_line.options
    in_flash = any(option.name == "drive" and "if=pflash" in (option.value or "") for option in options)
    given = any(option.name in ("bios", "pflash") for option in options)
    return given or in_flash or bool(machine_options.get("pflash0")) or bool(machine_options.get("firmware"))


def drives(family: str, config: MachineConfig) -> tuple[Drive, ...]:
    """Return the drives of the command line in order.

    Raises:
        MachineExit: a drive's place is no number.
    """
    found = []
    for option in config.command_line.options:
        if option.name in SHORT_DRIVES:
            found.append(SHORT_DRIVES[option.name])
        elif option.name == "drive":
            try:
                found.append(_drive(family, dict(parse_opts(option.value or ""))))
            except QemuError as error:
                config.command_line.fail(error, option)
    return tuple(found)


def _drive(family: str, values: Mapping[str, str]) -> Drive:
    numbers = {name: option_number(name, values[name]) for name in ("index", "bus", "unit") if name in values}
    index = numbers.get("index")
    if index is None and numbers:
        index = numbers.get("bus", 0) * IDE_UNITS[family] + numbers.get("unit", 0)
    return Drive(values.get("if"), index, values.get("id", ""))


def _last(config: MachineConfig, name: str) -> str | None:
    return next((value for switch, value in reversed(config.switches) if switch == name), None)


def _nics(config: MachineConfig) -> tuple[str | None, ...] | None:
    """Return the models of the network devices that ``-nic`` and ``-net nic`` ask for; None without such options."""
    options = [(name, value or "") for name, value in config.switches if name in NETWORK]
    if not options:
        return None
    models: list[str | None] = []
    for name, value in options:
        values = dict(parse_opts(value, "type"))
        if (name == "nic" and values.get("type") != "none") or (name == "net" and values.get("type") == "nic"):
            models.append(values.get("model"))
    return tuple(models)


def _sound(config: MachineConfig) -> str | None:
    audio = _last(config, "audio")
    return None if audio is None else dict(parse_opts(audio, "driver")).get("model")


def _ports(config: MachineConfig, name: str) -> int | None:
    given = [option.value for option in config.command_line.options if option.name == name]
    return sum(value != "none" for value in given) if given else None


def globals_of(config: MachineConfig) -> Iterator[tuple[tuple[str, str], str]]:
    """Give ``-global`` options as ((driver, property), value)."""
    for name, text in config.switches:
        if name != "global" or text is None:
            continue
        head, _, value = text.partition("=")
        driver, dot, attribute = head.partition(".")
        if not dot:
            values = dict(parse_opts(text))
            driver, attribute, value = values.get("driver", ""), values.get("property", ""), values.get("value", "")
        if attribute in PLACING_PROPERTIES:
            raise UnmodelledError(f"-global {text}: it changes where devices go, which the sandbox does not model")
        yield (driver, attribute), value


def _switch(globals_: Mapping[tuple[str, str], str], attribute: str) -> bool | None:
    values = (value in ("on", "yes", "true", "y") for (_, name), value in globals_.items() if name == attribute)
    return next(values, None)
