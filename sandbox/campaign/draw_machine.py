"""Drawing a machine: its type and properties, CPUs, memory, nodes, distances."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sandbox.machine.versions import known_versions, machine_name

if TYPE_CHECKING:
    from sandbox.campaign.hand import Hand

MIB: Final = 1 << 20
GIB: Final = 1 << 30

FIRST_WITHOUT_NODE_SIZES: Final = (5, 1)
"""The first machine version that takes no ``-numa node,mem=``; it makes a node for memory slots, too."""

NODE_COUNTS: Final = (1, 2, 2, 3, 4, 4, 6, 8, 10, 10, 12, 18, 40, 128)
MOST_DISTANCES: Final = 14

HOLE_SIZES: Final = tuple(
    edge * MIB + step for edge in (2048, 2816, 3072, 3584, 4096, 5120) for step in (-8 * MIB, -MIB, 0, MIB, 64 * MIB)
)
"""Sizes around which pc and q35 split their memory below and above 4 GiB."""

NEUTRAL_OPTIONS: Final = (
    ("-name", "guest=vm0"),
    ("-uuid", "12345678-1234-1234-1234-123456789abc"),
    ("-boot", "menu=off"),
    ("-rtc", "base=utc"),
    ("-nodefaults", None),
    ("-vga", "none"),
    ("-nic", "none"),
    ("-usb", None),
    ("-parallel", "none"),
    ("-msg", "timestamp=off"),
    ("-overcommit", "mem-lock=off"),
    ("-k", "en-us"),
    ("-smbios", "type=0,vendor=test"),
)
"""Options that move no table; some of them take away the devices that a machine has by itself."""

SHARED_PROPERTIES: Final = ("dump-guest-core=off", "mem-merge=off", "graphics=off", "usb=on", "suppress-vmdesc=on")
PROPERTIES: Final = {
    "q35": (
        "smm=off",
        "vmport=off",
        "hpet=off",
        "sata=off",
        "smbus=off",
        "i8042=off",
        "pit=off",
        "max-ram-below-4g=1G",
    ),
    "pc": ("smm=off", "vmport=off", "hpet=off", "i8042=off", "fd-bootchk=off", "max-ram-below-4g=2G"),
    "virt": ("its=off", "virtualization=on", "highmem-ecam=off", "ras=on", "dtb-randomness=off", "iommu=smmuv3"),
}


def draw_machine_type(hand: Hand) -> tuple[str, tuple[int, ...]]:
    """Draw the machine; return its family and version."""
    family = hand.pick(hand.target.families)
    hand.cover(family)
    versions = known_versions(family, hand.target.version)
    version = versions[-1]
    if hand.chance(0.25):
        version = hand.pick(versions)
        hand.machine.append(machine_name(family, version))
        hand.cover("versioned-machines")
    else:
        hand.machine.append(family)
    if hand.chance(0.3):
        hand.machine.append(hand.pick(SHARED_PROPERTIES))
    if hand.chance(0.2) and version >= FIRST_WITHOUT_NODE_SIZES:
        hand.machine.append(hand.pick(PROPERTIES[family]))
        hand.cover("machine-properties")
    if hand.chance(0.05):
        hand.machine += ["x-oem-id=ACME", "x-oem-table-id=SANDBOX"]
    if hand.chance(0.02):
        hand.machine.append("acpi=off")
        hand.cover("acpi-off")
    for name, value in NEUTRAL_OPTIONS:
        if hand.chance(0.06):
            hand.options.append((name, value))
            hand.cover("neutral-options")
    return family, version


def draw_memory(hand: Hand, family: str, version: tuple[int, ...], places: list[list[str]]) -> None:
    """Draw RAM and how it is spread over the nodes.

    Args:
        hand: the draw.
        family: the machine's family.
        version: its version.
        places: for each node the parts of its option that place CPUs there.
    """
    if version >= FIRST_WITHOUT_NODE_SIZES and len(places) == 1 and not places[0] and hand.chance(0.4):
        _without_nodes(hand)
        return
    sizes = _node_sizes(hand, len(places), family)
    total = sum(sizes.values())
    draw_size(hand, total)
    has_sizes = version < FIRST_WITHOUT_NODE_SIZES and hand.chance(0.5)
    for node, parts in enumerate(places):
        words = ["node", *([] if hand.chance(0.05) and node == 0 else [f"nodeid={node}"]), *parts]
        if node in sizes and has_sizes:
            words.append(f"mem={sizes[node] // MIB}M")
            hand.cover("node-mem")
        elif node in sizes:
            words.append(f"memdev={draw_backend(hand, sizes[node])}")
        hand.numa.append(",".join(words))
    hand.nodes = len(places)


def _without_nodes(hand: Hand) -> None:
    """RAM without ``-numa node``: memory slots make QEMU declare a node by itself."""
    total = _some_size(hand)
    if hand.chance(0.8):
        draw_size(hand, total, slots=True)
        hand.nodes = 1
        hand.cover("implicit-node")
    else:
        hand.options.append(("-m", f"{total // MIB}"))
        hand.cover("no-nodes")
    if hand.chance(0.4):
        backend = draw_backend(hand, total)
        hand.machine.append(f"memory-backend={backend}")
        hand.cover("machine-memory-backend")


def _node_sizes(hand: Hand, count: int, family: str) -> dict[int, int]:
    """Return the bytes of each node that has memory."""
    with_memory = sorted(hand.random.sample(range(count), hand.random.randint(1, min(count, 4))))
    sizes = {node: _some_size(hand) for node in with_memory}
    if family != "virt" and hand.chance(0.25):
        hole = hand.pick(HOLE_SIZES)
        rest = sum(sizes.values()) - sizes[with_memory[0]]
        if hole > rest:
            sizes[with_memory[0]] = hole - rest
            hand.cover("pci-hole")
    return sizes


def _some_size(hand: Hand) -> int:
    return 2 * MIB * hand.pick((1, 8, 16, 32, 64, 64, 100, 512, 777, 1024, 1536))


def draw_size(hand: Hand, total: int, *, slots: bool = False) -> None:
    """Draw ``-m`` for that many bytes, with room for more if ``slots`` says so, or by chance."""
    if not slots and hand.chance(0.65):
        whole = total % GIB == 0 and hand.chance(0.5)
        hand.options.append(
            ("-m", f"{total // GIB}G" if whole else hand.pick((f"{total // MIB}M", f"size={total // MIB * 1024}K")))
        )
        return
    count = hand.random.randint(1, 4)
    most = total // MIB + 1024 * hand.random.randint(1, 8)
    hand.options.append(("-m", f"{total // MIB}M,slots={count},maxmem={most}M"))
    hand.cover("hotplug-memory")


def draw_backend(hand: Hand, size: int) -> str:
    """Draw the object behind that many bytes of memory; return its id."""
    name = hand.fresh_id("m")
    kind = hand.pick(("memory-backend-ram", "memory-backend-memfd", "memory-backend-ram"))
    extra = hand.pick(("", "", ",share=on", ",merge=off", ",dump=off", ",prealloc=off"))
    hand.objects.append(f"{kind},id={name},size={size}{extra}")
    return name


def draw_distances(hand: Hand) -> None:
    """Draw ``-numa dist`` options, for both directions or for one."""
    style = hand.random.randrange(4)
    if style == 0 or not 0 < hand.nodes <= MOST_DISTANCES or not hand.numa or hand.chance(0.3):
        return
    hand.cover("distances")
    for source in range(hand.nodes):
        for destination in range(hand.nodes):
            if source == destination and hand.chance(0.7):
                continue
            if destination < source and style == 1:
                continue
            value = 10 if source == destination else hand.random.randint(11, 254)
            if value == 254 and hand.chance(0.5):
                value = 255
            hand.numa.append(f"dist,src={source},dst={destination},val={value}")
    if style > 1 and hand.nodes > 1:
        hand.cover("asymmetric")
