"""SRAT structures for devices: Generic Initiator (type 5) and Generic Port (type 6), which share one layout."""

from __future__ import annotations

from struct import Struct
from typing import TYPE_CHECKING, ClassVar

from sandbox.acpi.handles import decode_handle
from sandbox.records import record

if TYPE_CHECKING:
    from typing import Self

    from sandbox.acpi.handles import DeviceHandle

_DEVICE = Struct("<BBBBI16sII")

ENABLED = 1
ARCHITECTURAL_TRANSACTIONS = 2


@record
class DeviceAffinity:
    """A device in a proximity domain (u32): 32 bytes, little-endian.

    ``flags`` has the bits ENABLED and ARCHITECTURAL_TRANSACTIONS; ``reserved`` holds the reserved u8 and u32.
    """

    pxm: int
    handle: DeviceHandle
    flags: int = ENABLED
    reserved: tuple[int, int] = (0, 0)

    type: ClassVar[int]
    LENGTH: ClassVar[int] = 32

    def encode(self) -> bytes:
        """The 32 bytes of the structure."""
        handle = self.handle
        first, last = self.reserved
        return _DEVICE.pack(self.type, 32, first, handle.type, self.pxm, handle.encode(), self.flags, last)

    @classmethod
    def decode(cls, data: bytes, offset: int) -> Self:
        """Reads the 32 bytes at ``offset``."""
        _, _, first, handle_type, pxm, handle, flags, last = _DEVICE.unpack_from(data, offset)
        return cls(pxm, decode_handle(handle_type, handle), flags, (first, last))


@record
class GenericInitiatorAffinity(DeviceAffinity):
    """A device that starts memory transactions by itself, such as a GPU or a partition of one.

    Source: ACPI 6.5, 5.2.16.6 "Generic Initiator Affinity Structure".
    """

    type: ClassVar[int] = 5


@record
class GenericPortAffinity(DeviceAffinity):
    """A port behind which devices appear later, such as a CXL host bridge.

    Source: ACPI 6.5, 5.2.16.7 "Generic Port Affinity Structure".
    """

    type: ClassVar[int] = 6
