"""Ids that put Generic Initiators into ascending order, against the sandbox's own tables and a live QEMU's."""

from __future__ import annotations

import shlex
from itertools import islice
from random import Random

import pytest
from v2_cases import GPU, add_nvidia, do, mappings, nodes, nvidia, shipped_scenario, v2

from sandbox.app import Sandbox
from sandbox.buckets import BucketTable
from sandbox.errors import InputError
from sandbox.scenario.model import Scenario
from sandbox.translate.ascending import Unnamed, ascending_ids, suffixed
from sandbox.translate.renaming import in_ascending_order, to_merged_ascending

DEVICES = "-device pci-testdev,id=dev0,addr=04.0 -device pci-testdev,id=dev1,addr=05.0"


def machine(family: str, count: int, backends: int = 1) -> str:
    """A machine with so many nodes, the first of which have RAM."""
    cpu = " -cpu cortex-a57" if family == "virt" else ""
    with_ram = "".join(
        f" -object memory-backend-ram,id=ram{n},size=64M -numa node,nodeid={n},memdev=ram{n}" for n in range(backends)
    )
    others = "".join(f" -numa node,nodeid={n}" for n in range(backends, count))
    return f"-M {family}{cpu} -m {64 * backends}M{with_ram}{others} {DEVICES}"


def initiators(chosen: list[int], random: Random) -> str:
    return " ".join(
        f"-object acpi-generic-initiator,id=gi{place},pci-dev=dev{random.randrange(2)},node={node}"
        for place, node in enumerate(chosen)
    )


def ascending(words: list[str], dialect: str | None = None) -> tuple[str, ...]:
    return in_ascending_order(Scenario("", tuple(words), dialect=dialect))[0].command_line


def listed(srat) -> list[int]:
    return [entry.pxm for entry in srat.entries if entry.type == 5]


def random_words(seed: int, most: int = 64) -> tuple[list[str], list[int]]:
    random = Random(seed)
    family = random.choice(("virt", "q35", "pc"))
    chosen = random.choices(range(128), k=random.randrange(1, most + 1))
    companions = " -object iothread,id=io0 -object rng-builtin,id=rng0" * random.randrange(2)
    monitor = " -monitor none -qmp null" * random.randrange(2)
    text = f"{machine(family, 128, random.randrange(1, 9))}{companions}{monitor} {initiators(chosen, random)}"
    return shlex.split(text), sorted(chosen)


@pytest.mark.parametrize("first", range(0, 200, 25))
def test_random_sets_of_nodes_come_in_ascending_order(first):
    for seed in range(first, first + 25):
        dialect = ("10.0", "11.1")[seed % 2]
        words, chosen = random_words(seed)
        named = Sandbox(ascending(words, dialect), dialect=dialect)
        assert listed(named.tables().decoded_srat()) == chosen, seed


def test_objects_keep_ids_that_will_do():
    words = shlex.split(f"{machine('virt', 8)} {initiators([3], Random(0))}")
    assert ascending(words, "10.0") == tuple(words)


def test_eight_objects_in_ascending_order_differ_from_their_old_ids_by_a_letter_at_most():
    words = shlex.split(f"{machine('virt', 10, 2)} {initiators(list(range(2, 10)), Random(0))}")
    assert listed(Sandbox(words, dialect="10.0").tables().decoded_srat()) == [7, 6, 5, 4, 3, 9, 2, 8]
    named = ascending(words, "10.0")
    assert listed(Sandbox(named, dialect="10.0").tables().decoded_srat()) == list(range(2, 10))
    ids = [word.split(",")[1].removeprefix("id=") for word in named if word.startswith("acpi-")]
    assert [name[:3] for name in ids] == [f"gi{n}" for n in range(8)]
    assert max(map(len, ids)) <= 4


def test_objects_stand_in_the_order_of_their_nodes():
    words = shlex.split(f"{machine('q35', 9)} {initiators([8, 2, 5], Random(0))}")
    named = [word for word in ascending(words, "10.0") if word.startswith("acpi-")]
    assert [int(word.rpartition("=")[2]) for word in named] == [2, 5, 8]


