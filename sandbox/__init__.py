"""qom-sandbox: QEMU's ACPI Generic Initiator objects and the tables they make, without a VM."""

VERSION = "0.1.0"
