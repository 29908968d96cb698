"""The QEMU arguments that libvirt makes of a domain, as far as they decide on SRAT, SLIT and the order of entries.

Source: libvirt 12.8, ``virsh domxml-to-native qemu-argv``. Its ids are libvirt's: ``hostdev0``, ``pci.1``, ``gi0``.
Devices are given as JSON, which QEMU plugs in after those that are given otherwise.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from qom_types.dialects import dialect_named
from sandbox.libvirt.domain import DRIVERS, ROOTS, Address, Controller, Hostdev, MemoryModule
from sandbox.libvirt.machine_names import with_known_machine
from sandbox.libvirt.modules import module_arguments, placed
from sandbox.records import record, replace
from sandbox.runs import runs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sandbox.libvirt.domain import Domain

PORT: Final = "pcie-root-port"
MONITOR: Final = (
    *("-chardev", "null,id=charmonitor"),
    *("-object", json.dumps({"qom-type": "monitor-qmp", "id": "monitor", "chardev": "charmonitor"})),
)
DEFAULT_DISTANCE: Final = 20
DUMPXML: Final = "'virsh dumpxml' of the defined domain has them"
INCOMPLETE: Final = (
    f"libvirt adds devices that are not in it, such as a USB controller or a balloon, whose root ports move bus "
    f"numbers: {DUMPXML}"
)


@record
class Arguments:
    """What libvirt starts QEMU with.

    Attributes:
        words: the words, the program first.
        notes: what libvirt decides and this does not know, a sentence each.
    """

    words: tuple[str, ...]
    notes: tuple[str, ...] = ()


def qemu_arguments(domain: Domain, dialect: str = "10.0") -> Arguments:
    """Return the arguments of a domain.

    Args:
        domain: the domain.
        dialect: that of the QEMU; one of which monitors are objects gets libvirt's, since it takes a place among them.

    Raises:
        InputError: the dialect is unknown.
    """
    domain, notes = _with_addresses(domain)
    domain, changed = with_known_machine(domain, dialect)
    notes = (*notes, *changed)
    words = [
        f"qemu-system-{domain.arch}",
        *("-object", "secret,id=masterKey0,format=raw,data=bm90IGEgc2VjcmV0"),
        *("-machine", _machine(domain)),
        *("-accel", "kvm" if domain.kvm else "tcg"),
        *(("-cpu", domain.cpu) if domain.cpu else ()),
        *_firmware(domain),
        *("-m", _memory(domain)),
        *("-smp", _smp(domain)),
    ]
    for number in domain.iothreads:
        words += ["-object", f"iothread,id=iothread{number}"]
    words += [*_numa(domain), "-nodefaults", *(MONITOR if dialect_named(dialect).monitors_are_objects else ())]
    for controller in domain.controllers:
        if controller.model not in ROOTS:
            words += ["-device", _controller(controller, domain)]
    words += module_arguments(domain)
    words += _hostdevs(domain)
    for number, kind in enumerate(domain.rngs):
        detail = ",filename=/dev/urandom" if kind == "rng-random" else ""
        if kind == "rng-egd":
            words += ["-chardev", f"null,id=charrng{number}"]
            detail = f",chardev=charrng{number}"
        words += ["-object", f"{kind},id=objrng{number}{detail}"]
    return Arguments((*words, *domain.arguments), notes)


def _machine(domain: Domain) -> str:
    gic = f",gic-version={domain.gic}" if domain.gic else ""
    nvdimm = ",nvdimm=on" if any(it.model == "nvdimm" for it in domain.modules) else ""
    own_ram = "" if domain.cells else f",memory-backend={_ram_name(domain)}"
    return f"{domain.machine},usb=off{gic}{nvdimm}{own_ram},acpi={'on' if domain.acpi else 'off'}"


def _firmware(domain: Domain) -> tuple[str, ...]:
    """Return the firmware where it counts: an Arm machine without any takes no memory modules."""
    needed = domain.arch == "aarch64" and any(not it.is_pci for it in domain.modules)
    return ("-bios", domain.firmware) if needed and domain.firmware else ()


def _ram_name(domain: Domain) -> str:
    return "mach-virt.ram" if domain.arch == "aarch64" else "pc.ram"


def _memory(domain: Domain) -> str:
    if domain.max_memory is None:
        return f"size={domain.memory}k"
    return f"size={domain.memory}k,slots={domain.slots},maxmem={domain.max_memory}k"


def _smp(domain: Domain) -> str:
    started = domain.started_vcpus
    count = str(domain.vcpus) if started is None else f"{started},maxcpus={domain.vcpus}"
    parts = domain.topology or (("sockets", domain.vcpus), ("cores", 1), ("threads", 1))
    return ",".join([count, *(f"{name}={value}" for name, value in parts)])


def _numa(domain: Domain) -> Iterator[str]:
    if not domain.cells:
        yield from ("-object", f"memory-backend-ram,id={_ram_name(domain)},size={domain.memory * 1024}")
    for cell in domain.cells:
        backend = ""
        if cell.memory:
            yield from ("-object", f"memory-backend-ram,id=ram-node{cell.id},size={cell.memory * 1024}")
            backend = f",memdev=ram-node{cell.id}"
        cpus = "".join(f",cpus={run.start}-{run.stop - 1}" for run in runs(cell.cpus))
        yield from ("-numa", f"node,nodeid={cell.id}{cpus}{backend}")
    for source, destination, value in _distances(domain):
        yield from ("-numa", f"dist,src={source},dst={destination},val={value}")


def _distances(domain: Domain) -> Iterator[tuple[int, int, int]]:
    """Give all distances: where one direction of a pair is missing, the other's, and 20 where both are."""
    given = {(cell.id, other): value for cell in domain.cells for other, value in cell.distances}
    if not given:
        return
    for one in domain.cells:
        for other in domain.cells:
            pair = (one.id, other.id)
            default = 10 if one.id == other.id else DEFAULT_DISTANCE
            yield (*pair, given.get(pair) or given.get(pair[::-1]) or default)


