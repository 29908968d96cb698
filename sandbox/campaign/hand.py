"""What a case is drawn with: repeatable chance, fresh ids, and the growing command line."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Any, Final, TypeVar

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sandbox.campaign.target import Target

T = TypeVar("T")

ID_LETTERS: Final = "abcdefghijXYZ-._09"
NAMES: Final = ("gi", "gpu", "node", "obj", "x")


class Hand:
    """Draws from a seed, and keeps what has been drawn so far.

    Attributes:
        random: the source of chance.
        target: the QEMU that the case is for.
        covers: what the case is to cover, for counts: the step that does it, and the feature.
        step: the step that is drawn: 0 for the start, else the number of the command, counted from 1.
        machine: the parts of ``-machine``, its type first.
        options: other options, in groups that keep their inner order: name and value.
        objects: the values of ``-object``.
        devices: the values of ``-device``.
        numa: the values of ``-numa``.
        nodes: how many NUMA nodes there will be.
        pci_ids: ids of PCI devices that Generic Initiators can name.
        host_bridges: ids of CXL host bridges that Generic Ports can name.
        virtio_memory: the backend of each virtio-mem and virtio-pmem device, by the device's id.
    """

    def __init__(self, key: str, target: Target) -> None:
        self.random = Random(key)  # noqa: S311 - the draw must be repeatable, not secret
        self.target = target
        self.covers: set[tuple[int, str]] = set()
        self.step = 0
        self.machine: list[str] = []
        self.options: list[tuple[str, str | None]] = []
        self.objects: list[str] = []
        self.devices: list[str] = []
        self.numa: list[str] = []
        self.nodes = 0
        self.pci_ids: list[str] = []
        self.host_bridges: list[str] = []
        self.virtio_memory: dict[str, str] = {}
        self._ids: set[str] = set()

    def chance(self, probability: float) -> bool:
        """Return True in that share of draws."""
        return self.random.random() < probability

    def pick(self, choices: Sequence[T]) -> T:
        """Return one of ``choices``."""
        return self.random.choice(choices)

    def upto(self, most: int) -> int:
        """Return a number from 0 to ``most``, both included."""
        return self.random.randint(0, most)

    def cover(self, *features: str) -> None:
        """Note what the step that is drawn covers."""
        self.covers.update((self.step, feature) for feature in features)

    def fresh_id(self, prefix: str = "") -> str:
        """Return an id that this case has not used yet: short, long, or as people number their objects."""
        while True:
            kind = self.random.randrange(4)
            if kind == 0:
                text = f"{prefix or 'gi'}{self.random.randrange(100)}"
            elif kind == 1:
                text = "x" + prefix + "".join(self.random.choices(ID_LETTERS, k=self.random.randrange(1, 9)))
            elif kind == 2:
                text = f"{prefix or self.pick(NAMES)}{self.random.randrange(4)}-node{self.random.randrange(20)}"
            else:
                text = f"{prefix}{self.pick('abcdefgh')}" + "-".join(["long"] * self.random.randrange(1, 12))
            if text not in self._ids:
                self._ids.add(text)
                return text

    def claim_id(self, text: str) -> str:
        """Return ``text`` after noting that it is in use."""
        self._ids.add(text)
        return text

    def arguments(self) -> tuple[str, ...]:
        """Return QEMU's arguments: the groups shuffled into each other, each in its own order."""
        groups: list[list[tuple[str, str | None]]] = [
            [("-M", ",".join(self.machine))],
            self.options,
            [("-object", value) for value in self.objects],
            [("-numa", value) for value in self.numa],
            [("-device", value) for value in self.devices],
        ]
        turns = [place for place, group in enumerate(groups) for _ in group]
        if self.chance(0.3):
            self.random.shuffle(turns)
        waiting = [iter(group) for group in groups]
        words: list[str] = []
        for turn in turns:
            name, value = next(waiting[turn])
            words += [name] if value is None else [name, value]
        return tuple(words)


def option_text(members: Mapping[str, Any]) -> str:
    """Return an object's members as ``-object`` takes them, the type first."""
    rest = (f"{name}={str(value).replace(',', ',,')}" for name, value in members.items() if name != "qom-type")
    return ",".join((str(members["qom-type"]), *rest))
