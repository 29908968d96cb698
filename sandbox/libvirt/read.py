"""From domain XML to a domain.

Source: libvirt 12.8, the format of domain XML (formatdomain) and its RELAX NG schema.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sandbox.errors import InputError, UnmodelledError
from sandbox.libvirt.devices import read_controllers, read_hostdevs
from sandbox.libvirt.domain import CHOSEN_FIRMWARE, Cell, Domain
from sandbox.libvirt.elements import Element, kib, read_elements, whole_number
from sandbox.libvirt.modules import read_modules
from sandbox.translate.nodesets import parse_node_set

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sandbox.libvirt.domain import MemoryModule

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
    gic, loader = root.find("features/gic"), root.find("os/loader")
    chooses = bool(_required(root, "os").get("firmware"))
    kvm = root.get("type") == "kvm"
    slots = most.number("slots", 0) if most else 0
    modules = tuple(read_modules(root))
    cells = tuple(sorted(_cells(root), key=lambda cell: cell.id))
    memory = sum(cell.memory for cell in cells) or _without_modules(root, modules)
    if slots and not cells:
        cells = (Cell(0, memory, tuple(range(vcpus))),)
    return Domain(
        name=element.text if (element := root.find("name")) else "domain",
        arch=arch,
        machine=kind.get("machine") or MACHINES[arch],
        memory=memory,
        vcpus=vcpus,
        kvm=kvm,
        started_vcpus=current if current != vcpus else None,
        max_memory=kib(most) if most else None,
        slots=slots,
        topology=tuple((part, topology.number(part)) for part in TOPOLOGY if topology.get(part)) if topology else (),
        cpu=_cpu(root, kvm=kvm),
        acpi=root.find("features/acpi") is not None,
        firmware=loader.text if loader and loader.text else CHOSEN_FIRMWARE if chooses else "",
        gic=gic.get("version") if gic else "",
        cells=cells,
        controllers=tuple(read_controllers(root)),
        hostdevs=tuple(read_hostdevs(root)),
        iothreads=tuple(_iothreads(root)),
        modules=modules,
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
    for path in ("cpu/numa/interconnects", "cpu/numa/cell/cache"):
        found = root.find(path)
        if found is not None:
            raise UnmodelledError(f"<{found.tag}> moves a table, and is not read from domain XML", found.place)


def _without_modules(root: Element, modules: Sequence[MemoryModule]) -> int:
    """Return the KiB that a domain without nodes starts with: ``<memory>`` counts memory devices in."""
    total = _required(root, "memory")
    memory = kib(total) - sum(it.size for it in modules)
    if memory <= 0 and modules:
        raise InputError("<memory> counts memory devices in, and is not more than they have", total.place)
    return memory


def _cells(root: Element) -> Iterator[Cell]:
    for place, element in enumerate(root.every("cpu/numa/cell")):
        cpus = element.get("cpus")
        yield Cell(
            id=element.number("id", place),
            memory=kib(element, element.number("memory")),
            cpus=parse_node_set(cpus, element.place) if cpus else (),
            distances=tuple((it.number("id"), it.number("value")) for it in element.every("distances/sibling")),
        )


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
