"""The scenario format, declared once: ``load`` checks by it, ``schema`` writes it as JSON Schema."""

from __future__ import annotations

from typing import Final

from qom_types.dialects import DIALECTS
from sandbox.scenario.command_line import unsplittable
from sandbox.scenario.composites import Defined, Either, ListOf
from sandbox.scenario.mappings import ByKey, Key, Keys
from sandbox.scenario.shapes import Boolean, Choice, Integer, Json, Null, Text

FIRMWARES: Final = ("enumerated", "none")

_U32: Final = 2**32 - 1
_U64: Final = 2**64 - 1

PCI_ADDRESS: Final = r"(?:[0-9a-f]{4}:)?[0-9a-f]{2}:[01][0-9a-f]\.[0-7]"
ACPI_DEVICE: Final = r"[A-Z0-9]{1,8}:[0-9]{1,10}"

PXM: Final = Integer(0, _U32)
BYTES: Final = Either((Integer(0, _U64), Text('a size such as "512M"', "^[0-9]{1,20}[KMGT]$")))
ONE_LINE: Final = Text("one line of text", r"^[^\n\r]*[^\s][^\n\r]*$")
PROSE: Final = Text()
ABSENT: Final = Text("'absent'", "^absent$")
ANY: Final = Text("'any'", "^any$")

AFFINITY: Final = Either(
    (
        Text(
            '"PXM @ BUS:DEVICE.FUNCTION" as in "2 @ 00:04.0", or "PXM @ HID:UID"',
            f"^[0-9]{{1,10}} @ (?:{PCI_ADDRESS}|{ACPI_DEVICE})$",
        ),
        Keys(
            (
                Key("pxm", PXM, "The proximity domain.", required=True),
                Key(
                    "device",
                    Text('"00:04.0", "0000:00:04.0" or "ACPI0016:12"', f"^(?:{PCI_ADDRESS}|{ACPI_DEVICE})$"),
                    "The handle as a guest reads it: [segment:]bus:device.function, or _HID:_UID.",
                    required=True,
                ),
            ),
            "a mapping of pxm and device",
        ),
    )
)

AFFINITIES: Final = Either(
    (
        ListOf(AFFINITY, "a list in the order of the table"),
        Keys(
            (Key("in-any-order", ListOf(AFFINITY), "All of them, whatever their order.", required=True),),
            "a mapping with the one key in-any-order",
        ),
    )
)

TABLE: Final = Either(
    (
        ABSENT,
        Keys(
            (
                Key("file", Text("a path", "."), "A file with the same bytes, relative to the scenario."),
                Key("sha256", Text("64 hexadecimal digits", "^[0-9a-f]{64}$"), "SHA-256 of the table."),
                Key("length", Integer(0, _U32), "Length in bytes."),
            ),
            "a mapping of file, sha256 or length",
            nonempty=True,
        ),
    )
)

PROCESSOR: Final = Keys(
    (
        Key("pxm", PXM, "The proximity domain.", required=True),
        Key("id", Integer(0, _U32), "APIC or x2APIC id, or ACPI processor UID.", required=True),
    ),
    "a mapping of pxm and id",
)

MEMORY: Final = Keys(
    (
        Key("pxm", PXM, "The proximity domain.", required=True),
        Key("base", BYTES, "The first address.", required=True),
        Key("size", BYTES, "The length in bytes.", required=True),
        Key("hot-pluggable", Boolean(), "The flag of that name; false if it is not given."),
        Key("non-volatile", Boolean(), "The flag of that name; false if it is not given."),
    ),
    "a mapping of pxm, base and size",
)

EXIT: Final = Defined(
    "exit",
    Keys(
        (
            Key("status", Integer(-64, 255), "The exit status, or the signal's number negative; without it, 1."),
            Key(
                "stderr",
                Either((PROSE, ListOf(PROSE, "a list of lines"))),
                "Text that stderr contains, or all its lines.",
            ),
        ),
        "a mapping of status and stderr",
    ),
)

