"""Rules about the devices that initiators name, and how the entries name them."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, Final

from sandbox.acpi.handles import PciDeviceHandle
from sandbox.lint.model import NOTE, WARNING, Found, Rule
from sandbox.lint.setup import NVIDIA, is_passed_through

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sandbox.lint.setup import Setup, Use
    from sandbox.machine.device_objects import PciDeviceObject


def hot_pluggable(setup: Setup) -> Iterator[Found]:
    """The device can go away while its object stays."""
    for found, uses in setup.devices().items():
        device = found.device
        if device is not None and device.bus.hotpluggable and device.kind.hotpluggable:
            message = f"{_named(found, uses)} can be unplugged from '{device.bus.name}'"
            yield Found(f"{message}, and the VM then dies at its next reboot", uses[0].where)


def not_device_0(setup: Setup) -> Iterator[Found]:
    """A GPU is where its driver does not look for its nodes."""
    if not setup.is_arm:
        return
    for found, uses in setup.devices().items():
        devfn = handle_of(found).devfn
        if devfn and found.device is not None and is_passed_through(found):
            place = f"device {devfn >> 3:02x}.{devfn & 7} of '{found.device.bus.name}'"
            message = f"{_named(found, uses)} is {place}: if it is a GPU, NVIDIA's driver takes none of its nodes"
            yield Found(message, uses[0].where, NOT_IN_V2 if setup.is_v2 else "")


def swapped_handle(setup: Setup) -> Iterator[Found]:
    """The bytes of bus and devfn stand in each other's place."""
    for found, uses in setup.devices().items():
        real = handle_of(found)
        written = _written(setup, real)
        if written != real:
            yield Found(f"the handle of {_named(found, uses)} at {real.bdf} reads as {written.bdf}", uses[0].where)


def lost_bus(setup: Setup) -> Iterator[Found]:
    """The bus is not in the handle."""
    if not setup.is_v2:
        return
    for found, uses in setup.devices().items():
        if found.bus_number:
            message = f"{_named(found, uses)} is on bus {found.bus_number:02x}, which v2 leaves out of the handle"
            yield Found(message, uses[0].where)
    for one, other in combinations(setup.devices().items(), 2):
        if handle_of(one[0]).devfn == handle_of(other[0]).devfn:
            message = f"{_named(*one)} and {_named(*other)} have the same handle, since v2 leaves the bus out"
            yield Found(message, other[1][0].where)


def host_segment(setup: Setup) -> Iterator[Found]:
    """On the host the device is in another segment than in the guest."""
    for found, uses in setup.devices().items():
        host = _host_address(found)
        segment, colon, _ = host.rpartition(":")[0].rpartition(":")
        if colon and segment.strip("0"):
            message = f"{_named(found, uses)} is {host} on the host and {handle_of(found).bdf} in the guest"
            yield Found(message, uses[0].where)


def unreleased(setup: Setup) -> Iterator[Found]:
    """No released QEMU has the objects."""
    uses = setup.uses() if setup.is_v2 else ()
    if uses:
        ids = list(dict.fromkeys(use.id for use in uses))
        said = f"{ids[0]} to {ids[-1]}" if len(ids) > 1 else ids[0]
        kinds = dict.fromkeys(use.typename for use in uses)
        what = " and ".join(kind if kind == NVIDIA else f"the member 'device' of {kind}" for kind in kinds)
        yield Found(f"no released QEMU has {what} ({said})", uses[0].where)


def _named(found: PciDeviceObject, uses: Sequence[Use]) -> str:
    ids = list(dict.fromkeys(use.id for use in uses))
    return f"'{found.name}' ({ids[0]}{f' to {ids[-1]}' if len(ids) > 1 else ''})"


def handle_of(found: PciDeviceObject) -> PciDeviceHandle:
    """Return the handle that the specification wants."""
    return PciDeviceHandle(0, found.bus_number, int(found.read("addr")))


def _written(setup: Setup, real: PciDeviceHandle) -> PciDeviceHandle:
    """Return the handle as the dialect writes it."""
    if setup.is_v2:
        return PciDeviceHandle(0, real.devfn, 0)
    swaps = setup.config is not None and setup.config.dialect.swaps_bus_and_devfn
    return real.swapped() if swaps else real


