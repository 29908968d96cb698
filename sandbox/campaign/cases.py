"""Random machines and QMP histories: what a comparison with a live QEMU runs on.

A case is made from a seed alone, so that a failure can be repeated.
"""

from __future__ import annotations

from random import Random
from typing import Any, Final

from sandbox.records import field, record

FAMILIES: Final = ("virt", "q35", "pc")
OLD_NAMES: Final = {
    "virt": ("virt-6.0", "virt-7.2", "virt-9.2"),
    "q35": ("pc-q35-6.0", "pc-q35-7.0", "pc-q35-9.1"),
    "pc": ("pc-i440fx-6.0", "pc-i440fx-7.1", "pc-i440fx-9.0"),
}
"""Versioned machines that QEMU 9.2 to 11.1 all have."""

MIB: Final = 1 << 20
Command = tuple[str, dict[str, Any]]


@record
class Case:
    """A machine and what is done to it before firmware reads its tables.

    Attributes:
        seed: what it was made from.
        family: ``virt``, ``q35`` or ``pc``.
        arguments: QEMU's arguments.
        commands: QMP commands in order, as (name, arguments).
        features: what the case covers, for counts.
    """

    seed: int
    family: str
    arguments: tuple[str, ...]
    commands: tuple[Command, ...]
    features: frozenset[str] = field(default_factory=frozenset)

    @property
    def binary(self) -> str:
        """The name of the QEMU that has this machine."""
        return "qemu-system-aarch64" if self.family == "virt" else "qemu-system-x86_64"


def random_case(seed: int, *, ports: bool = True) -> Case:
    """Return the case of a seed.

    Args:
        seed: any integer.
        ports: whether Generic Ports may occur, which QEMU has since 9.2.
    """
    return _Draw(seed, ports).case()


