"""The values of the properties of ``/machine``.

Source: QEMU 10.0 behaviour.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sandbox.errors import QemuError, UnmodelledError
from sandbox.monitor.wire import on_wire

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sandbox.machine.machine import Machine
    from sandbox.machine.machine_types import MachineObject

GONE: Final = {"x86_64": ("pflash0", "pflash1"), "aarch64": ("msi", "virtio-mmio-transports")}
"""Properties that are taken away when the machine is made, or that came later than QEMU 10.0."""

CACHES: Final = ("l1d", "l1i", "l2", "l3")
MIB: Final = 1 << 20
FIRST_AUTO_SMBIOS: Final = (8, 1)
FIRST_SETTLED_ITS: Final = (11, 1)
HIGH_WINDOW: Final = 512 << 30


def read_machine(machine: Machine, found: MachineObject, name: str) -> Any:
    """Return the value of a property of the machine.

    Raises:
        QemuError: it has no such property.
        UnmodelledError: it has, but its value is not known here.
    """
    from sandbox.monitor.device_properties import properties_of
    from sandbox.monitor.machine_listing import ONLY_QEMUS

    reader = READERS.get(name)
    recorded = properties_of(found.info.name, machine.board.type.architecture)
    if recorded is not None and name in GONE[machine.board.type.architecture]:
        raise QemuError(f"Property '{found.info.name}.{name}' not found")
    if name in ONLY_QEMUS or name == "fw_cfg":
        raise UnmodelledError(f"the value of the machine's property '{name}' is not modelled")
    if reader is not None and found.find(name) is not None:
        return reader(machine, found.options)
    value = found.read(name)
    if value is None:
        raise UnmodelledError(f"the value of the machine's property '{name}' is not modelled")
    return value


def _boot(machine: Machine, options: Mapping[str, Any]) -> dict[str, Any]:
    order = {"order": "cad"} if machine.board.type.is_x86 else {}
    names = ("order", "once", "menu", "splash", "splash-time", "reboot-timeout", "strict")
    given = {**order, **(options.get("boot") or {}), **_boot_option(machine)}
    return on_wire({name: given[name] for name in names if name in given})


def _boot_option(machine: Machine) -> dict[str, Any]:
    """Return what ``-boot`` gives."""
    from sandbox.qapi.numbers import read_bool
    from sandbox.qapi.opts import parse_opts

    given: dict[str, Any] = {}
    for option in machine.config.command_line.options:
        if option.name == "boot":
            given.update(parse_opts(option.value or "", "order"))
    for name, text in list(given.items()):
        if name in ("menu", "strict"):
            given[name] = read_bool(text)
        elif name in ("splash-time", "reboot-timeout") and text.lstrip("-").isdecimal():
            given[name] = int(text)
    return given


def _memory(machine: Machine, _options: Mapping[str, Any]) -> dict[str, int]:
    memory = machine.board.memory
    more = {"max-size": memory.max_ram_size, "slots": memory.slots} if memory.max_ram_size > memory.ram_size else {}
    return on_wire({"size": memory.ram_size, **more})


def _smp(machine: Machine, _options: Mapping[str, Any]) -> dict[str, int]:
    smp = machine.board.smp
    newer = {"modules": smp.modules} if machine.config.dialect.interface_version >= (9, 1) else {}
    books = {"drawers": 1, "books": 1} if machine.config.dialect.interface_version >= (8, 2) else {}
    return on_wire(
        {
            "cpus": smp.cpus,
            **books,
            "sockets": smp.sockets,
            "dies": smp.dies,
            "clusters": smp.clusters,
            **newer,
            "cores": smp.cores,
            "threads": smp.threads,
            "maxcpus": smp.max_cpus,
        }
    )


def _smp_cache(_machine: Machine, options: Mapping[str, Any]) -> list[dict[str, str]]:
    if options.get("smp-cache"):
        raise UnmodelledError("the value of the machine's property 'smp-cache' is not modelled")
    return [on_wire({"cache": cache, "topology": "default"}) for cache in CACHES]


def _memory_backend(machine: Machine, options: Mapping[str, Any]) -> str:
    given = options.get("memory-backend")
    if given:
        found = machine.tree.resolve_quietly(given, "memory-backend")
        return found.path if found is not None else ""
    name = machine.board.type.default_ram_id
    has_own = not any(node.backend for node in machine.board.numa.nodes)
    return f"/objects/{name}" if has_own else ""


def _firmware(machine: Machine, options: Mapping[str, Any]) -> str:
    given = [option.value or "" for option in machine.config.command_line.options if option.name == "bios"]
    usual = "bios-256k.bin" if machine.board.type.is_x86 else ""
    return given[-1] if given else str(options.get("firmware") or usual)


def _text_option(name: str) -> Callable[[Machine, Mapping[str, Any]], str]:
    """Return the reader of a property that has an option of its name."""

    def read(machine: Machine, options: Mapping[str, Any]) -> str:
        given = [option.value or "" for option in machine.config.command_line.options if option.name == name]
        return given[-1] if given else str(options.get(name) or "")

    return read


def _below_4g(machine: Machine, options: Mapping[str, Any]) -> int:
    given = options.get("max-ram-below-4g")
    if given:
        return int(given)
    return 0xE000_0000 if machine.board.type.family == "pc" else 1 << 32


def _gic_version(machine: Machine, options: Mapping[str, Any]) -> str:
    from sandbox.machine.cpus import gic_version

    virtualization = bool(options.get("virtualization"))
    asked = options.get("gic-version")
    return str(gic_version(asked, machine.board.smp.max_cpus, virtualization=virtualization))


def _its(machine: Machine, options: Mapping[str, Any]) -> bool:
    asked = bool(options.get("its", True))
    if machine.config.dialect.interface_version < FIRST_SETTLED_ITS:
        return asked
    return asked and _gic_version(machine, options) != "2"


def _graphics(machine: Machine, options: Mapping[str, Any]) -> bool:
    off = any(option.name == "nographic" for option in machine.config.command_line.options)
    return not off and bool(options.get("graphics", True))


def _usb(machine: Machine, options: Mapping[str, Any]) -> bool:
    asked = any(option.name in ("usb", "usbdevice") for option in machine.config.command_line.options)
    return asked or bool(options.get("usb"))


def _usual(name: str, value: object) -> Callable[[Machine, Mapping[str, Any]], Any]:
    """Return the reader of a property that has ``value`` where nobody sets it."""
    return lambda _machine, options: value if options.get(name) is None else options[name]


def _vmport(_machine: Machine, options: Mapping[str, Any]) -> str:
    given = str(options.get("vmport", "auto"))
    return "on" if given == "auto" else given


def _smbios(machine: Machine, options: Mapping[str, Any]) -> str:
    usual = "auto" if machine.board.type.version >= FIRST_AUTO_SMBIOS else "32"
    return str(options.get("smbios-entry-point-type", usual))


def _compact_highmem(machine: Machine, options: Mapping[str, Any]) -> bool:
    return bool(options.get("compact-highmem", machine.board.type.compact_highmem))


def _high_ecam(machine: Machine, options: Mapping[str, Any]) -> bool:
    return bool(options.get("highmem-ecam", machine.board.type.high_ecam))


def _south_bridge(_machine: Machine, options: Mapping[str, Any]) -> str:
    return {"piix3": "PIIX3", "piix4-isa": "piix4-isa"}.get(str(options.get("x-south-bridge", "piix3")), "PIIX3")


READERS: Final[Mapping[str, Callable[[Machine, Mapping[str, Any]], Any]]] = {
    "boot": _boot,
    "memory": _memory,
    "smp": _smp,
    "smp-cache": _smp_cache,
    "memory-backend": _memory_backend,
    "firmware": _firmware,
    "kernel": _text_option("kernel"),
    "initrd": _text_option("initrd"),
    "append": _text_option("append"),
    "shim": _text_option("shim"),
    "dtb": _text_option("dtb"),
    "phandle-start": _usual("phandle-start", 0),
    "bus-lock-ratelimit": _usual("bus-lock-ratelimit", 0),
    "sgx-epc": _usual("sgx-epc", []),
    "cxl-fmw": _usual("cxl-fmw", []),
    "max-fw-size": _usual("max-fw-size", 8 * MIB),
    "max-ram-below-4g": _below_4g,
    "highmem-mmio-size": _usual("highmem-mmio-size", HIGH_WINDOW),
    "gic-version": _gic_version,
    "its": _its,
    "graphics": _graphics,
    "usb": _usb,
    "vmport": _vmport,
    "smbios-entry-point-type": _smbios,
    "compact-highmem": _compact_highmem,
    "highmem-ecam": _high_ecam,
    "x-south-bridge": _south_bridge,
}
"""Properties whose values are not just what ``-machine`` set."""
