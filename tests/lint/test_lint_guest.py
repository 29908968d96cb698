"""The numbers that lint reckons with are those of the forecast, which is held against booted guests."""

from __future__ import annotations

import shlex
from random import Random

import pytest
from lint_cases import CPU, MEMORY, initiator, srat

from sandbox.acpi.srat import MemoryAffinity
from sandbox.app import Sandbox
from sandbox.guest.facts import facts_of
from sandbox.guest.forecast import forecast
from sandbox.guest.kernels import find_kernel
from sandbox.lint.view import View


def machine(seed: int) -> tuple[str, str]:
    """A machine with nodes of CPUs, of memory alone and of initiators, in any order."""
    random = Random(seed)
    family = random.choice(("virt", "q35"))
    kinds = ["cpus", *random.choices(("memory", "gi", "gi", "none", "cpus"), k=random.randrange(1, 12))]
    random.shuffle(kinds)
    cpus = kinds.count("cpus")
    with_memory = [node for node, kind in enumerate(kinds) if kind in ("cpus", "memory")]
    words = f"-M {family} -m {64 * len(with_memory)}M -smp {cpus} -device pci-testdev,id=dev0,addr=9"
    words += " -cpu cortex-a57" * (family == "virt")
    next_cpu = 0
    for node, kind in enumerate(kinds):
        option = f"node,nodeid={node}"
        if kind == "cpus":
            option += f",cpus={next_cpu}"
            next_cpu += 1
        if node in with_memory:
            words += f" -object memory-backend-ram,id=m{node},size=64M"
            option += f",memdev=m{node}"
        words += f" -numa {option}"
        if kind == "gi":
            words += f" -object acpi-generic-initiator,id=gi{random.randrange(1000)}x{node},pci-dev=dev0,node={node}"
    return family, words


@pytest.mark.parametrize("seed", range(40))
def test_guest_numbers_are_those_of_the_forecast(seed):
    family, words = machine(seed)
    vm = Sandbox(shlex.split(words), dialect="10.0")
    kernel = find_kernel("x86" if family == "q35" else "arm64", "6.12")
    nodes = forecast(vm.tables(), facts_of(vm.machine), kernel).nodes
    assert [node.node for node in nodes] == list(range(len(nodes)))
    assert View(vm.tables().srat).guest_nodes() == tuple(node.pxm for node in nodes)


def test_what_is_behind_a_disabled_initiator_is_not_numbered_by_the_first_pass():
    table = srat(CPU, initiator(3), initiator(9, flags=0), initiator(4), MEMORY, MemoryAffinity(7, 1 << 30, 4096))
    assert View(table).guest_nodes() == (0, 3, 7)