def test_generic_ports_stay_as_they_are():
    port = (
        "-M q35,cxl=on -device pxb-cxl,id=cxl0,bus=pcie.0,bus_nr=16 "
        "-object acpi-generic-port,id=gp0,pci-bus=cxl0,node=1"
    )
    words = shlex.split(f"{machine('q35', 9)} {port} {initiators([8, 2, 5], Random(0))}")
    named = ascending(words, "10.0")
    assert "acpi-generic-port,id=gp0,pci-bus=cxl0,node=1" in named
    assert listed(Sandbox(named, dialect="10.0").tables().decoded_srat()) == [2, 5, 8]


def test_a_table_that_is_nearly_full_gets_ids_too():
    """15 keys in 16 buckets, of which first probes reach 13 only."""
    named = [Unnamed(f"gi{node}", node) for node in range(14)]
    table: BucketTable[None] = BucketTable()
    ids = ascending_ids([*named, "m0"])
    for name in (*ids, "m0"):
        table.insert(name, None)
    assert table.size == 16
    assert [name for name in table if name != "m0"] == list(ids)


def test_an_order_that_no_ids_can_give_is_an_input_error():
    """The highest node comes so early that nothing is in its way, and the last buckets need keys that give way."""
    order = (71, 3, 8, 5, 52, 75, 56, 118, 111, 102, 99, 103, 65, 36)
    with pytest.raises(InputError, match="no ids were found"):
        ascending_ids([*(Unnamed(f"gi1-{node}", node) for node in order), "m0"])


def test_names_that_are_taken_are_not_given():
    assert ascending_ids([Unnamed("gi", 1), "m0"], {"gi"}) == ("gia",)
    assert ascending_ids([Unnamed("m0", 1), "m0"]) == ("m0a",)


def test_two_objects_of_one_stem_get_two_ids():
    names = ascending_ids([Unnamed("gi", 1), Unnamed("gi", 1), Unnamed("gi", 2)])
    assert len(set(names)) == 3


def test_suffixes_are_letters_the_shortest_first():
    assert list(islice(suffixed("x"), 3)) == ["x", "xa", "xb"]
    assert list(islice(suffixed("x"), 26, 29)) == ["xz", "xaa", "xab"]


@pytest.mark.parametrize("stem", ["grace-hopper-mig", "two-gpus"])
def test_translated_entries_can_come_in_ascending_order_as_v2s_do(stem):
    translation, _ = to_merged_ascending(shipped_scenario(stem))
    (mapping,) = mappings(translation)
    assert mapping.passed
    assert [entry.merged_index for entry in mapping.entries] == list(range(len(mapping.entries)))


def test_objects_of_later_steps_are_followed_under_the_names_that_they_got():
    steps = [do("object-del", id="gi0"), add_nvidia("gi1", 2, 2), do("system_reset")]
    translation, _ = to_merged_ascending(v2(nodes(12), GPU, nvidia("gi0", 2, 8), steps=steps))
    at_start, after = mappings(translation)
    assert [entry.merged_index for entry in at_start.entries] == list(range(8))
    assert after.passed


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (f"{nodes(4)} {GPU} {nvidia()}", "dialect v2, not in a merged one"),
        ("-M virt -object acpi-generic-initiator,id=gi0,pci-dev=none,node=1", None),
        (f"{machine('q35', 3)} {initiators([9], Random(0))}", "Specified node 9 is invalid"),
    ],
)
def test_command_lines_that_are_not_merged_or_do_not_start_are_input_errors(words, problem):
    if problem is None:
        assert ascending(shlex.split(words)) == tuple(shlex.split(words))
        return
    with pytest.raises(InputError, match=problem):
        ascending(shlex.split(words))


@pytest.mark.live
@pytest.mark.parametrize(("family", "seed"), [("virt", 1), ("virt", 2), ("q35", 3), ("q35", 4)])
def test_a_live_qemu_lists_the_nodes_in_ascending_order(family, seed, qemu_arm, qemu_x86):
    from sandbox.acpi.srat import decode_srat
    from sandbox.live import dump

    random = Random(seed)
    chosen = random.sample(range(1, 128), 64 if seed % 2 else 14)
    words = shlex.split(f"{machine(family, 128, 3)} -object iothread,id=io0 {initiators(chosen, random)}")
    binary = qemu_arm if family == "virt" else qemu_x86
    tables = dump(binary, ascending(words, "10.0")).tables
    assert listed(decode_srat(tables.srat)) == sorted(chosen)
