"""From domain XML to a domain.

Source: libvirt 12.8, the format of domain XML (formatdomain) and its RELAX NG schema.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sandbox.errors import InputError, UnmodelledError
from sandbox.libvirt.devices import read_controllers, read_hostdevs
from sandbox.libvirt.domain import Cell, Domain
from sandbox.libvirt.elements import Element, read_elements, whole_number
from sandbox.translate.nodesets import parse_node_set

if TYPE_CHECKING:
    from collections.abc import Iterator

UNITS: Final = {
    "b": 1,
    "bytes": 1,
    "kb": 1000,
    "k": 1 << 10,
    "kib": 1 << 10,
    "mb": 1000**2,
    "m": 1 << 20,
    "mib": 1 << 20,
    "gb": 1000**3,
    "g": 1 << 30,
    "gib": 1 << 30,
    "tb": 1000**4,
    "t": 1 << 40,
    "tib": 1 << 40,
}
TOPOLOGY: Final = ("sockets", "dies", "clusters", "cores", "threads")
MACHINES: Final = {"x86_64": "pc", "aarch64": "virt"}
RNG_TYPES: Final = {"random": "rng-random", "builtin": "rng-builtin", "egd": "rng-egd"}


def read_domain(data: bytes, file: str) -> Domain:
    """Read a domain; ``file`` is how messages call it.

    Raises:
        InputError: it is no domain of QEMU's, or something is wrong in it; with line and column.
        UnmodelledError: it has what moves a table and is not modelled.
    """
    root = read_elements(data, file)
    if root.tag != "domain":
        root = next(root.every("domain"), root)
    if root.tag != "domain" or root.get("type") not in ("kvm", "qemu"):
        raise InputError(f"<{root.tag} type='{root.get('type')}'> is no domain of QEMU's", root.place)
    return _domain(root)


def _domain(root: Element) -> Domain:
    kind = _required(root, "os/type")
    arch = kind.get("arch", "x86_64")
    if arch not in MACHINES:
        raise UnmodelledError(f"the architecture {arch}: the sandbox has {', '.join(MACHINES)}", kind.place)
    _refuse_unmodelled(root)
    vcpu = root.find("vcpu")
    vcpus = whole_number(vcpu.text, "<vcpu>", vcpu.place) if vcpu else 1
    current = vcpu.number("current", vcpus) if vcpu else vcpus
    most = root.find("maxMemory")
    topology = root.find("cpu/topology")
    gic = root.find("features/gic")
    kvm = root.get("type") == "kvm"
    cells = tuple(sorted(_cells(root), key=lambda cell: cell.id))
    return Domain(
        name=element.text if (element := root.find("name")) else "domain",
        arch=arch,
        machine=kind.get("machine") or MACHINES[arch],
        memory=sum(cell.memory for cell in cells) or _kib(_required(root, "memory"), None),
        vcpus=vcpus,
        kvm=kvm,
        started_vcpus=current if current != vcpus else None,
        max_memory=_kib(most, None) if most else None,
        slots=most.number("slots", 0) if most else 0,
        topology=tuple((part, topology.number(part)) for part in TOPOLOGY if topology.get(part)) if topology else (),
        cpu=_cpu(root, kvm=kvm),
        acpi=root.find("features/acpi") is not None,
        gic=gic.get("version") if gic else "",
        cells=cells,
        controllers=tuple(read_controllers(root)),
        hostdevs=tuple(read_hostdevs(root)),
        iothreads=tuple(_iothreads(root)),
        rngs=tuple(RNG_TYPES.get(it.get("model"), "rng-random") for it in root.every("devices/rng/backend")),
        arguments=tuple(it.get("value") for it in root.every("qemu:commandline/qemu:arg")),
        is_complete=_is_complete(root, arch),
    )


def _is_complete(root: Element, arch: str) -> bool:
    """Whether it has the devices that libvirt adds by itself.

    On aarch64 those are neither a USB controller nor a balloon; only a UUID tells that libvirt has seen the domain.
    """
    if arch == "aarch64" and root.find("uuid") is not None:
        return True
    has_usb = any(it.get("type") == "usb" for it in root.every("devices/controller"))
    return has_usb and root.find("devices/memballoon") is not None


def _refuse_unmodelled(root: Element) -> None:
    for path in ("cpu/numa/interconnects", "cpu/numa/cell/cache", "devices/memory"):
        found = root.find(path)
        if found is not None:
            raise UnmodelledError(f"<{found.tag}> moves a table, and is not read from domain XML", found.place)


def _cells(root: Element) -> Iterator[Cell]:
    for place, element in enumerate(root.every("cpu/numa/cell")):
        cpus = element.get("cpus")
        yield Cell(
            id=element.number("id", place),
            memory=_kib(element, element.number("memory")),
            cpus=parse_node_set(cpus, element.place) if cpus else (),
            distances=tuple((it.number("id"), it.number("value")) for it in element.every("distances/sibling")),
        )


def _kib(element: Element, value: int | None) -> int:
    """Return an amount of memory in KiB, rounded up."""
    unit = element.get("unit", "KiB")
    if unit.lower() not in UNITS:
        raise InputError(f"the unit '{unit}' of <{element.tag}> is not known; KiB, MiB, GiB, TiB are", element.place)
    if value is None:
        value = whole_number(element.text, f"<{element.tag}>", element.place)
    return -(-value * UNITS[unit.lower()] // 1024)


def _cpu(root: Element, *, kvm: bool) -> str:
    """Return what libvirt gives ``-cpu``, without features, which move no table."""
    element = root.find("cpu")
    mode = element.get("mode", "custom") if element else ""
    if mode in ("host-passthrough", "host-model"):
        return "host" if kvm else "max"
    if mode == "maximum":
        return "max"
    model = root.find("cpu/model")
    return model.text if model else ""


def _iothreads(root: Element) -> Iterator[int]:
    given = [it.number("id") for it in root.every("iothreadids/iothread")]
    yield from given
    element = root.find("iothreads")
    wanted = whole_number(element.text, "<iothreads>", element.place) if element else len(given)
    free = (number for number in range(1, wanted + len(given) + 1) if number not in given)
    for _ in range(wanted - len(given)):
        yield next(free)


def _required(root: Element, path: str) -> Element:
    found = root.find(path)
    if found is None:
        raise InputError(f"<{path.rpartition('/')[2]}> is missing", root.place)
    return found
