"""Values for the properties of devices, from ``-device`` text or from JSON, with QEMU's words for wrong ones.

Only what can be judged without the rest of the machine is checked: switches, numbers, sizes, and choices whose names
are known here. Names of backends (drives, netdevs, memory, character devices) are taken as they are.

Source: QEMU 10.0 behaviour.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sandbox.errors import QemuError
from sandbox.machine.pci.address import parse_devfn
from sandbox.qapi.numbers import NumberError, read_bool, read_int64, read_size, read_uint64
from sandbox.qapi.qdict import walk_order

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sandbox.machine.pci.catalog import DeviceType

_UNSIGNED: Final = {"uint8": 0xFF, "uint16": 0xFFFF, "uint32": 0xFFFF_FFFF, "uint64": 0xFFFF_FFFF_FFFF_FFFF}
_UINT64_MAX: Final = _UNSIGNED["uint64"]
_CHOICES: Final = {
    "OnOffAuto": frozenset({"auto", "on", "off"}),
    "PCIELinkSpeed": frozenset({"2_5", "5", "8", "16", "32", "64"}),
    "PCIELinkWidth": frozenset({"1", "2", "4", "8", "12", "16", "32"}),
    "OasMode": frozenset({"auto", "32", "36", "40", "42", "44", "48", "52", "56"}),
    "SsidSizeMode": frozenset({"auto", *map(str, range(21))}),
}
_READ_ONLY: Final = frozenset({"read-only", "busnr", "guest statistics"})
_READ_ONLY_INSIDE: Final = {("virtio-mem-pci", "size"): "virtio-mem"}
"""Properties that stand for one of another device, inside the device, and that cannot be written."""

_OBJECT: Final = "SocketAddress"
_BELOW_4G: Final = "x-max-bounce-buffer-size"


def read_properties(
    kind: DeviceType,
    given: Mapping[str, object],
    *,
    from_json: bool = False,
    accept: Callable[[str, object], None] | None = None,
) -> dict[str, object]:
    """Return the values that ``given`` sets, in the order in which QEMU sets them.

    Args:
        kind: the device's type.
        given: what the user gave, without ``driver``, ``bus`` and ``id``.
        from_json: whether it came as JSON; then numbers and switches must have their JSON types.
        accept: looks at each value when it is set, and may raise QemuError.

    Raises:
        QemuError: a property is unknown or read-only, or does not take its value; of several the one that QEMU meets
            first.
    """
    values: dict[str, object] = {}
    for name in walk_order(list(given)[::-1]):
        declared = kind.properties.get(name)
        if declared is None:
            raise QemuError(f"Property '{kind.typename}.{name}' not found")
        if declared in _READ_ONLY or declared.startswith("child<"):
            raise QemuError(f"Property '{kind.typename}.{name}' is not writable")
        if (kind.typename, name) in _READ_ONLY_INSIDE:
            raise QemuError(f"Property '{_READ_ONLY_INSIDE[kind.typename, name]}.{name}' is not writable")
        if name == "addr":
            values[name] = parse_devfn(given[name], kind.typename)
        else:
            values[name] = read_value(kind.typename, name, declared, given[name], from_json=from_json)
        if accept is not None:
            accept(name, values[name])
    return values


def read_value(typename: str, name: str, declared: str, value: object, *, from_json: bool) -> Any:
    """Return the value of a property of any device, PCI or not.

    Args:
        typename: the device's type.
        name: the property.
        declared: its type.
        value: what was given.
        from_json: whether it came as JSON; else it is text.

    Raises:
        QemuError: the property does not take it.
    """
    if from_json:
        return _from_json(typename, name, declared, value)
    return _from_text(typename, name, declared, str(value))


def _from_text(typename: str, name: str, declared: str, text: str) -> object:
    if declared == "bool":
        switch = read_bool(text)
        if switch is None:
            raise QemuError(f"Parameter '{name}' expects 'on' or 'off'")
        return switch
    if declared in _UNSIGNED:
        return _unsigned(name, declared, _integer(name, text, signed=False))
    if declared == "int32":
        return _int32(name, _integer(name, text, signed=True))
    if declared == "size":
        try:
            return _size(typename, name, read_size(text))
        except NumberError:
            raise QemuError(f"Parameter '{name}' expects size") from None
    if declared == _OBJECT:
        raise QemuError(f"Invalid parameter type for '{name}', expected: object")
    return _choice(name, declared, text)


def _from_json(typename: str, name: str, declared: str, value: object) -> object:
    if declared == "bool":
        if not isinstance(value, bool):
            raise QemuError(f"Invalid parameter type for '{name}', expected: boolean")
        return value
    is_integer = isinstance(value, int) and not isinstance(value, bool)
    if declared in _UNSIGNED or declared == "size":
        if not isinstance(value, int) or not is_integer or not -(1 << 63) <= value <= _UINT64_MAX:
            raise QemuError(f"Parameter '{name}' expects uint64")
        value &= _UINT64_MAX
        return _size(typename, name, value) if declared == "size" else _unsigned(name, declared, value)
    if declared == "int32":
        if not isinstance(value, int) or not is_integer or not -(1 << 63) <= value < 1 << 63:
            raise QemuError(f"Invalid parameter type for '{name}', expected: integer")
        return _int32(name, value)
    if declared == "str" or declared in _CHOICES or declared.startswith("link<"):
        if not isinstance(value, str):
            raise QemuError(f"Invalid parameter type for '{name}', expected: string")
        return _choice(name, declared, value)
    if declared == _OBJECT and not isinstance(value, dict):
        raise QemuError(f"Invalid parameter type for '{name}', expected: object")
    return value


def _integer(name: str, text: str, *, signed: bool) -> int:
    try:
        return read_int64(text) if signed else read_uint64(text)
    except NumberError:
        raise QemuError(f"Parameter '{name}' expects integer") from None


def _unsigned(name: str, declared: str, value: int) -> int:
    if value > _UNSIGNED[declared]:
        raise QemuError(f"Parameter '{name}' expects {declared}_t")
    return value


def _int32(name: str, value: int) -> int:
    if not -(1 << 31) <= value < 1 << 31:
        raise QemuError(f"Parameter '{name}' expects int32_t")
    return value


def _size(typename: str, name: str, value: int) -> int:
    if name == _BELOW_4G and value > _UNSIGNED["uint32"]:
        raise QemuError(f"Property {typename}.{name} doesn't take value {value} (maximum: {_UNSIGNED['uint32']})")
    return value


def _choice(name: str, declared: str, text: str) -> str:
    choices = _CHOICES.get(declared)
    if choices is not None and text not in choices:
        raise QemuError(f"Parameter '{name}' does not accept value '{text}'")
    return text
