"""The fake machine: QEMU's command line in, the ACPI tables that its firmware would read out."""
