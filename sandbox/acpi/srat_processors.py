"""SRAT structures for processors and for the interrupt hardware beside them: types 0, 2, 3, 4 and 7.

All integers are little-endian on the wire. ``flags`` bit 0 is Enabled; a reader skips an entry that has it clear.
``reserved`` holds the reserved fields in the order in which they lie.
"""

from __future__ import annotations

from struct import Struct
from typing import ClassVar

from sandbox.records import record

_LOCAL_APIC = Struct("<BBBBIBBHI")
_X2APIC = Struct("<BBHIIIII")
_GICC = Struct("<BBIIII")
_GIC_ITS = Struct("<BBIHI")
_RINTC = Struct("<BBHIIII")


@record
class ProcessorAffinity:
    """A processor by its local APIC id (u8) or, on Itanium, APIC id and SAPIC EID (u8).

    The proximity domain (u32) is split on the wire: bits 7:0 in byte 2, bits 31:8 in bytes 9 to 11. 16 bytes.

    Source: ACPI 6.5, 5.2.16.1 "Processor Local APIC/SAPIC Affinity Structure".
    """

    pxm: int
    apic_id: int
    flags: int = 1
    sapic_eid: int = 0
    clock_domain: int = 0

    type: ClassVar[int] = 0
    LENGTH: ClassVar[int] = 16

    def encode(self) -> bytes:
        """The 16 bytes of the structure."""
        pxm = self.pxm
        return _LOCAL_APIC.pack(
            0, 16, pxm & 0xFF, self.apic_id, self.flags, self.sapic_eid, pxm >> 8 & 0xFF, pxm >> 16, self.clock_domain
        )

    @classmethod
    def decode(cls, data: bytes, offset: int) -> ProcessorAffinity:
        """Reads the 16 bytes at ``offset``."""
        _, _, low, apic_id, flags, eid, middle, high, clock_domain = _LOCAL_APIC.unpack_from(data, offset)
        return cls(low | middle << 8 | high << 16, apic_id, flags, eid, clock_domain)


@record
class X2ApicAffinity:
    """A processor by its x2APIC id (u32). 24 bytes.

    Source: ACPI 6.5, 5.2.16.3 "Processor Local x2APIC Affinity Structure".
    """

    pxm: int
    x2apic_id: int
    flags: int = 1
    clock_domain: int = 0
    reserved: tuple[int, int] = (0, 0)

    type: ClassVar[int] = 2
    LENGTH: ClassVar[int] = 24

    def encode(self) -> bytes:
        """The 24 bytes of the structure."""
        first, last = self.reserved
        return _X2APIC.pack(2, 24, first, self.pxm, self.x2apic_id, self.flags, self.clock_domain, last)

    @classmethod
    def decode(cls, data: bytes, offset: int) -> X2ApicAffinity:
        """Reads the 24 bytes at ``offset``."""
        _, _, first, pxm, x2apic_id, flags, clock_domain, last = _X2APIC.unpack_from(data, offset)
        return cls(pxm, x2apic_id, flags, clock_domain, (first, last))


@record
class GiccAffinity:
    """An Arm processor by its ACPI processor UID (u32). 18 bytes.

    Source: ACPI 6.5, 5.2.16.4 "GICC Affinity Structure".
    """

    pxm: int
    acpi_processor_uid: int
    flags: int = 1
    clock_domain: int = 0

    type: ClassVar[int] = 3
    LENGTH: ClassVar[int] = 18

    def encode(self) -> bytes:
        """The 18 bytes of the structure."""
        return _GICC.pack(3, 18, self.pxm, self.acpi_processor_uid, self.flags, self.clock_domain)

    @classmethod
    def decode(cls, data: bytes, offset: int) -> GiccAffinity:
        """Reads the 18 bytes at ``offset``."""
        _, _, pxm, uid, flags, clock_domain = _GICC.unpack_from(data, offset)
        return cls(pxm, uid, flags, clock_domain)


@record
class GicItsAffinity:
    """An Arm Interrupt Translation Service by its ITS id (u32). 12 bytes, without flags.

    Source: ACPI 6.5, 5.2.16.5 "GIC Interrupt Translation Service (ITS) Affinity Structure".
    """

    pxm: int
    its_id: int
    reserved: int = 0

    type: ClassVar[int] = 4
    LENGTH: ClassVar[int] = 12

    def encode(self) -> bytes:
        """The 12 bytes of the structure."""
        return _GIC_ITS.pack(4, 12, self.pxm, self.reserved, self.its_id)

    @classmethod
    def decode(cls, data: bytes, offset: int) -> GicItsAffinity:
        """Reads the 12 bytes at ``offset``."""
        _, _, pxm, reserved, its_id = _GIC_ITS.unpack_from(data, offset)
        return cls(pxm, its_id, reserved)


@record
class RintcAffinity:
    """A RISC-V hart by its ACPI processor UID (u32). 20 bytes.

    Source: ACPI 6.6, 5.2.16 "RINTC Affinity Structure"; QEMU 10.0 behaviour for the layout.
    """

    pxm: int
    acpi_processor_uid: int
    flags: int = 1
    clock_domain: int = 0
    reserved: int = 0

    type: ClassVar[int] = 7
    LENGTH: ClassVar[int] = 20

    def encode(self) -> bytes:
        """The 20 bytes of the structure."""
        return _RINTC.pack(7, 20, self.reserved, self.pxm, self.acpi_processor_uid, self.flags, self.clock_domain)

    @classmethod
    def decode(cls, data: bytes, offset: int) -> RintcAffinity:
        """Reads the 20 bytes at ``offset``."""
        _, _, reserved, pxm, uid, flags, clock_domain = _RINTC.unpack_from(data, offset)
        return cls(pxm, uid, flags, clock_domain, reserved)
