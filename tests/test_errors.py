"""Errors: which line of a QEMU's last words says why it ended."""

from __future__ import annotations

import pytest

from sandbox.errors import MachineExit

PROGRAM = "qemu-system-x86_64: "


WARNED = f"{PROGRAM}warning: Number of hotpluggable cpus requested (300)"
ASSERTED = "Unexpected error in apic_common_set_id() at hw/intc/apic_common.c:447:"
SIZE = f"{PROGRAM}-m foo: Parameter 'size' expects a number"
APIC_ID = f"{PROGRAM}APIC ID 255 requires x2APIC feature in CPU"


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        ([], ""),
        ([SIZE], SIZE),
        ([WARNED, SIZE, "Optional suffix k, M, G"], SIZE),
        ([ASSERTED, APIC_ID, "Try x2apic=on in -cpu."], APIC_ID),
        ([WARNED], WARNED),
    ],
)
def test_the_reason_stands_behind_warnings_and_before_hints(lines, reason):
    assert MachineExit("\n".join(lines)).reason == reason