def _controller(controller: Controller, domain: Domain) -> str:
    model = controller.model
    members: dict[str, object] = {"driver": controller.name or DRIVERS[model]}
    chassis = controller.index if controller.chassis is None else controller.chassis
    if controller.port is not None:
        members["port"] = controller.port
    if model in (PORT, "pcie-switch-downstream-port"):
        members["chassis"] = chassis
    if model == "pci-bridge":
        members["chassis_nr"] = chassis
    if controller.bus_number is not None:
        members["bus_nr"] = controller.bus_number
    if controller.node is not None:
        members["numa_node"] = controller.node
    if controller.hotplug is not None:
        members["hotplug"] = controller.hotplug
    return json.dumps({**members, "id": controller.bus, **placed(controller.address, domain)})


def _hostdevs(domain: Domain) -> Iterator[str]:
    initiators = 0
    if any(hostdev.iommufd for hostdev in domain.hostdevs):
        yield from ("-object", json.dumps({"qom-type": "iommufd", "id": "iommufd0"}))
    for place, hostdev in enumerate(domain.hostdevs):
        number = place if hostdev.number is None else hostdev.number
        name = hostdev.alias or f"hostdev{number}"
        yield from ("-device", _hostdev(hostdev, name, domain))
        for node in hostdev.nodes:
            members = {"qom-type": "acpi-generic-initiator", "id": f"gi{initiators}", "pci-dev": name, "node": node}
            yield from ("-object", json.dumps(members))
            initiators += 1


def _hostdev(hostdev: Hostdev, name: str, domain: Domain) -> str:
    members: dict[str, object] = {"driver": "vfio-pci", "host": hostdev.host, "id": name}
    if hostdev.iommufd:
        members["iommufd"] = "iommufd0"
    members |= placed(hostdev.address, domain)
    return json.dumps(members if hostdev.rom_bar else {**members, "rombar": 0})


def _with_addresses(domain: Domain) -> tuple[Domain, tuple[str, ...]]:
    """Give PCI devices a root port where libvirt is to choose their place, and there can be one."""
    notes = [] if domain.is_complete or not domain.hostdevs else [INCOMPLETE]
    homeless = [hostdev.host for hostdev in domain.hostdevs if hostdev.address is None]
    homeless += [f"the {module.model} device" for module in domain.modules if module.is_pci and module.address is None]
    if not homeless:
        return domain, tuple(notes)
    index = max((controller.index for controller in domain.controllers), default=0)
    controllers, places = list(domain.controllers), []
    devices: tuple[Hostdev | MemoryModule, ...] = (*domain.hostdevs, *domain.modules)
    for device in devices:
        address = device.address
        if address is None and domain.is_express and (isinstance(device, Hostdev) or device.is_pci):
            index += 1
            controllers.append(Controller(index, PORT))
            address = Address(index, 0)
        places.append(address)
    count = len(domain.hostdevs)
    hostdevs = (replace(it, address=place) for it, place in zip(domain.hostdevs, places[:count], strict=True))
    modules = (replace(it, address=place) for it, place in zip(domain.modules, places[count:], strict=True))
    notes.append(f"libvirt chooses the PCI addresses of {', '.join(homeless)}: {DUMPXML}")
    domain = replace(domain, controllers=tuple(controllers), hostdevs=tuple(hostdevs), modules=tuple(modules))
    return domain, tuple(notes)
