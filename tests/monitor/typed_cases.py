"""Lines of the human monitor that are broken, oddly spaced or quoted, and commands with odd paths; all in one life."""

from __future__ import annotations

from typing import Any

WORDS = (
    "qemu-system-x86_64 -M q35 -nodefaults -m 128M -object memory-backend-ram,id=m0,size=128M -numa node,memdev=m0 "
    "-numa node -device pci-testdev,id=dev0,addr=04.0 -device pcie-root-port,id=rp0,chassis=1,slot=1"
).split()

LINES = (
    *("", " ", "#", "# foo", "/", "/x", "a/b", "  a/b", "  zz", "\tzz yy", "\xe9", "zz\xa0", "st\vop", "x" * 300),
    *("stop/x", "cont/", "q/", "q x", "  stop x", "stop\nx", "stop\v", "stop\x0c", '"stop"', "stop foo", "s"),
    *("info/status", "info status", "info\tstatus", "info\nstatus", "  info status  ", "info /", "info status/"),
    *("info foo", "  info  foo/bar", "info foo bar", "info status x", "info  status x", '"info" status', 'info ""'),
    *("info qom-tree /objects/", "info qom-tree objects", 'info qom-tree "/objects"', "info qom-tree /objects x"),
    *('info qom-tree "', 'info qom-tree ""', "info qom-tree /nope", "info qom-tree dev0"),
    *("help/i", "help stop x", 'help "stop" x', 'help "a b"', 'help ""', 'help "inf', 'help "a\\qb"', "help a\\b"),
    *('help "info" status', 'help "info status"', "help \tinfo\tstatus", "help info zz yy", "help info status x"),
    *('help info ""', "? ?", "?x", "help info/", "help q", "? info status"),
    *('qom-list "/objects', "qom-list '/objects'", "qom-list /objects extra", "qom-list/x /objects", 'qom-list ""'),
    *('qom-list "/ob\\"x"', 'qom-list "/ob\\nx"', 'qom-list "\\x"', 'qom-list "a\\\\b"', 'qom-list /objects"x"'),
    *(f"qom-list {'/' * 1100}objects", f'qom-list "{"/" * 1100}objects"'),
    *('qom-get "/objects/m0""type"', 'qom-get "a "b', 'qom-get a "b', 'qom-get "" ""', 'qom-get a ""', 'qom-get ""'),
    *("object_del", 'object_del ""', 'object_del "m0', 'object_del "m0" x', "object_del m0 ", "object_del a/b"),
    *("object_add", "object_add foo", 'object_add "acpi"', 'object_add {"a"', 'object_add {"qom-type":"foo"} x'),
    "object_add acpi-generic-initiator,id=g9,pci-dev=dev0,node=1  ",
    *("device_add", 'device_add "', "device_add ,", "device_add =", "device_add pci-testdev,id=1a", "device_add foo x"),
    *("device_add pci-testdev,id=zz", "device_add pci-testdev,addr=1 ,id=zz"),
    *("device_del", 'device_del "', 'device_del " m0"', 'device_del ""'),
)

PATHS = ("", "/", "//", ".", "machine", "m0", "/objects/", "objects/", "dev0/", "peripheral//dev0", " ", "a\0b", "rp0")
IDS = ("", "/", "/objects", "/objects/m0", "/machine", "objects", "m0", "dev0/", "rp0/rp0", "/machine/q35", "/nope")
TYPES = ("", "1", "58", "changed", "container", "object", "nope")


def asked() -> list[tuple[str, dict[str, Any]]]:
    """The commands in order."""
    return [
        *(("human-monitor-command", {"command-line": line}) for line in LINES),
        *(("qom-get", {"path": path, "property": "type"}) for path in PATHS),
        *(("qom-list", {"path": path}) for path in ("", "/", "//", "/objects/", "objects", "nope", " ")),
        *(("qom-set", {"path": path, "property": "x", "value": 1}) for path in ("", "/", "m0")),
        *(("device_del", {"id": name}) for name in IDS),
        *(("qom-list-properties", {"typename": name}) for name in TYPES),
        *(("device-list-properties", {"typename": name}) for name in TYPES),
    ]
