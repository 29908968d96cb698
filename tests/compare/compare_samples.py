"""Runs, scenarios and tables that the comparison tests share."""

from __future__ import annotations

from dataclasses import dataclass

from sandbox.acpi.handles import PciDeviceHandle
from sandbox.acpi.header import TableHeader
from sandbox.acpi.srat import GenericInitiatorAffinity, MemoryAffinity, ProcessorAffinity, Srat, encode_srat
from sandbox.scenario.load import load_scenario

SCENARIO = """\
name: adds, a refusal and an end
dialect: 10.0
firmware: none
command-line: |
  -M q35 -m 128M -object memory-backend-ram,id=m0,size=128M
  -numa node,memdev=m0 -numa node -device pci-testdev,id=dev0,addr=04.0
steps:
  - execute: object-add
    arguments: {qom-type: acpi-generic-initiator, id: gi0, pci-dev: dev0, node: 1}
    return: {}
  - reset: {expect: {initiators: [1 @ 00:04.0]}}
  - execute: object-del
    arguments: {id: none}
    error: object 'none' not found
  - execute: object-add
    arguments: {qom-type: acpi-generic-initiator, id: gi1, pci-dev: dev0, node: 128}
    exit: {status: 1}
  - execute: query-status
"""


@dataclass(frozen=True, slots=True)
class SomeTables:
    srat: bytes | None = None
    slit: bytes | None = None
    hmat: bytes | None = None


def srat(*initiators: tuple[int, int]) -> bytes:
    """An SRAT with an initiator for each (pxm, devfn)."""
    entries = [GenericInitiatorAffinity(pxm, PciDeviceHandle(0, 0, devfn)) for pxm, devfn in initiators]
    fixed = (ProcessorAffinity(0, 0), MemoryAffinity(0, 0, 1 << 30))
    return encode_srat(Srat(TableHeader("SRAT", 1), (*fixed, *entries)))


def scenario(text: str = SCENARIO):
    return load_scenario(text, "sample.yaml")