class _Draw:
    """Draws the parts of one case."""

    def __init__(self, seed: int, ports: bool) -> None:
        self.seed = seed
        self.random = Random(seed)  # noqa: S311 - the draw must be repeatable, not secret
        self.ports = ports
        self.family = self.random.choice(FAMILIES)
        self.words: list[str] = []
        self.objects: list[str] = []
        self.devices: list[str] = []
        self.features: set[str] = {self.family}
        self.machine = [self.family]
        if self.random.random() < 0.2:
            self.machine = [self.random.choice(OLD_NAMES[self.family])]
            self.features.add("old-machines")
        self.ids: set[str] = set()
        self.nodes = self.random.choice((1, 2, 3, 4, 6, 10, 10, 12, 18, 40))
        self.pci_ids: list[str] = []
        self.host_bridges: list[str] = []
        self.possible_cpus = 0

    def case(self) -> Case:
        self.add_topology()
        self.add_memory()
        self.add_distances()
        self.add_devices()
        self.add_companions()
        initial = self.random.choice((0, 1, 2, 5, 8, 8, 16, 30))
        for _ in range(initial if self.pci_ids else 0):
            self.objects.append(self.option_text(self.initiator()))
        for _ in range(self.random.randrange(3) if self.host_bridges else 0):
            self.objects.append(self.option_text(self.port()))
        if initial and self.pci_ids:
            self.features.add("objects")
        commands = self.history()
        self.random.shuffle(self.objects)
        ordered = [word for text in self.objects for word in ("-object", text)]
        devices = [word for text in self.devices for word in ("-device", text)]
        words = ("-M", ",".join(self.machine), *self.words, *ordered, *devices)
        return Case(self.seed, self.family, words, tuple(commands), frozenset(self.features))

    def fresh_id(self, prefix: str = "") -> str:
        while True:
            kind = self.random.randrange(3)
            if kind == 0:
                text = f"{prefix or 'gi'}{self.random.randrange(100)}"
            elif kind == 1:
                length = self.random.randrange(1, 9)
                text = "x" + prefix + "".join(self.random.choices("abcdefghijXYZ-._09", k=length))
            else:
                text = f"{prefix or 'gpu'}{self.random.randrange(4)}-node{self.random.randrange(20)}"
            if text not in self.ids:
                self.ids.add(text)
                return text

    def add_topology(self) -> None:
        random = self.random
        sockets, cores, threads = random.choice((1, 1, 2, 3)), random.choice((1, 2, 3, 4)), random.choice((1, 1, 2))
        middle = random.choice((1, 1, 2, 3))
        level = "clusters" if self.family == "virt" else "dies"
        possible = sockets * cores * threads * middle
        present = random.randint(1, possible)
        style = random.randrange(4)
        if style == 0:
            self.words += ["-smp", str(random.choice((1, 2, 4, 8)))]
        elif style == 1:
            self.words += ["-smp", f"sockets={sockets},cores={cores},threads={threads}"]
            self.possible_cpus = sockets * cores * threads
        else:
            self.words += [
                "-smp",
                f"{present},maxcpus={possible},sockets={sockets},{level}={middle},cores={cores},threads={threads}",
            ]
            self.possible_cpus = possible
            self.features.add("cpu-topology")
        if self.family == "virt":
            self.words += ["-cpu", random.choice(("cortex-a57", "cortex-a72", "max"))]
            self.machine.append("gic-version=3")
        elif random.random() < 0.05:
            self.possible_cpus = 0
            self.words[-1] = "300"
            self.words += ["-cpu", "qemu64,+x2apic"]
            if self.family == "pc":
                self.words[-3] = "200"
            self.features.add("many-cpus")

    def add_memory(self) -> None:
        random = self.random
        with_memory = sorted(random.sample(range(self.nodes), random.randint(1, min(self.nodes, 4))))
        sizes = {node: 2 * MIB * random.choice((1, 16, 64, 100, 512, 777, 1024)) for node in with_memory}
        total = sum(sizes.values())
        if random.random() < 0.3:
            slots = random.randint(1, 4)
            most = total // MIB + 1024 * random.randint(1, 8)
            self.words += ["-m", f"size={total // MIB}M,slots={slots},maxmem={most}M"]
            self.features.add("hotplug-memory")
        else:
            self.words += ["-m", f"{total // MIB}M"]
        places = self.cpu_places()
        for node in range(self.nodes):
            text = f"node,nodeid={node}"
            if places[node]:
                text += "".join(f",cpus={cpu}" for cpu in places[node])
            if node in sizes:
                backend = self.fresh_id("m")
                kind = random.choice(("memory-backend-ram", "memory-backend-memfd", "memory-backend-ram"))
                self.objects.append(f"{kind},id={backend},size={sizes[node]},reserve=off")
                text += f",memdev={backend}"
            self.words += ["-numa", text]

    def cpu_places(self) -> list[list[int]]:
        """Return the CPUs that each node gets by ``cpus=``; mostly none, and QEMU places them itself."""
        places: list[list[int]] = [[] for _ in range(self.nodes)]
        if self.possible_cpus and self.random.random() < 0.3:
            for cpu in range(self.possible_cpus):
                places[self.random.randrange(self.nodes)].append(cpu)
            self.features.add("placed-cpus")
        return places

    def add_distances(self) -> None:
        random = self.random
        style = random.randrange(4)
        if style == 0 or self.nodes > 12:
            return
        self.features.add("distances")
        for source in range(self.nodes):
            for destination in range(self.nodes):
                if source == destination and random.random() < 0.7:
                    continue
                if destination < source and style == 1:
                    continue
                value = 10 if source == destination else random.randint(11, 254)
                self.words += ["-numa", f"dist,src={source},dst={destination},val={value}"]
        if style == 1:
            return
        if style == 2 and self.nodes > 1:
            self.features.add("asymmetric")

    def add_devices(self) -> None:
        random = self.random
        root = "pci.0" if self.family == "pc" else "pcie.0"
        slots = iter(random.sample(range(5, 28), 20))
        for number in range(random.choice((0, 1, 1, 2, 3))):
            name = f"dev{number}"
            place = f",bus={root},addr={next(slots):#x}" if random.random() < 0.6 else ""
            self.devices.append(f"pci-testdev,id={name}{place}")
            self.pci_ids.append(name)
        for number in range(random.choice((0, 0, 1, 2))):
            port, name = f"rp{number}", f"behind{number}"
            if self.family == "pc":
                self.devices.append(f"pci-bridge,id={port},chassis_nr={number + 1},addr={next(slots):#x}")
                self.devices.append(f"pci-testdev,id={name},bus={port},addr={random.randrange(1, 20)}")
            else:
                place = f"chassis={number + 1},slot={number},addr={next(slots):#x}"
                self.devices.append(f"pcie-root-port,id={port},{place}")
                self.devices.append(f"pci-testdev,id={name},bus={port}")
            self.pci_ids.append(name)
            self.features.add("bridges")
        if self.family == "q35" and self.ports and random.random() < 0.3:
            self.machine.append("cxl=on")
            for number in range(random.randint(1, 2)):
                bus = 64 * (number + 1)
                self.devices.append(f"pxb-cxl,id=cxl.{number},bus={root},bus_nr={bus}")
                self.host_bridges.append(f"cxl.{number}")
            self.features.add("host-bridges")

    def add_companions(self) -> None:
        random = self.random
        for _ in range(random.choice((0, 0, 1, 3))):
            kind = random.choice(("iothread", "rng-builtin", "secret,data=abc"))
            typename, _, rest = kind.partition(",")
            self.objects.append(f"{typename},id={self.fresh_id()}" + (f",{rest}" if rest else ""))

    def initiator(self) -> dict[str, Any]:
        return {
            "qom-type": "acpi-generic-initiator",
            "id": self.fresh_id(),
            "pci-dev": self.random.choice(self.pci_ids),
            "node": self.random.randrange(self.nodes),
        }

    def port(self) -> dict[str, Any]:
        self.features.add("ports")
        return {
            "qom-type": "acpi-generic-port",
            "id": self.fresh_id("gp"),
            "pci-bus": self.random.choice(self.host_bridges),
            "node": self.random.randrange(self.nodes),
        }

    def option_text(self, members: dict[str, Any]) -> str:
        rest = ",".join(f"{name}={value}" for name, value in members.items() if name != "qom-type")
        return f"{members['qom-type']},{rest}"

    def history(self) -> list[Command]:
        """Return QMP commands that add, delete, add again and fail."""
        random = self.random
        if not self.pci_ids or random.random() < 0.3:
            return []
        alive = [text.split("id=")[1].split(",")[0] for text in self.objects if text.startswith(("acpi", "secret"))]
        commands: list[Command] = []
        for _ in range(random.choice((1, 3, 8, 25))):
            action = random.randrange(10)
            if action < 5:
                members = self.initiator()
                commands.append(("object-add", members))
                alive.append(members["id"])
                self.features.add("adds")
            elif action < 8 and alive:
                gone = alive.pop(random.randrange(len(alive)))
                commands.append(("object-del", {"id": gone}))
                self.features.add("deletes")
                if random.random() < 0.4:
                    commands.append(("object-add", {**self.initiator(), "id": gone}))
                    alive.append(gone)
                    self.features.add("re-adds")
            elif action == 8:
                commands.append(("object-add", {"qom-type": "secret", "id": self.fresh_id("s")}))
                self.features.add("failed-completions")
            elif alive:
                commands.append(("object-add", {**self.initiator(), "id": random.choice(alive)}))
                self.features.add("duplicates")
        return commands
