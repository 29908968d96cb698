"""Drawing virtio-mem and virtio-pmem devices, and what is asked about them.

The size of virtio-mem's blocks is always given: by itself it follows from the host's huge pages.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sandbox.campaign.draw_devices import ROOT_BUS

if TYPE_CHECKING:
    from sandbox.campaign.case import Command
    from sandbox.campaign.hand import Hand

MIB: Final = 1 << 20
BLOCKS: Final = (1, 2, 2, 4, 16, 128)
"""Sizes of blocks, MiB."""

SIZES: Final = (2, 64, 128, 256, 512)
VALUES: Final = ("memaddr", "memdev", "requested-size", "size", "block-size", "node", "hotplugged")
TOPICS: Final = ("memory-devices", "numa", "memory_size_summary")


def draw_virtio_memory(hand: Hand, family: str) -> None:
    """Draw devices where ``-m`` has room for them; now and then one that QEMU refuses.

    Args:
        hand: the draw.
        family: the machine's family.
    """
    size = next((value or "" for name, value in hand.options if name == "-m"), "")
    if "maxmem=" not in size or hand.chance(0.5):
        return
    for _ in range(hand.pick((1, 1, 2, 3))):
        megabytes = hand.pick(SIZES)
        backend = hand.fresh_id("mem")
        share = hand.pick(("", "", ",share=on"))
        hand.objects.append(f"memory-backend-ram,id={backend},size={megabytes}M{share}")
        name = hand.fresh_id("vm")
        is_pmem = family != "virt" and hand.chance(0.25)
        device = f"virtio-{'pmem' if is_pmem else 'mem'}-pci,id={name},bus={ROOT_BUS[family]},memdev={backend}"
        hand.devices.append(device if is_pmem else device + _properties(hand, family, megabytes))
        hand.cover("virtio-memory")
        hand.pci_ids.append(name)
        hand.virtio_memory[name] = backend


def _properties(hand: Hand, family: str, megabytes: int) -> str:
    """Return what is given to a virtio-mem device beside its backend."""
    block = hand.pick(BLOCKS)
    if megabytes % block and not hand.chance(0.1):
        block = 2
    text = f",block-size={block}M"
    if hand.chance(0.5):
        text += f",node={hand.random.randrange(hand.nodes or 1)}"
    elif hand.chance(0.05):
        text += f",node={hand.nodes + 1}"
    if hand.chance(0.5):
        text += f",requested-size={hand.upto(megabytes // block) * block}M"
    if family != "virt" and hand.chance(0.2):
        text += f",unplugged-inaccessible={hand.pick(('on', 'auto', 'off'))}"
    return text


def ask_of_memory(hand: Hand) -> list[Command]:
    """Return questions about the devices that were drawn, and what changes them or is refused."""
    if not hand.virtio_memory:
        return []
    name = hand.pick(list(hand.virtio_memory))
    return [
        ("query-memory-devices", None),
        ("query-memory-size-summary", None),
        ("human-monitor-command", {"command-line": f"info {hand.pick(TOPICS)}"}),
        ("qom-get", {"path": f"/machine/peripheral/{name}", "property": hand.pick(VALUES)}),
        (
            "qom-set",
            {
                "path": f"/machine/peripheral/{name}",
                "property": hand.pick(("requested-size", "requested-size", "node", "memaddr")),
                "value": hand.pick((0, 1, 4 * MIB, 128 * MIB, 1 << 40)),
            },
        ),
        ("object-del", {"id": hand.virtio_memory[name]}),
    ]
