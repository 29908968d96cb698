"""Networks, shared folders and sound: backends with the same ids that reach nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sandbox.live.standins.run import changed
from sandbox.live.standins.values import read_value

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.live.standins.run import Rule, Run, Words
    from sandbox.machine.arguments import Option

FIRST_HUB: Final = 7000
NIC_NAMES: Final = frozenset({"type", "id", "model", "mac", "macaddr", "addr", "vectors"})
SILENT: Final = "qom-sandbox-silent"
SOUND_DEVICES: Final = frozenset(
    {"hda-duplex", "hda-micro", "hda-output", "AC97", "ac97", "ES1370", "es1370", "usb-audio", "virtio-sound-pci",
     "virtio-sound-device", "virtio-sound", "sb16", "adlib", "cs4231a", "gus"}
)  # fmt: skip


def _hub(run: Run, option: Option) -> str:
    """Return the number of a hub that no other backend is on."""
    return str(FIRST_HUB + run.options.index(option))


def _netdev(run: Run, option: Option) -> Words | None:
    value = read_value(option.value or "", "type")
    if value.get("type") == "hubport":
        return None
    run.change(option, "the network behind it is empty")
    hub = value.number(int(_hub(run, option)))
    return changed(option, value.only({"type", "id"}).with_(type="hubport", hubid=hub))


def _nic(run: Run, option: Option) -> Words | None:
    value = read_value(option.value or "", "type")
    if value.get("type") in ("none", "hubport"):
        return None
    run.change(option, "the network behind it is empty")
    return changed(option, value.only(NIC_NAMES).with_(type="hubport", hubid=_hub(run, option)))


def _net(run: Run, option: Option) -> Words | None:
    if read_value(option.value or "", "type").get("type") in ("none", "nic"):
        return None
    run.change(option, "the network behind it is empty")
    return changed(option, "none")


def _folder(run: Run, option: Option) -> Words | None:
    value = read_value(option.value or "", "fsdriver")
    if value.get("fsdriver") == "synth":
        return None
    run.change(option, "the folder behind it is empty")
    return changed(option, value.only({"fsdriver", "id", "mount_tag"}).with_(fsdriver="synth"))


def _sound(run: Run, option: Option) -> Words | None:
    value = read_value(option.value or "", "driver")
    if value.get("driver") == "none":
        return None
    run.change(option, "sound goes nowhere")
    if value.get("driver") is None:
        value = value.__class__((("driver", "none"), *value.pairs), "driver", value.is_json)
    return changed(option, value.only({"driver", "id", "model"}).with_(driver="none"))


def has_sound_backend(run: Run) -> bool:
    """Whether the user says where sound goes."""
    return bool(run.named("audiodev", "audio"))


RULES: Final[Mapping[str, Rule]] = {
    "netdev": _netdev,
    "nic": _nic,
    "net": _net,
    "fsdev": _folder,
    "virtfs": _folder,
    "audiodev": _sound,
    "audio": _sound,
}
