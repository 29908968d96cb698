"""Transcripts and tables that the report tests share; none needs a machine."""

from __future__ import annotations

from dataclasses import dataclass

from sandbox.acpi.handles import AcpiDeviceHandle, PciDeviceHandle
from sandbox.acpi.header import TableHeader
from sandbox.acpi.slit import Slit, encode_slit
from sandbox.acpi.srat import (
    GenericInitiatorAffinity,
    GenericPortAffinity,
    MemoryAffinity,
    ProcessorAffinity,
    Srat,
    encode_srat,
)
from sandbox.errors import Place
from sandbox.scenario.checks import Check, Difference
from sandbox.scenario.model import Command, Expectation, Scenario
from sandbox.scenario.transcript import Ended, Origin, Record, Refused, Returned, Transcript


@dataclass(frozen=True, slots=True)
class SomeTables:
    srat: bytes | None = None
    slit: bytes | None = None
    hmat: bytes | None = None


def srat(*initiators: GenericInitiatorAffinity) -> bytes:
    fixed = (ProcessorAffinity(0, 0), MemoryAffinity(0, 0, 1 << 30))
    port = GenericPortAffinity(3, AcpiDeviceHandle(b"ACPI0016", 12))
    return encode_srat(Srat(TableHeader("SRAT", 1), (*fixed, *initiators, port) if initiators else fixed))


SLIT = encode_slit(Slit(TableHeader("SLIT", 1), (bytes((10, 20)), bytes((120, 10)))))
BEFORE = SomeTables(srat())
AFTER = SomeTables(
    srat(
        GenericInitiatorAffinity(1, PciDeviceHandle(0, 0x20, 0)),
        GenericInitiatorAffinity(2, PciDeviceHandle(0, 0, 0), flags=0),
    ),
    SLIT,
)
ORIGINS = (
    Origin("gi0", "acpi-generic-initiator", "dev0", "vfio-pci"),
    Origin("gi1", "acpi-generic-initiator", "dev0", "vfio-pci"),
    Origin("gp0", "acpi-generic-port", "cxl.1", "pxb-cxl"),
)
ADD = Command("object-add", {"id": "gi0", "node": 1})


def transcript(*steps: Record, end: Record | None = None, tables: SomeTables = AFTER) -> Transcript:
    return Transcript(
        scenario=Scenario("a \x1b[31mname", ("-M", "q35"), expect=Expectation(nodes=1), place=at(1)),
        dialect="10.0",
        dialect_reason="as asked for",
        ignored=("-display none",),
        start=Record("start the machine", at(1), after=BEFORE),
        steps=steps,
        end=end or Record("at the end", before=tables, after=tables),
        origins=ORIGINS,
    )


def at(line: int) -> Place:
    return Place("a.yaml", line, 5)


REPLIED = (Check("reply"),)
RESET = Command("system_reset")
NO = Refused("GenericError", "no")
BAD = Refused("GenericError", "Parameter \x00 is bad")
GONE = Ended(1, "qemu: warning: old\n<gone> & away")

PASSED = transcript(
    Record("object-add gi0", at(3), ADD, Returned({}), None, BEFORE, BEFORE, REPLIED),
    Record("system_reset", at(4), RESET, Returned({}), None, BEFORE, AFTER, REPLIED),
    Record("qom-get", at(5), Command("qom-get"), NO, None, AFTER, AFTER, REPLIED),
    end=Record("at the end", before=AFTER, after=AFTER, checks=(Check("nodes"), Check("slit"))),
)


def fails(what: str, path: str, expected: str, actual: str) -> Check:
    return Check(what, (Difference(path, expected, actual),))


WRONG_REPLY = fails("reply", "reply", "a return", "GenericError: Parameter \x00 is bad")
WRONG_DEVICE = fails("initiators", "initiators[0]", "1 @ 0000:00:04.0", "nothing")
WRONG_END = fails("exit", "exit", "the machine lives", "it ends with status 1")

FAILED = transcript(
    Record("object-add gi0", at(3), ADD, BAD, None, BEFORE, BEFORE, (WRONG_REPLY, Check("nodes"))),
    Record("look", at(4), None, None, None, BEFORE, BEFORE, (WRONG_DEVICE, Check("slit"))),
    Record("system_reset", at(5), RESET, Returned({}), GONE, BEFORE, BEFORE, (WRONG_END,)),
    Record("cont", at(6), Command("cont"), before=BEFORE, after=BEFORE, has_run=False),
    end=Record("at the end", before=BEFORE, after=BEFORE, has_run=False),
    tables=BEFORE,
)
