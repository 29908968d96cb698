"""A case of a campaign: a machine, and what is done to it."""

from __future__ import annotations

from typing import Any

from sandbox.records import field, record

Command = tuple[str, dict[str, Any] | None]
"""A QMP command: its name and its arguments; None where it has none."""


@record
class Case:
    """A machine and its history.

    Attributes:
        seed: the campaign's seed.
        number: the case's number in the campaign; with the seed and the binary it makes the case.
        kind: how it is run; see :mod:`sandbox.campaign.kinds`.
        family: ``virt``, ``q35`` or ``pc``.
        arguments: QEMU's arguments, without the program.
        commands: what is sent. Firmware reads the tables at the start and after each ``system_reset``.
        covers: what the case is to cover, for counts: the step that does it (0 for the start, else the number of the
            command, counted from 1) and the feature.
        dialect: the dialect of its words; "" if it is that of the QEMU.
    """

    seed: int
    number: int
    kind: str
    family: str
    arguments: tuple[str, ...]
    commands: tuple[Command, ...] = ()
    covers: frozenset[tuple[int, str]] = field(default_factory=frozenset)
    dialect: str = ""

    @property
    def features(self) -> frozenset[str]:
        """What the case is to cover; :mod:`sandbox.campaign.ran` tells what of it QEMU did."""
        return frozenset(feature for _, feature in self.covers)