_TABLE_KEYS: Final = (
    Key("initiators", AFFINITIES, "The Generic Initiator structures of SRAT."),
    Key("ports", AFFINITIES, "The Generic Port structures of SRAT."),
    Key(
        "nodes",
        Either((Integer(0, _U32), ListOf(PXM, "a list of proximity domains"))),
        "The proximity domains of enabled processors, memory and initiators: how many, or which.",
    ),
    Key(
        "distances",
        Either((ABSENT, ListOf(ListOf(Integer(0, 255), "a row of distances"), "a list of rows"))),
        "The matrix of SLIT, row by row.",
    ),
    Key("processors", ListOf(PROCESSOR), "The enabled processors of SRAT, in its order."),
    Key("memory", ListOf(MEMORY), "The enabled memory ranges of SRAT, in its order."),
    Key("srat", TABLE, "SRAT as a whole."),
    Key("slit", TABLE, "SLIT as a whole."),
    Key("hmat", TABLE, "HMAT as a whole."),
)

EXPECT: Final = Defined("expect", Keys(_TABLE_KEYS, nonempty=True))

END: Final = Keys(
    (*_TABLE_KEYS, Key("exit", EXIT, "How the machine has ended by then: the only step, or at its start.")),
    nonempty=True,
)

_NAMES: Final = (
    Key("name", ONE_LINE, "What reports call the step."),
    Key("note", PROSE, "For the reader of the scenario."),
)

COMMAND: Final = Keys(
    (
        Key("execute", Text("the name of a command", "."), "A QMP command.", required=True),
        Key("arguments", Json(only_mappings=True), "Its arguments, as on the wire."),
        Key("return", Json(), "What it must return, as on the wire. Without return, error or reply it must succeed."),
        Key(
            "error",
            Either(
                (
                    Text("a description", "."),
                    Keys(
                        (
                            Key("class", Text("an error class", "."), "The error's class."),
                            Key("desc", Text("a description", "."), "The error's description."),
                        ),
                        "a mapping of class and desc",
                        nonempty=True,
                    ),
                )
            ),
            "The error that must come: its description, or class and desc; 'any' for any.",
        ),
        Key("reply", ANY, "'any': whether it succeeds does not matter."),
        Key("exit", EXIT, "The machine ends in this step, in this way."),
        Key("expect", EXPECT, "What must hold for the tables after this step."),
        *_NAMES,
    ),
    "a mapping with execute",
    one_of=("return", "error", "reply"),
)

RESET: Final = Keys(
    (
        Key(
            "reset",
            Either(
                (
                    Null(),
                    Keys(
                        (
                            Key("exit", EXIT, "The machine ends in this reset, in this way."),
                            Key("expect", EXPECT, "What must hold for the tables after the reset."),
                        ),
                        "a mapping of expect and exit",
                    ),
                )
            ),
            "system_reset, after which firmware reads the tables.",
            required=True,
        ),
        *_NAMES,
    ),
    "a mapping with reset",
    elsewhere=(
        ("expect", "; write it below reset, indented"),
        ("exit", "; write it below reset, indented"),
    ),
)

LOOK: Final = Keys(
    (Key("expect", EXPECT, "What must hold for the tables that firmware has now.", required=True), *_NAMES),
    "a mapping with expect",
)

STEP: Final = Either(
    (
        Text("'reset'", "^reset$"),
        ByKey((("execute", COMMAND), ("reset", RESET), ("expect", LOOK)), "a mapping with execute, reset or expect"),
    )
)

SCENARIO: Final = Keys(
    (
        Key("name", ONE_LINE, "What reports call the scenario; the file's name if it is not given."),
        Key("description", PROSE, "What the scenario shows."),
        Key("dialect", Choice(tuple(DIALECTS)), "Which QEMU answers; without it, the objects' members tell."),
        Key("firmware", Choice(FIRMWARES), "Whether firmware numbers the PCI buses before it reads the tables."),
        Key(
            "command-line",
            Either(
                (
                    Text("a QEMU command line", rule=unsplittable),
                    ListOf(Either((PROSE, Integer(-(2**63), _U64, "an integer"))), "a list of words"),
                )
            ),
            "QEMU's command line, with or without the program: words as in a shell, # comments, or a list of words.",
            required=True,
        ),
        Key("steps", ListOf(STEP, "a list of steps"), "What happens to the running machine, in this order."),
        Key("expect", END, "What must hold after the last step."),
    ),
    "a mapping with command-line",
)

DEFINITIONS: Final = (EXIT, EXPECT)
