"""Options by what they do to a table: nothing, something through the devices they add, or something not modelled."""

from __future__ import annotations

from typing import Final

UNMODELLED_OPTIONS: Final = {
    "acpitable": "it adds a table of the user's own",
    "readconfig": "it reads further options from a file",
    "set": "it changes an option given elsewhere",
    "loadvm": "it restores a machine whose tables were made elsewhere",
    "preconfig": "the machine would wait for its NUMA options over QMP",
    "old-param": "it asks for a boot protocol that has no ACPI",
    "xen-attach": "a Xen guest gets its tables from elsewhere",
    "help": "it prints QEMU's help instead of making a machine",
    "h": "it prints QEMU's help instead of making a machine",
    "version": "it prints QEMU's version instead of making a machine",
    "L": "it may change the firmware whose PCI numbering the tables follow",
}
"""Options that QEMU takes and that move a table, or leave no machine to speak of, with the reason."""

DEVICE_SWITCHES: Final = frozenset(
    """
    nodefaults vga net nic netdev usb usbdevice drive hda hdb hdc hdd cdrom sd mtdblock snapshot
    global watchdog fda fdb audio
    """.split()
) | {""}
"""Options that may add devices, or take away those that a machine has by default."""

UNMODELLED_OBJECTS: Final = frozenset(
    """
    authz-pam colo-compare cryptodev-backend-lkcf igvm-cfg memory-backend-epc x-remote-object x-vfio-user-server
    """.split()
)
"""Types of ``-object`` that QEMU has, some not in every build, and the sandbox does not."""
