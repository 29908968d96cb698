"""The tables of a machine, whoever made them, and how their devices are written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

from sandbox.acpi.handles import AcpiDeviceHandle, PciDeviceHandle

if TYPE_CHECKING:
    from sandbox.acpi.handles import DeviceHandle

TABLE_NAMES: Final = ("srat", "slit", "hmat")


class Tables(Protocol):
    """Tables as firmware reads them; None for one that is not there."""

    @property
    def srat(self) -> bytes | None:
        """SRAT with its checksum."""

    @property
    def slit(self) -> bytes | None:
        """SLIT with its checksum."""

    @property
    def hmat(self) -> bytes | None:
        """HMAT with its checksum."""


def changed_tables(before: Tables | None, after: Tables | None) -> tuple[str, ...]:
    """Return the names of the tables that are not the same bytes; no tables at all count as tables that are absent."""
    return tuple(name for name in TABLE_NAMES if getattr(before, name, None) != getattr(after, name, None))


def device_text(handle: DeviceHandle) -> str:
    """Return a handle as scenarios write it: ``ssss:bb:dd.f`` as the specification reads it, or ``HID:UID``."""
    if isinstance(handle, PciDeviceHandle):
        return handle.bdf
    if isinstance(handle, AcpiDeviceHandle):
        return f"{handle.hid.rstrip(bytes(1)).decode('latin-1')}:{handle.uid}"
    return f"handle of type {handle.type}: {handle.data.hex()}"
