"""The fields of SRAT, SLIT and HMAT under the labels that iasl asks for, in its order.

A label and the field's bytes stand as ``Proximity Domain:4``; ``*`` marks a buffer. A field with parts is a tuple: the
field, then its bit fields as ``label:first bit:bits``.

Source: what iasl 20200925, 20250404 and 20260408 compile.
"""

from __future__ import annotations

from typing import Final, TypeAlias

Spec: TypeAlias = "str | tuple[str, ...]"

OLD: Final = "2020"
NEW: Final = "2025"
VERSIONS: Final = (OLD, NEW)
"""The two shapes that iasl's source has had: up to 20200925 at least, and from 20250404 on at the latest."""

RELEASES: Final = {OLD: "20200925 (Debian 12's) and before", NEW: "20250404 and later"}
"""The releases of iasl that are known to take either."""

HEADER: Final[tuple[Spec, ...]] = (
    "Table Length:4",
    "Revision:1",
    "Checksum:1",
)
IDENTITY: Final = (("Oem ID", 10, 16), ("Oem Table ID", 16, 24))
"""Text fields of the header: label, first byte, byte behind the last."""

CPU_FLAGS: Final = ("Flags (decoded below):4", "Enabled:0:1")
DEVICE_FLAGS: Final = (*CPU_FLAGS, "Architectural Transactions:1:1")
DEVICE: Final[tuple[Spec, ...]] = (
    "Reserved1:1",
    "Device Handle Type:1",
    "Proximity Domain:4",
    "Device Handle:16*",
    DEVICE_FLAGS,
    "Reserved2:4",
)
GICC: Final[tuple[Spec, ...]] = (
    "Proximity Domain:4",
    "Acpi Processor UID:4",
    CPU_FLAGS,
    "Clock Domain:4",
)

SRAT: Final[dict[int, tuple[str, tuple[Spec, ...]]]] = {
    0: (
        "Processor Local APIC/SAPIC Affinity",
        (
            "Proximity Domain Low(8):1",
            "Apic ID:1",
            CPU_FLAGS,
            "Local Sapic EID:1",
            "Proximity Domain High(24):3",
            "Clock Domain:4",
        ),
    ),
    1: (
        "Memory Affinity",
        (
            "Proximity Domain:4",
            "Reserved1:2",
            "Base Address:8",
            "Address Length:8",
            "Reserved2:4",
            (*CPU_FLAGS, "Hot Pluggable:1:1", "Non-Volatile:2:1"),
            "Reserved3:8",
        ),
    ),
    2: (
        "Processor Local x2APIC Affinity",
        ("Reserved1:2", "Proximity Domain:4", "Apic ID:4", CPU_FLAGS, "Clock Domain:4", "Reserved2:4"),
    ),
    3: ("GICC Affinity", GICC),
    4: ("GIC ITS Affinity", ("Proximity Domain:4", "Reserved:2", "ITS ID:4")),
    5: ("Generic Initiator Affinity", DEVICE),
    6: ("Generic Port Affinity", DEVICE),
}

CACHE_ATTRIBUTES: Final = (
    "Cache Attributes (decoded below):4",
    "Total Cache Levels:0:4",
    "Cache Level:4:4",
    "Cache Associativity:8:4",
    "Write Policy:12:4",
    "Cache Line Size:16:16",
)

HMAT: Final[dict[int, tuple[str, tuple[Spec, ...]]]] = {
    0: (
        "Memory Proximity Domain Attributes",
        (
            ("Flags (decoded below):2", "Processor Proximity Domain Valid:0:1"),
            "Reserved1:2",
            "Attached Initiator Proximity Domain:4",
            "Memory Proximity Domain:4",
            "Reserved2:4",
            "Reserved3:8",
            "Reserved4:8",
        ),
    ),
    1: (
        "System Locality Latency and Bandwidth Information",
        (
            (
                "Flags (decoded below):1",
                "Memory Hierarchy:0:4",
                "Use Minimum Transfer Size:4:1",
                "Non-sequential Transfers:5:1",
            ),
            "Data Type:1",
            "Minimum Transfer Size:1",
            "Reserved1:1",
            "Initiator Proximity Domains #:4",
            "Target Proximity Domains #:4",
            "Reserved2:4",
            "Entry Base Unit:8",
        ),
    ),
    2: (
        "Memory Side Cache Information",
        (
            "Memory Proximity Domain:4",
            "Reserved1:4",
            "Memory Side Cache Size:8",
            CACHE_ATTRIBUTES,
            "Address Mode:2",
            "SMBIOS Handle #:2",
        ),
    ),
}

ONLY_NEW: Final = frozenset(
    {"Architectural Transactions:1:1", "Use Minimum Transfer Size:4:1", "Non-sequential Transfers:5:1"}
)
"""Bit fields that the old iasl does not take."""

OLD_LOCALITY: Final[tuple[Spec, ...]] = (
    ("Flags (decoded below):1", "Memory Hierarchy:0:4"),
    "Data Type:1",
    "Reserved1:2",
)
"""How the old iasl takes the first fields of HMAT's localities."""
