"""A small stand-in for the command line: runs the arithmetic of a machine in QEMU's order, for tests.

It understands the options that the recorded cases use, and nothing else.
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass, field
from itertools import pairwise

from machine_words import numa_option, pairs, to_size

from sandbox.errors import MachineExit, QemuError
from sandbox.machine.backends import Backend, backend_alignment
from sandbox.machine.cpu_models import check_cpu_model, cpu_model, parse_cpu
from sandbox.machine.cpu_nodes import split_cluster_notices
from sandbox.machine.cpus import check_apic_ids, check_gic_cpus, check_gic_name, gic_version, possible_cpus
from sandbox.machine.dimms import DimmHost, DimmOptions, plug_dimm
from sandbox.machine.families import machine_type
from sandbox.machine.memory_config import check_ram, memory_config, with_ram_backend
from sandbox.machine.memory_map import (
    device_memory_entry,
    nvdimm_entries,
    pc_padding,
    pc_ram_entries,
    virt_ram_entries,
)
from sandbox.machine.nodes import complete_numa
from sandbox.machine.numa import read_numa_options
from sandbox.machine.pc_memory import check_max_ram_below_4g, pc_memory
from sandbox.machine.smp import smp_config
from sandbox.machine.virt_memory import VirtOptions, virt_memory


@dataclass
class Outcome:
    status: int | None = None
    stderr: list[str] = field(default_factory=list)
    cpus: list[tuple[int, int]] = field(default_factory=list)
    memory: list[tuple[int, int, int, int]] = field(default_factory=list)
    slit: list[str] | None = None
    hmat: str | None = None


def drive(argv: list[str], architecture: str = "x86_64", qemu: tuple[int, ...] = (10, 0)) -> Outcome:
    """Return what the machine of a command line comes to."""
    outcome = Outcome()
    program = f"qemu-system-{architecture}"
    try:
        _drive(argv, architecture, qemu, outcome, program)
    except QemuError as error:
        index = getattr(error, "index", None)
        _say(outcome, program, argv, getattr(error, "notices", ()))
        where = f"-numa {_values(argv, 'numa')[index]}: " if index is not None else getattr(error, "where", "")
        outcome.stderr.append(f"{program}: {where}{error.desc}")
        outcome.stderr += error.hint.splitlines()
        outcome.status = 1
    except MachineExit as error:
        outcome.stderr += error.stderr.splitlines()
        outcome.status = error.status
    return outcome


def _say(outcome: Outcome, program: str, argv: list[str], notices: tuple, where: str = "") -> None:
    for notice in notices:
        place = where
        if notice.numa_option is not None:
            place = f"-numa {_values(argv, 'numa')[notice.numa_option]}: "
        outcome.stderr.append(f"{program}: {place}{'warning: ' if notice.is_warning else ''}{notice.text}")


def _values(argv: list[str], name: str) -> list[str]:
    return [value for option, value in pairwise(argv) if option == f"-{name}"]


def _drive(argv: list[str], architecture: str, qemu: tuple[int, ...], outcome: Outcome, program: str) -> None:
    def say(notices: tuple, where: str = "") -> None:
        _say(outcome, program, argv, notices, where)

    numa_texts = _values(argv, "numa")
    options: dict[str, str] = {}
    for text in _values(argv, "M"):
        options.update(pairs(text, "type"))
    machine = machine_type(options.get("type"), architecture, qemu)
    smp_options: dict[str, int] = {}
    for text in _values(argv, "smp"):
        smp_options.update((key, int(value)) for key, value in pairs(text, "cpus"))
    if "gic-version" in options:
        check_gic_name(machine, options["gic-version"])
    smp = smp_config(machine, smp_options)
    say(smp.notices)
    given = dict(pairs(_values(argv, "m")[-1], "size")) if _values(argv, "m") else {}
    size = to_size(given.get("size", "0"), "M")
    maximum = to_size(given["maxmem"]) if "maxmem" in given else None
    memory = memory_config(machine, size, maximum, int(given["slots"]) % (1 << 64) if "slots" in given else None)
    low = 0
    if "max-ram-below-4g" in options:
        low = to_size(options["max-ram-below-4g"])
        say(check_max_ram_below_4g(low))
    if machine.deprecation_warning:
        outcome.stderr.append(f"{program}: warning: {machine.deprecation_warning}")
    backends = _backends(argv)
    cpu_text = _values(argv, "cpu")[-1] if _values(argv, "cpu") else None
    check_cpu_model(machine, parse_cpu(cpu_text or machine.default_cpu)[0])
    ram_backend = options.get("memory-backend")
    ram_size = None
    if ram_backend is not None:
        ram_size = backends[ram_backend].size if ram_backend in backends else None
        memory = with_ram_backend(memory, ram_backend, ram_size, size_given=bool(size))
    slots = possible_cpus(machine, smp)
    objects = [dict(pairs(text, "qom-type")) for text in _values(argv, "object")]
    initiators = {int(values["node"]) for values in objects if values["qom-type"] == "acpi-generic-initiator"}
    asked = read_numa_options(
        [numa_option(text) for text in numa_texts],
        machine,
        slots,
        hmat=options.get("hmat") == "on",
        backend_size=lambda name: backends[name].size if name in backends else None,
        generic_initiators=initiators,
    )
    say(asked.notices)
    check_ram(
        machine,
        memory,
        ram_backend_size=ram_size,
        numa_uses_backends=asked.uses_backends,
        objects=[values["id"] for values in objects],
    )
    numa = complete_numa(asked, machine, memory, slots, ram_backend=ram_backend)
    say(numa.notices[len(asked.notices) :])
    if numa.nodes:
        say(split_cluster_notices(machine, slots, numa.cpu_nodes, len(numa.nodes)))
    cpu = cpu_model(machine, cpu_text)
    if machine.is_x86:
        windows = _cxl_windows(options)
        check_apic_ids(machine, slots, smp, cpu)
        layout = pc_memory(machine, memory, cpu, max_ram_below_4g=low, cxl_windows=windows)
        say(layout.notices)
        ram = pc_ram_entries(numa.memory, layout)
        has_hotplug = options.get("acpi") != "off"
    else:
        layout = virt_memory(machine, memory, cpu, _virt_options(options))
        is_secure = options.get("virtualization") == "on"
        gic = gic_version(options.get("gic-version"), smp.max_cpus, virtualization=is_secure)
        check_gic_cpus(smp.max_cpus, gic, high_redistributors=layout.high_redistributors)
        ram = virt_ram_entries(numa.memory)
        has_hotplug = (
            machine.has_memory_hotplug and cpu.is_64bit and bool(_values(argv, "bios")) and options.get("acpi") != "off"
        )
    host = DimmHost(
        machine,
        memory.slots,
        layout.device_memory,
        len(numa.nodes),
        has_hotplug,
        options.get("nvdimm") == "on",
        options.get("mte") == "on",
    )
    dimms = []
    busy = [ram_backend, *(node.backend for node in numa.nodes)]
    for text in _values(argv, "device"):
        wanted = _dimm(text, backends)
        if wanted is None:
            continue
        try:
            dimm, notices = plug_dimm(wanted, host, dimms, busy)
        except QemuError as error:
            error.where = f"-device {text}: "
            raise
        say(notices, f"-device {text}: ")
        dimms.append(dimm)
    outcome.cpus = [(slot.apic_id, pxm) for slot, pxm in zip(slots, numa.cpu_nodes, strict=False)]
    if not numa.nodes:
        return
    entries = ram + nvdimm_entries(walked(dimms))
    if machine.is_x86:
        entries += pc_padding(len(numa.nodes), len(entries))
    entries += device_memory_entry(layout.device_memory, len(numa.nodes))
    outcome.memory = [(entry.pxm, entry.base, entry.length, entry.flags) for entry in entries]
    outcome.slit = None if numa.distances is None else [row.hex() for row in numa.distances]
    content = numa.hmat_table(initiators)
    outcome.hmat = None if content is None else hmat_bytes(content).hex()


def walked(dimms: list) -> list:
    """Return memory modules in the order in which QEMU walks them."""
    from sandbox.buckets import BucketTable

    out = []
    for is_named in (True, False):
        table: BucketTable = BucketTable()
        for place, dimm in enumerate(dimm for dimm in dimms if (dimm.id is not None) == is_named):
            name = dimm.id if is_named else f"device[{place}]"
            table.insert(name, dimm)
        out += table.values()
    return out


def _backends(argv: list[str]) -> dict[str, Backend]:
    found = {}
    for text in _values(argv, "object"):
        values = dict(pairs(text, "qom-type"))
        if values["qom-type"].startswith("memory-backend-"):
            align = to_size(values.get("align", "0"))
            hugetlb = to_size(values.get("hugetlbsize", "0"))
            found[values["id"]] = Backend(
                values["id"],
                to_size(values["size"]),
                backend_alignment(values["qom-type"], align, hugetlb),
                values.get("readonly") == "on",
            )
    return found


def _dimm(text: str, backends: dict[str, Backend]) -> DimmOptions | None:
    values = dict(pairs(text, "driver"))
    if values["driver"] not in ("pc-dimm", "nvdimm"):
        return None
    return DimmOptions(
        id=values.get("id"),
        is_nvdimm=values["driver"] == "nvdimm",
        memdev=backends.get(values.get("memdev", "")),
        addr=to_size(values.get("addr", "0")),
        node=int(values.get("node", "0")),
        slot=int(values.get("slot", "-1")),
        label_size=to_size(values["label-size"]) if "label-size" in values else None,
        unarmed=values.get("unarmed") == "on",
    )


def _cxl_windows(options: dict[str, str]) -> list[int] | None:
    if options.get("cxl") != "on":
        return None
    return [to_size(value) for key, value in options.items() if re.fullmatch(r"cxl-fmw\.\d+\.size", key)]


def _virt_options(options: dict[str, str]) -> VirtOptions:
    def flag(name: str) -> bool | None:
        return options[name] == "on" if name in options else None

    return VirtOptions(
        highmem=options.get("highmem") != "off",
        compact=flag("compact-highmem"),
        redistributors=options.get("highmem-redists") != "off",
        ecam=flag("highmem-ecam"),
        mmio=options.get("highmem-mmio") != "off",
        mmio_size=to_size(options.get("highmem-mmio-size", "512G")),
    )


def hmat_bytes(content: object) -> bytes:
    """Return the structures of an HMAT behind its header, as ACPI 6.5, 5.2.28 lays them out."""
    out = bytes(4)
    for entry in content.attributes:
        out += struct.pack("<HHIHHIIIQQ", 0, 0, 40, entry.flags, 0, entry.initiator, entry.pxm, 0, 0, 0)
    for entry in content.localities:
        cells = [cell for row in entry.rows for cell in row]
        counts = (len(entry.initiators), len(entry.targets))
        length = 32 + 4 * sum(counts) + 2 * len(cells)
        kind = (entry.hierarchy, entry.data_type)
        out += struct.pack("<HHIBBHIIIQ", 1, 0, length, *kind, 0, *counts, 0, entry.base_unit)
        out += struct.pack(f"<{sum(counts)}I", *entry.initiators, *entry.targets)
        out += struct.pack(f"<{len(cells)}H", *cells)
    for entry in content.caches:
        out += struct.pack("<HHIIIQIHH", 2, 0, 32, entry.pxm, 0, entry.size, entry.attributes, 0, 0)
    return out
