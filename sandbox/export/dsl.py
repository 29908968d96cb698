"""SRAT, SLIT and HMAT as source for iasl, which compiles it to the same bytes.

iasl writes its own name, version and checksum: bytes 9 and 28 to 35 of what it makes are its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sandbox.acpi.fields import describe
from sandbox.acpi.header import HEADER_LENGTH
from sandbox.errors import InputError
from sandbox.export import dsl_layouts as layouts

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sandbox.export.dsl_layouts import Spec

LABEL: Final = 36
NAMES: Final = {
    b"SRAT": "System Resource Affinity Table",
    b"SLIT": "System Locality Information Table",
    b"HMAT": "Heterogeneous Memory Attributes Table",
}
PORT: Final = 6


def dsl_source(data: bytes, version: str = layouts.NEW) -> str:
    """Return the source of a table.

    Args:
        data: the whole table.
        version: ``2025``, or ``2020`` for the iasl that Debian 12 has.

    Raises:
        InputError: it is none of SRAT, SLIT, HMAT, is broken, or holds what that iasl does not know.
    """
    if version not in layouts.VERSIONS:
        raise InputError(f"iasl '{version}' is not known; there are {', '.join(layouts.VERSIONS)}")
    problems = describe(data).problems
    if problems or data[:4] not in NAMES:
        raise InputError(f"no source for a table that does not decode: {problems[0] if problems else 'unknown'}")
    body = {b"SRAT": _srat, b"SLIT": _slit, b"HMAT": _hmat}[data[:4]]
    lines = [_comment(data[:4].decode(), version), "", *_header(data), "", *body(data, version)]
    return "".join(f"{line}\n" for line in lines)


def _comment(signature: str, version: str) -> str:
    """Say which iasl compiles it: the words of others are not its own."""
    other = next(name for name in layouts.VERSIONS if name != version)
    return (
        f"/* {signature} as source for iasl {layouts.RELEASES[version]}; for {layouts.RELEASES[other]} "
        f"'qom-sandbox export --as dsl --iasl {other}' writes it */"
    )


def _header(data: bytes) -> Iterator[str]:
    signature = data[:4]
    yield _line("Signature", f'"{signature.decode()}"    [{NAMES[signature]}]')
    yield from _fields(data[4:10], layouts.HEADER)
    for label, start, end in layouts.IDENTITY:
        yield _line(label, _quoted(data[start:end], label))
    yield from _fields(data[24:28], ("Oem Revision:4",))
    yield _line("Asl Compiler ID", _quoted(data[28:32], "Asl Compiler ID"))
    yield from _fields(data[32:36], ("Asl Compiler Revision:4",))


def _quoted(raw: bytes, label: str) -> str:
    """Return a text field; iasl fills a shorter text up with zero bytes."""
    text = raw.rstrip(b"\0")
    if any(not 32 <= byte < 127 or byte in b'"\\' for byte in text):
        raise InputError(f"{label} is {raw.hex()}, which iasl takes no text for")
    return f'"{text.decode()}"'


def _srat(data: bytes, version: str) -> Iterator[str]:
    yield from _fields(data[HEADER_LENGTH:48], ("Table Revision:4", "Reserved:8"))
    offset = 48
    while offset < len(data):
        kind, length = data[offset], data[offset + 1]
        if kind not in layouts.SRAT or (kind == PORT and version == layouts.OLD):
            raise InputError(f"the iasl of {version} knows no structure of type {kind} in SRAT")
        name, specs = layouts.SRAT[kind]
        if _length(specs) + 2 != length:
            raise InputError(f"the structure of type {kind} at offset {offset:#x} has {length} bytes")
        yield ""
        yield _line("Subtable Type", f"{kind:02X} [{name}]")
        yield _line("Length", f"{length:02X}")
        yield ""
        yield from _fields(data[offset + 2 : offset + length], specs, version)
        offset += length


def _slit(data: bytes, _version: str) -> Iterator[str]:
    count = int.from_bytes(data[36:44], "little")
    if len(data) != 44 + count * count:
        raise InputError("SLIT has bytes behind its distances")
    yield _line("Localities", f"{count:016X}")
    for row in range(count):
        start = 44 + row * count
        yield _line(f"Locality {row:>3}", data[start : start + count].hex(" ").upper())


def _hmat(data: bytes, version: str) -> Iterator[str]:
    yield from _fields(data[36:40], ("Reserved:4",))
    offset = 40
    while offset < len(data):
        kind = int.from_bytes(data[offset : offset + 2], "little")
        length = int.from_bytes(data[offset + 4 : offset + 8], "little")
        if kind not in layouts.HMAT:
            raise InputError(f"iasl knows no structure of type {kind} in HMAT")
        name, specs = layouts.HMAT[kind]
        if version == layouts.OLD:
            specs = _for_old_iasl(kind, specs)
        body = data[offset + 8 : offset + length]
        yield ""
        yield _line("Structure Type", f"{kind:04X} [{name}]")
        yield from _fields(data[offset + 2 : offset + 8], ("Reserved:2", "Length:4"))
        yield from _fields(body, specs, version)
        yield from _lists(kind, body, _length(specs))
        offset += length


def _for_old_iasl(kind: int, specs: tuple[Spec, ...]) -> tuple[Spec, ...]:
    if kind == 1:
        return (*layouts.OLD_LOCALITY, *specs[4:])
    return tuple("Reserved2:2" if spec == "Address Mode:2" else spec for spec in specs)


def _lists(kind: int, body: bytes, offset: int) -> Iterator[str]:
    """Give the fields of a structure that are there several times."""
    if kind == 1:
        initiators, targets = (int.from_bytes(body[start : start + 4], "little") for start in (4, 8))
        repeated = [("Initiator Proximity Domain List", 4)] * initiators + [
            ("Target Proximity Domain List", 4)
        ] * targets
        repeated += [("Entry", 2)] * (initiators * targets)
    else:
        repeated = [("SMBIOS Handle", 2)] * ((len(body) - offset) // 2)
    for label, length in repeated:
        yield from _fields(body[offset : offset + length], (f"{label}:{length}",))
        offset += length


def _fields(data: bytes, specs: Sequence[Spec], version: str = layouts.NEW) -> Iterator[str]:
    offset = 0
    for spec in specs:
        whole, *parts = (spec,) if isinstance(spec, str) else spec
        label, length = _split(whole)
        raw = data[offset : offset + length]
        value = int.from_bytes(raw, "little")
        yield _line(label, raw.hex(" ").upper() if whole.endswith("*") else f"{value:0{2 * length}X}")
        for part in parts:
            if version == layouts.OLD and part in layouts.ONLY_NEW:
                continue
            name, first, bits = part.rsplit(":", 2)
            yield _line(name, f"{value >> int(first) & (1 << int(bits)) - 1:X}")
        offset += length


def _split(spec: str) -> tuple[str, int]:
    label, _, length = spec.rpartition(":")
    return label, int(length.rstrip("*"))


def _length(specs: Sequence[Spec]) -> int:
    return sum(_split(spec if isinstance(spec, str) else spec[0])[1] for spec in specs)


def _line(label: str, value: str) -> str:
    return f"{label:>{LABEL}} : {value}"
