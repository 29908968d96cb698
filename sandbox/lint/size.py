"""Rules about tables that are too large."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sandbox.lint.model import ABORTS, ERROR, WARNING, Found, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sandbox.lint.setup import Setup
    from sandbox.lint.view import View

WARNED: Final = 0x10000


def large(view: View) -> Iterator[Found]:
    """SRAT alone is above what virt warns of."""
    if view.srat is not None and view.is_arm and len(view.srat) > WARNED:
        yield Found(f"SRAT has {len(view.srat)} bytes, more than 64 KiB", view.where("SRAT"))


def too_large(setup: Setup) -> Iterator[Found]:
    """QEMU aborts over the size of the tables."""
    if setup.end is None or not setup.is_too_large:
        return
    uses = sorted(setup.uses(), key=lambda use: -len(setup.nodes(use)))
    where = uses[0].where if uses and setup.nodes(uses[0]) else setup.where()
    message = f"the tables do not fit into the 2 MiB that QEMU has for them: {setup.end.reason}"
    yield Found(message, where, consequence=ABORTS)


SIZE: Final = (
    Rule(
        "GI701",
        "srat-large",
        WARNING,
        "SRAT of a virt machine is larger than 64 KiB.",
        "QEMU warns that migration may not work; on pc and q35, whose tables may grow, it does not.",
        "QEMU 10.0 behaviour",
        "Use fewer nodes or possible CPUs.",
        of_view=large,
    ),
    Rule(
        "GI702",
        "tables-too-large",
        ERROR,
        "The ACPI tables are larger than 2 MiB.",
        "QEMU aborts when it makes them: as it starts, or at the next reboot of a running VM.",
        "QEMU 10.0 behaviour, the v2 series as recorded",
        "Use a smaller numa-node-count.",
        of_setup=too_large,
    ),
)
