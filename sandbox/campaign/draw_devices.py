"""Drawing devices: PCI devices on every kind of bus, and memory modules."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sandbox.records import record

if TYPE_CHECKING:
    from sandbox.campaign.hand import Hand

MIB: Final = 1 << 20

CONVENTIONAL: Final = ("pci-testdev", "pci-testdev", "pci-testdev", "edu", "intel-hda", "ich9-ahci", "e1000,romfile=")
EXPRESS: Final = (
    "pci-testdev",
    "pci-testdev",
    "virtio-rng-pci",
    "qemu-xhci",
    "virtio-serial-pci",
    "e1000e,romfile=",
    "virtio-net-pci,romfile=",
)
ROOT_BUS: Final = {"pc": "pci.0", "q35": "pcie.0", "virt": "pcie.0"}
MOST_DEPTH: Final = 3
FIRST_ITS: Final = (6, 2)
"""The first virt whose GICv3 has message-signalled interrupts without KVM; bridges cannot do without."""
GICV3: Final = ("gic-version=3", "gic-version=max")
LINK_PORTS: Final = ("pcie-root-port", "pcie-root-port", "ioh3420")


@record
class Bus:
    """A bus that devices can be drawn for.

    Attributes:
        name: as ``bus=`` takes it.
        kind: ``pci``; ``root`` of PCI Express; ``link`` below a port, with one slot; ``switch`` inside one.
        depth: how many bridges are between it and a root bus.
    """

    name: str
    kind: str
    depth: int = 0


def draw_devices(hand: Hand, family: str, version: tuple[int, ...]) -> None:
    """Draw PCI devices on the root bus and behind bridges.

    Args:
        hand: the draw.
        family: the machine's family.
        version: its version.
    """
    _Tree(hand, family, version).draw()


class _Tree:
    """Draws devices from the root bus downward."""

    def __init__(self, hand: Hand, family: str, version: tuple[int, ...]) -> None:
        self.hand = hand
        self.family = family
        self.root = Bus(ROOT_BUS[family], "pci" if family == "pc" else "root")
        self.has_msi = not {"its=off", *(GICV3 if version < FIRST_ITS else ())}.intersection(hand.machine)
        self._numbers = 0
        self._bus_number = 0
        self._slots: dict[str, list[int]] = {}

    def draw(self) -> None:
        """Draw all of them."""
        hand = self.hand
        for _ in range(hand.pick((0, 1, 1, 1, 2, 3, 5))):
            self.leaf(self.root)
        for _ in range(hand.pick((0, 0, 0, 1, 1, 2, 3)) if self.has_msi else 0):
            self.bridge(self.root)
        if self.family == "q35" and hand.target.has_ports and hand.chance(0.25):
            self.host_bridges()

    def number(self) -> int:
        self._numbers += 1
        return self._numbers

    def place(self, bus: Bus, *, always: bool = False) -> str:
        """Return ``bus`` and ``addr`` for the next device on a bus; on a root bus QEMU may choose."""
        is_slot_0_taken = bus.kind == "pci" and bus.depth > 0  # by the hot-plug controller of a bridge
        if bus.kind == "link" or (not always and not is_slot_0_taken and self.hand.chance(0.4)):
            return self._named(bus)
        slots = self._slots.setdefault(bus.name, self.hand.random.sample(range(6, 29), 20))
        slot = slots.pop()
        text = self.hand.pick((f"{slot}", f"{slot:#x}", f"{slot:x}.0", f"{slot:02x}.0"))
        return f"{self._named(bus)},addr={text if '.' in text or 'x' in text else f'{slot:x}'}"

    def _named(self, bus: Bus) -> str:
        # without bus= a device may end up on an expander, which takes only bridges
        may_omit = bus.name == self.root.name and not self._bus_number
        return "" if may_omit and self.hand.chance(0.5) else f",bus={bus.name}"

    def leaf(self, bus: Bus) -> None:
        """Draw a device, or one of several functions."""
        hand = self.hand
        kinds = CONVENTIONAL if bus.kind == "pci" else EXPRESS
        if bus.kind != "link" and hand.chance(0.1):
            where, _, slot = self.place(bus, always=True).rpartition("addr=")
            for function in range(hand.random.randint(2, 4)):
                self._device("pci-testdev", f"{where}addr={slot.split('.')[0]}.{function:x},multifunction=on")
            hand.cover("multifunction")
            return
        self._device(hand.pick(kinds), self.place(bus))

    def _device(self, kind: str, place: str) -> None:
        hand = self.hand
        typename, _, rest = kind.partition(",")
        name = hand.claim_id(f"dev{self.number()}")
        hand.devices.append(f"{typename},id={name}{place}" + (f",{rest}" if rest else ""))
        hand.pci_ids.append(name)

    def bridge(self, bus: Bus) -> None:
        """Draw a bridge that fits on a bus, and what is behind it."""
        choices = {
            "pci": (self.pci_bridge, self.pci_bridge, self.expander) if bus.name == "pci.0" else (self.pci_bridge,),
            "root": (self.port, self.port, self.port, self.expander, self.to_pci),
            "link": (self.switch, self.to_pci),
            "switch": (self.downstream,),
        }
        self.hand.pick(choices[bus.kind])(bus)

    def behind(self, bus: Bus) -> None:
        """Draw what is on a bus behind a bridge."""
        hand = self.hand
        deeper = bus.depth < MOST_DEPTH and hand.chance(0.4)
        if bus.kind == "link":
            if deeper:
                self.bridge(bus)
            elif hand.chance(0.85):
                self.leaf(bus)
            return
        for _ in range(hand.pick((0, 1, 1, 2))):
            self.leaf(bus)
        if deeper:
            self.bridge(bus)

    def _bridge(self, kind: str, rest: str, feature: str) -> str:
        name = self.hand.claim_id(f"br{self.number()}")
        self.hand.devices.append(f"{kind},id={name}{rest}")
        self.hand.cover("bridges", feature)
        if self.hand.chance(0.3):
            self.hand.pci_ids.append(name)
        return name

    def pci_bridge(self, bus: Bus) -> None:
        name = self._bridge("pci-bridge", f",chassis_nr={self.number()}{self.place(bus)}", "pci-bridges")
        self.behind(Bus(name, "pci", bus.depth + 1))

    def to_pci(self, bus: Bus) -> None:
        kind = "i82801b11-bridge" if bus.kind == "root" and self.hand.chance(0.4) else "pcie-pci-bridge"
        name = self._bridge(kind, self.place(bus), "pci-bridges")
        self.behind(Bus(name, "pci", bus.depth + 1))

    def port(self, bus: Bus) -> None:
        number = self.number()
        name = self._bridge(
            self.hand.pick(LINK_PORTS), f",chassis={number},slot={number}{self.place(bus)}", "root-ports"
        )
        self.behind(Bus(name, "link", bus.depth + 1))

    def switch(self, bus: Bus) -> None:
        upstream = self._bridge("x3130-upstream", self.place(bus), "switches")
        inner = Bus(upstream, "switch", bus.depth + 1)
        for _ in range(self.hand.random.randint(1, 3)):
            self.downstream(inner)

    def downstream(self, bus: Bus) -> None:
        number = self.number()
        rest = f",chassis={number},slot={number}{self.place(bus, always=True)}"
        self.behind(Bus(self._bridge("xio3130-downstream", rest, "switches"), "link", bus.depth + 1))

    def next_bus_number(self) -> int:
        self._bus_number += self.hand.pick((16, 32, 37))
        return self._bus_number

    def expander(self, bus: Bus) -> None:
        number = self.next_bus_number()
        if number > 255:
            return
        kind = "pxb" if bus.kind == "pci" else "pxb-pcie"
        node = f",numa_node={self.hand.random.randrange(self.hand.nodes)}" if self._has_node() else ""
        name = self.hand.claim_id(f"ex{self.number()}")
        self.hand.devices.append(f"{kind},id={name},bus_nr={number}{node}{self.place(bus)}")
        self.hand.cover("expanders")
        inner = Bus(name, "pci" if kind == "pxb" else "root")
        for _ in range(self.hand.pick((1, 1, 2))):
            if kind == "pxb":
                self.leaf(Bus(inner.name, inner.kind, 1))
            else:
                self.port(inner)

    def _has_node(self) -> bool:
        return self.hand.nodes > 0 and self.hand.chance(0.4)

    def host_bridges(self) -> None:
        hand = self.hand
        hand.machine.append("cxl=on")
        for number in range(hand.random.randint(1, 3)):
            bus_number = self.next_bus_number()
            if bus_number > 255:
                return
            name = hand.claim_id(f"cxl.{number}")
            hand.devices.append(f"pxb-cxl,id={name},bus={self.root.name},bus_nr={bus_number}")
            hand.host_bridges.append(name)
            if hand.chance(0.4):
                chassis = self.number()
                hand.devices.append(f"cxl-rp,id={hand.claim_id(f'crp{chassis}')},bus={name},chassis={chassis},slot=0")
        hand.cover("host-bridges")


def draw_memory_modules(hand: Hand, family: str) -> None:
    """Draw pc-dimm and nvdimm devices where ``-m`` has slots for them; virt takes them only with firmware."""
    size = next((value or "" for name, value in hand.options if name == "-m"), "")
    if family == "virt" or "slots=" not in size or not hand.nodes or hand.chance(0.4) or "acpi=off" in hand.machine:
        return
    slots = int(size.split("slots=")[1].split(",")[0])
    room = int(size.split("maxmem=")[1].rstrip("M")) - int(size.split("M")[0].removeprefix("size="))
    has_nvdimm = hand.chance(0.4)
    if has_nvdimm:
        hand.machine.append("nvdimm=on")
    for _ in range(hand.random.randint(1, slots)):
        megabytes = hand.pick((2, 128, 256, 512))
        room -= megabytes
        if room < 0:
            return
        backend = hand.fresh_id("mem")
        kind = "nvdimm" if has_nvdimm and hand.chance(0.6) else "pc-dimm"
        hand.objects.append(f"memory-backend-ram,id={backend},size={megabytes}M")
        node = f",node={hand.random.randrange(hand.nodes)}" if hand.chance(0.7) else ""
        named = f",id={hand.fresh_id('dimm')}" if hand.chance(0.8) else ""
        hand.devices.append(f"{kind}{named},memdev={backend}{node}")
        hand.cover("memory-modules", kind)
