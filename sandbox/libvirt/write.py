"""From a domain to domain XML."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from sandbox.runs import list_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sandbox.libvirt.domain import Address, Cell, Controller, Domain, Hostdev, MemoryModule


def write_domain(domain: Domain) -> str:
    """Return the XML of a domain: what decides on its nodes, to be completed with disks, networks and the like.

    Without the two devices that it says are not there, libvirt would add them, with root ports that move bus numbers.
    """
    lines = [
        f"<domain type='{'kvm' if domain.kvm else 'qemu'}'>",
        f"  <name>{escape(domain.name)}</name>",
        f"  <memory unit='KiB'>{domain.memory + sum(it.size for it in domain.modules)}</memory>",
        *_max_memory(domain),
        *_backing(domain),
        f"  <vcpu{_attribute('current', domain.started_vcpus)}>{domain.vcpus}</vcpu>",
        *([f"  <iothreads>{len(domain.iothreads)}</iothreads>"] if domain.iothreads else []),
        f"  <os{_attribute('firmware', 'efi' if domain.arch == 'aarch64' and domain.acpi else None)}>",
        f"    <type arch={_quoted(domain.arch)} machine={_quoted(domain.machine)}>hvm</type>",
        "  </os>",
        *_features(domain),
        *_cpu(domain),
        "  <devices>",
        "    <controller type='usb' model='none'/>",
        *(line for controller in domain.controllers for line in _controller(controller)),
        *(line for hostdev in domain.hostdevs for line in _hostdev(hostdev)),
        *(line for kind in domain.rngs for line in _rng(kind)),
        "    <memballoon model='none'/>",
        *(line for module in domain.modules for line in _module(module)),
        "  </devices>",
        "</domain>",
    ]
    return "".join(f"{line}\n" for line in lines)


def _attribute(name: str, value: object) -> str:
    return "" if value is None else f" {name}={_quoted(str(value))}"


def _quoted(text: str) -> str:
    """Return a value of an attribute with its quotes, which are single ones as in libvirt's own XML."""
    entities = {"'": "&apos;", "\n": "&#10;", "\t": "&#9;", "\r": "&#13;"}
    return f"'{escape(text, entities)}'"


def _max_memory(domain: Domain) -> Iterator[str]:
    if domain.max_memory is not None:
        yield f"  <maxMemory slots='{domain.slots}' unit='KiB'>{domain.max_memory}</maxMemory>"


def _backing(domain: Domain) -> Iterator[str]:
    if domain.huge_pages is None:
        return
    size = f"<page size='{domain.huge_pages}' unit='KiB'/>"
    inner = f"<hugepages>{size}</hugepages>" if domain.huge_pages else "<hugepages/>"
    yield from ("  <memoryBacking>", f"    {inner}", "  </memoryBacking>")


def _features(domain: Domain) -> Iterator[str]:
    inner = ["    <acpi/>"] * domain.acpi + [f"    <gic version={_quoted(domain.gic)}/>"] * bool(domain.gic)
    if inner:
        yield from ("  <features>", *inner, "  </features>")


def _cpu(domain: Domain) -> Iterator[str]:
    inner = []
    if domain.cpu in ("host", "max"):
        head = f"  <cpu mode='{'host-passthrough' if domain.cpu == 'host' else 'maximum'}'"
    elif domain.cpu:
        head = "  <cpu mode='custom' match='exact'"
        inner.append(f"    <model>{escape(domain.cpu)}</model>")
    else:
        head = "  <cpu"
    if domain.topology:
        inner.append(f"    <topology{''.join(_attribute(name, value) for name, value in domain.topology)}/>")
    if domain.cells:
        inner += ["    <numa>", *(line for cell in domain.cells for line in _cell(cell)), "    </numa>"]
    if domain.cpu or inner:
        yield from (f"{head}>", *inner, "  </cpu>") if inner else (f"{head}/>",)


def _cell(cell: Cell) -> Iterator[str]:
    cpus = _attribute("cpus", list_text(cell.cpus) if cell.cpus else None)
    head = f"      <cell id='{cell.id}'{cpus} memory='{cell.memory}' unit='KiB'"
    if not cell.distances:
        yield f"{head}/>"
        return
    yield from (f"{head}>", "        <distances>")
    for other, value in cell.distances:
        yield f"          <sibling id='{other}' value='{value}'/>"
    yield from ("        </distances>", "      </cell>")


