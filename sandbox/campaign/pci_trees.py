"""Random trees of PCI bridges with devices behind them: what firmware gives numbers to.

A tree is made from a random generator of the caller's, so that it can be repeated. It keeps to what QEMU takes and to
what firmware can lay out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sandbox.records import record

if TYPE_CHECKING:
    from random import Random

ROOTS: Final = {"pc": "pci.0", "q35": "pcie.0", "virt": "pcie.0"}
ROOT_SLOTS: Final = {"pc": range(5, 32), "q35": range(3, 28), "virt": range(3, 32)}
"""Slots of the root bus that a machine leaves free, whatever its default devices."""

ENDPOINTS: Final = ("edu", "edu", "edu", "virtio-rng-pci", "pci-testdev")
DEEPEST: Final = 5
DOWNSTREAM_PORTS: Final = 3
MOST_BRIDGES: Final = 12
MOST_CONVENTIONAL: Final = 7
"""SeaBIOS gives each of these a sixteenth of the I/O ports, and stops where they run out."""

ROOT_CHOICES: Final = {
    "pc": ("pci-bridge", "pci-bridge", "pxb", "endpoint"),
    "q35": ("port", "port", "port", "pci-bridge", "pcie-pci-bridge", "pxb-pcie", "endpoint"),
    "virt": ("port", "port", "port", "pcie-pci-bridge", "pxb-pcie", "endpoint"),
}
LINK_CHOICES: Final = ("endpoint", "endpoint", "switch", "pcie-pci-bridge")
"""What there may be behind a port, which has one slot."""
CONVENTIONAL_CHOICES: Final = ("endpoint", "endpoint", "pci-bridge")


@record
class PciTree:
    """A tree of PCI devices.

    Attributes:
        devices: what ``-device`` takes, in order.
        endpoints: the ids of the devices that are no bridges.
        features: the kinds of bridges in it, and ``levels-N`` for the deepest device behind N bridges.
    """

    devices: tuple[str, ...]
    endpoints: tuple[str, ...]
    features: frozenset[str]

    @property
    def words(self) -> tuple[str, ...]:
        """The devices as words of a command line."""
        return tuple(word for device in self.devices for word in ("-device", device))


def random_tree(random: Random, family: str, *, most_bridges: int = MOST_BRIDGES) -> PciTree:
    """Return a tree with at least one device that is no bridge.

    Args:
        random: draws it.
        family: ``pc``, ``q35`` or ``virt``.
        most_bridges: how many bridges there are at the most, ports counted; a switch that was begun gets a port.
    """
    return _Draw(random, family, most_bridges).tree()


class _Draw:
    """Draws one tree; each method adds a device and what is behind it."""

    def __init__(self, random: Random, family: str, most_bridges: int) -> None:
        self.random = random
        self.family = family
        self.bridges_left = most_bridges
        self.conventional_left = MOST_CONVENTIONAL
        self.devices: list[str] = []
        self.endpoints: list[str] = []
        self.features: set[str] = set()
        self.levels = 0
        self.serial = 0
        self.expander_numbers = iter(sorted(random.sample(range(64, 240, 24), 4)))
        self.expanders_left = 2

    def tree(self) -> PciTree:
        slots = self.slots(ROOT_SLOTS[self.family])
        for _ in range(self.random.randint(2, 5)):
            self.add(self.random.choice(ROOT_CHOICES[self.family]), ROOTS[self.family], slots.pop(), 0)
        if not self.endpoints:
            self.add_endpoint(ROOTS[self.family], slots.pop(), 0)
        features = frozenset({*self.features, f"levels-{self.levels}"})
        return PciTree(tuple(self.devices), tuple(self.endpoints), features)

    def slots(self, free: range) -> list[int]:
        return self.random.sample(free, len(free))

    def add(self, kind: str, bus: str, slot: int, level: int) -> None:
        if kind == "endpoint" or self.bridges_left <= 0 or level >= DEEPEST:
            self.add_endpoint(bus, slot, level)
        elif kind == "port":
            self.add_port(bus, slot, level)
        elif kind == "switch":
            self.add_switch(bus, level)
        elif kind.startswith("pxb"):
            self.add_expander(kind, slot)
        else:
            self.add_conventional(kind, bus, slot, level)

    def device(self, prefix: str, typename: str, bus: str, rest: str) -> str:
        self.serial += 1
        name = f"{prefix}{self.serial}"
        self.devices.append(f"{typename},id={name},bus={bus}{rest}")
        return name

    def bridge(self, typename: str, bus: str, rest: str) -> str:
        self.bridges_left -= 1
        self.features.add(typename)
        return self.device("b", typename, bus, rest)

    def add_endpoint(self, bus: str, slot: int, level: int) -> None:
        self.levels = max(self.levels, level)
        self.endpoints.append(self.device("dev", self.random.choice(ENDPOINTS), bus, f",addr={slot:#x}"))

    def add_port(self, bus: str, slot: int, level: int) -> None:
        typename = self.random.choice(("pcie-root-port", "pcie-root-port", "ioh3420"))
        port = self.bridge(typename, bus, f",addr={slot:#x},chassis={self.serial + 1},slot={slot}")
        self.add(self.random.choice(LINK_CHOICES), port, 0, level + 1)

    def add_switch(self, bus: str, level: int) -> None:
        upstream = self.bridge("x3130-upstream", bus, ",addr=0")
        slots = self.slots(range(32))
        for _ in range(self.random.randint(1, DOWNSTREAM_PORTS)):
            slot = slots.pop()
            place = f",addr={slot:#x},chassis={self.serial + 1},slot={slot}"
            port = self.bridge("xio3130-downstream", upstream, place)
            if self.random.random() < 0.8:
                self.add(self.random.choice(LINK_CHOICES), port, 0, level + 2)

    def add_expander(self, typename: str, slot: int) -> None:
        root = ROOTS[self.family]
        if self.expanders_left <= 0:
            self.add_endpoint(root, slot, 0)
            return
        self.expanders_left -= 1
        expander = self.bridge(typename, root, f",addr={slot:#x},bus_nr={next(self.expander_numbers)}")
        slots = self.slots(range(1, 32))
        for _ in range(self.random.randint(1, 3)):
            if typename == "pxb":
                self.add(self.random.choice(CONVENTIONAL_CHOICES), expander, slots.pop(), 1)
            else:
                self.add_port(expander, slots.pop(), 0)  # QEMU takes nothing but bridges there

    def add_conventional(self, typename: str, bus: str, slot: int, level: int) -> None:
        if self.conventional_left <= 0:
            self.add_endpoint(bus, slot, level)
            return
        self.conventional_left -= 1
        chassis = f",chassis_nr={self.serial + 1}" if typename == "pci-bridge" else ""
        bridge = self.bridge(typename, bus, f",addr={slot:#x}{chassis}")
        slots = self.slots(range(1, 32))
        for _ in range(self.random.randint(1, 3)):
            self.add(self.random.choice(CONVENTIONAL_CHOICES), bridge, slots.pop(), level + 1)