def _host_address(found: PciDeviceObject) -> str:
    """Return the host's address of a device that is passed through; "" where none is given."""
    if found.device is None:
        return ""
    given = found.device.properties
    if isinstance(given.get("host"), str):
        return str(given["host"])
    path = str(given.get("sysfsdev", ""))
    return path.rstrip("/").rpartition("/")[2]


NOT_IN_V2: Final = (
    "Translate it with 'qom-sandbox translate --to 10.0' and put the GPU behind a root port; v2 leaves the root port's "
    "bus out of the handle, so that the driver finds nothing there, either."
)
NVIDIA_DRIVER: Final = "NVIDIA open-gpu-kernel-modules, kernel-open/nvidia/nv-pci.c, find_gpu_numa_nodes_in_srat"

DEVICES: Final = (
    Rule(
        "GI201",
        "hot-pluggable",
        NOTE,
        "An initiator's device can be unplugged while the VM runs.",
        "The object stays when its device goes, and QEMU ends over it when it next makes the tables.",
        "QEMU 10.0 behaviour",
        "Use vfio-pci-nohotplug, put the device behind a root port with hotplug=off, or object-del the object before "
        "device_del.",
        of_setup=hot_pluggable,
    ),
    Rule(
        "GI202",
        "not-device-0",
        WARNING,
        "On arm64 a GPU that is passed through is not device 0, function 0 of its bus.",
        "NVIDIA's driver in the guest reads the initiators of SRAT itself, on arm64 only, and for a GPU elsewhere says "
        "'non-zero device function is not supported' and takes no node; device 0 of the root bus is the host bridge. "
        "Linux itself does not mind.",
        NVIDIA_DRIVER,
        "Put the GPU behind a root port of its own, where it is device 0: with hotplug=off, or as vfio-pci-nohotplug.",
        of_setup=not_device_0,
    ),
    Rule(
        "GI401",
        "swapped-handle",
        WARNING,
        "The handle has the bytes of bus and device in each other's place.",
        "Whoever reads it by the specification finds another device; Linux itself does not look at it, but NVIDIA's "
        "driver does: it compares segment and bus, and takes the bus from byte 3 of the handle where byte 2 is 0, "
        "with a warning that this will end; so it finds a GPU at device 0 of a bus with QEMU 9.0, and none with v2.",
        f"the v2 series as recorded; QEMU 9.0.0 to 9.0.3 and 9.1; ACPI 6.5, 5.2.16.6; {NVIDIA_DRIVER}",
        "Use QEMU 9.0.4, 9.2 or later, and translate a v2 set-up with 'qom-sandbox translate --to 10.0'.",
        of_setup=swapped_handle,
    ),
    Rule(
        "GI402",
        "lost-bus",
        WARNING,
        "v2 leaves the bus out of the handle, and the device is not on bus 0.",
        "Devices in the same slot of two buses have the same handle; NVIDIA's driver, which compares segment and bus, "
        "finds no initiator of a GPU behind a root port, and on the root bus it looks for none.",
        f"the v2 series as recorded; {NVIDIA_DRIVER}",
        "Use the merged objects of QEMU 9.2 and later ('qom-sandbox translate --to 10.0'), with a GPU behind a root "
        "port that does not let it be unplugged.",
        of_setup=lost_bus,
    ),
    Rule(
        "GI403",
        "host-segment",
        NOTE,
        "The device is in another PCI segment on the host than in the guest.",
        "QEMU's machines have segment 0 only, and QEMU writes segment 0 into every handle; the host's address is not "
        "to be found in the guest.",
        "QEMU 10.0 behaviour, the v2 series as recorded",
        "Look for the device at its guest address.",
        of_setup=host_segment,
    ),
    Rule(
        "GI404",
        "unreleased",
        WARNING,
        "No released QEMU has the objects of the v2 series.",
        "They were merged in another shape, and a QEMU as distributions have it ends over them as it starts, or "
        "refuses the command.",
        "QEMU 10.0 behaviour; QEMU 7.2 with the v2 series",
        "Translate it for a released QEMU: 'qom-sandbox translate --to 10.0'.",
        of_setup=unreleased,
    ),
)