def _controller(controller: Controller) -> Iterator[str]:
    head = f"    <controller type='pci' index='{controller.index}' model={_quoted(controller.model)}"
    hotplug = None if controller.hotplug is None else "on" if controller.hotplug else "off"
    target = (
        _attribute("chassisNr" if controller.model == "pci-bridge" else "chassis", controller.chassis)
        + _attribute("port", None if controller.port is None else f"{controller.port:#x}")
        + _attribute("busNr", controller.bus_number)
        + _attribute("hotplug", hotplug)
    )
    inner = [f"      <model name={_quoted(controller.name)}/>"] * bool(controller.name)
    if controller.node is not None:
        inner += [f"      <target{target}>", f"        <node>{controller.node}</node>", "      </target>"]
    elif target:
        inner.append(f"      <target{target}/>")
    inner += _address(controller.address)
    yield from [f"{head}>", *inner, "    </controller>"] if inner else [f"{head}/>"]


def _hostdev(hostdev: Hostdev) -> Iterator[str]:
    yield f"    <hostdev mode='subsystem' type='pci' managed='{'yes' if hostdev.managed else 'no'}'>"
    if hostdev.iommufd or hostdev.driver:
        parts = (*hostdev.driver, *([("iommufd", "yes")] if hostdev.iommufd else []))
        yield f"      <driver{''.join(_attribute(name, value) for name, value in parts)}/>"
    segment, bus, rest = hostdev.host.split(":")
    slot, function = rest.split(".")
    place = {"domain": segment, "bus": bus, "slot": slot, "function": function}
    address = "".join(_attribute(name, f"0x{value}") for name, value in place.items())
    yield from ("      <source>", f"        <address{address}/>", "      </source>")
    if hostdev.alias:
        yield f"      <alias name={_quoted(hostdev.alias)}/>"
    if not hostdev.rom_bar:
        yield "      <rom bar='off'/>"
    if hostdev.nodes:
        yield f"      <acpi nodeset='{list_text(hostdev.nodes)}'/>"
    yield from _address(hostdev.address)
    yield "    </hostdev>"


def _address(address: Address | None) -> list[str]:
    if address is None:
        return []
    parts = {"domain": "0x0000", "bus": f"0x{address.bus:02x}", "slot": f"0x{address.slot:02x}"}
    parts["function"] = f"0x{address.function:x}"
    if address.multifunction:
        parts["multifunction"] = "on"
    return [f"      <address type='pci'{''.join(_attribute(name, value) for name, value in parts.items())}/>"]


def _rng(kind: str) -> Iterator[str]:
    backend = "builtin" if kind == "rng-builtin" else "random"
    text = "/>" if backend == "builtin" else ">/dev/urandom</backend>"
    yield from ("    <rng model='virtio'>", f"      <backend model='{backend}'{text}", "    </rng>")


def _module(module: MemoryModule) -> Iterator[str]:
    yield f"    <memory model={_quoted(module.model)}{_attribute('access', module.access or None)}>"
    source = [
        *([f"        <path>{escape(module.path)}</path>"] if module.path else []),
        *_amount("alignsize", module.align),
        *_amount("pagesize", module.page),
        *([f"        <nodemask>{escape(module.nodes)}</nodemask>"] if module.nodes else []),
        *(["        <pmem/>"] if "pmem" in module.flags else []),
    ]
    if source:
        yield from ("      <source>", *source, "      </source>")
    slots = _attribute("dynamicMemslots", "yes" if "dynamicMemslots" in module.flags else None)
    yield from (f"      <target{slots}>", *_amount("size", module.size))
    if module.node is not None:
        yield f"        <node>{module.node}</node>"
    if module.label is not None:
        yield f"        <label><size unit='KiB'>{module.label}</size></label>"
    yield from (*_amount("block", module.block), *_amount("requested", module.requested))
    if "readonly" in module.flags:
        yield "        <readonly/>"
    base = None if module.base is None else f"{module.base:#x}"
    if base is not None and module.is_pci:
        yield f"        <address base='{base}'/>"
    yield "      </target>"
    if module.alias:
        yield f"      <alias name={_quoted(module.alias)}/>"
    yield from _address(module.address)
    if not module.is_pci and module.slot is not None:
        yield f"      <address type='dimm' slot='{module.slot}'{_attribute('base', base)}/>"
    yield "    </memory>"


def _amount(tag: str, kib: int | None) -> list[str]:
    return [] if kib is None else [f"        <{tag} unit='KiB'>{kib}</{tag}>"]
