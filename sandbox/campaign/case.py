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
        features: what the case covers, for counts.
        dialect: the dialect of its words; "" if it is that of the QEMU.
    """

    seed: int
    number: int
    kind: str
    family: str
    arguments: tuple[str, ...]
    commands: tuple[Command, ...] = ()
    features: frozenset[str] = field(default_factory=frozenset)
    dialect: str = ""

    @property
    def rounds(self) -> int:
        """How often firmware reads the tables if nothing ends the machine."""
        return 1 + sum(name == "system_reset" for name, _ in self.commands)
