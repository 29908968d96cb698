"""Objects that later steps add: whenever firmware reads the tables, their nodes come in ascending order."""

from __future__ import annotations

import shlex
from random import Random

import pytest
from v2_cases import GPU, add_nvidia, do, nodes, nvidia, v2

from sandbox.acpi.srat import decode_srat
from sandbox.buckets import BucketTable
from sandbox.records import replace
from sandbox.scenario.emulation import emulate
from sandbox.scenario.replay import replay
from sandbox.translate.convert import convert
from sandbox.translate.histories import Put, Read, Take, disorder, ids_over

SECOND = "-device vfio-pci-nohotplug,host=0019:01:00.0,addr=05.0,id=dev1"


def drawn(seed: int):
    """A history with one to four readings, and the ids that its objects would like."""
    random = Random(seed)
    count = random.randrange(2, 17)
    present = set(range(random.randrange(count)))
    history = [*(Put(f"m{number}") for number in range(random.randrange(1, 4))), *map(Put, sorted(present))]
    history.append(Read({number: number + 2 for number in present}))
    for _ in range(random.randrange(1, 4)):
        for _ in range(random.randrange(1, 8)):
            absent = sorted(set(range(count)) - present)
            if present and random.random() < 0.35:
                gone = random.choice(sorted(present))
                present.discard(gone)
                history.append(Take(gone))
            elif absent:
                come = random.choice(absent)
                present.add(come)
                history.append(Put(come))
        history.append(Read({number: number + 2 for number in present}))
    return history, [f"gi0-{number + 2}" for number in range(count)]


def test_ids_are_found_for_nearly_all_histories():
    found = {seed: ids_over(*drawn(seed), taken=()) for seed in range(40)}
    missed = [seed for seed, ids in found.items() if ids is None]
    assert len(missed) <= 2
    for seed, ids in found.items():
        if ids is not None:
            assert disorder(drawn(seed)[0], ids) == 0
            assert all(name.startswith(f"gi0-{number + 2}") for number, name in enumerate(ids))


def test_disorder_counts_pairs_in_the_order_of_the_table():
    """gi0 to gi7 on nodes 2 to 9 come as 7 6 5 4 3 9 2 8 on a live QEMU."""
    order = (7, 6, 5, 4, 3, 9, 2, 8)
    history = [*(Put(number) for number in range(8)), Put("m0"), Read({number: number + 2 for number in range(8)})]
    wrong = sum(one > other for place, one in enumerate(order) for other in order[place + 1 :])
    assert disorder(history, [f"gi{number}" for number in range(8)]) == wrong
    assert disorder([Put(0), Put(1), Read({0: 2, 1: 3})], ["same", "same"]) == 1


def test_a_deletion_leaves_the_size_of_the_table():
    history = [*map(Put, range(12)), *map(Take, range(1, 12)), Read({0: 2})]
    assert disorder(history, [f"g{number}" for number in range(12)]) == 0
    table: BucketTable[None] = BucketTable()
    for number in range(12):
        table.insert(f"g{number}", None)
    table.remove("g1", may_resize=False)
    assert table.size == 16


def test_ids_that_are_taken_are_not_given():
    history = [Put(0), Put(1), Read({0: 2, 1: 3})]
    free = ids_over(history, ["a", "b"], taken={"a", "b"})
    assert free is not None
    assert not set(free) & {"a", "b"}


def steps():
    return (
        add_nvidia("gi0", 2, 8),
        do("object-add", qom_type="iothread", id="io0"),
        do("system_reset"),
        do("qom-set", path="/objects/gi0", property="numa-node-count", value=3),
        do("object-del", id="io0"),
        do("system_reset"),
        do("object-del", id="gi1"),
        do("system_reset"),
    )


def scenario():
    return v2(nodes(18), GPU, SECOND, nvidia("gi1", 10, 8, "dev1"), steps=steps())


def pxms(srat) -> list[int]:
    return [entry.pxm for entry in decode_srat(srat).entries if entry.type == 5]


def read_by(transcript) -> list[list[int]]:
    """The nodes of each table that firmware has, the start's first."""
    records = [transcript.start, *(it for it in transcript.steps if it.sent and it.sent.name == "system_reset")]
    return [pxms(it.after.srat) for it in records]


WANTED = [[*range(10, 18)], [*range(2, 18)], [2, 3, 4, *range(10, 18)], [2, 3, 4]]


@pytest.mark.parametrize("dialect", ["9.0", "10.0", "11.1"])
def test_objects_that_steps_add_come_in_order_after_each_reset(dialect):
    made = convert(scenario(), dialect)
    assert read_by(replay(made.scenario, emulate, lambda _: b"")) == WANTED
    assert not any("no ids" in note for note in made.notes)


def test_merged_objects_of_steps_get_other_ids_wherever_they_are_named():
    merged = convert(scenario(), "10.0", keep_ids=True).scenario
    assert read_by(replay(merged, emulate, lambda _: b"")) != WANTED
    made = convert(merged, "10.0")
    transcript = replay(made.scenario, emulate, lambda _: b"")
    assert transcript.passed
    assert read_by(transcript) == WANTED


def test_an_addition_that_fails_may_shrink_the_table_in_10_0_and_leaves_a_tombstone():
    """As libglib's removals do: with the resize check the table shrinks once 12 of 13 objects are gone."""
    history = [*map(Put, range(13)), *map(Take, range(1, 13)), Put("s"), Take("s", may_resize=True), Put(1)]
    ids = [f"g{number}" for number in range(13)]
    tables: list[BucketTable[None]] = []
    for may_resize in (True, False):
        table: BucketTable[None] = BucketTable()
        for name in ids:
            table.insert(name, None)
        for name in ids[1:]:
            table.remove(name, may_resize=False)
        table.insert("s", None)
        table.remove("s", may_resize=may_resize)
        tables.append(table)
    assert tables[0].size < tables[1].size
    assert disorder([*history, Read({0: 2, 1: 3})], ids) == (list(after(tables[0], ids[1])) != ids[:2])


def after(table, name):
    table.insert(name, None)
    return table


def test_objects_that_fail_are_reckoned_with():
    fails = do("object-add", qom_type="secret", id="s0")
    more = tuple(do("object-add", qom_type="iothread", id=f"io{number}") for number in range(12))
    gone = tuple(do("object-del", id=f"io{number}") for number in range(12))
    history = (*more, *gone, fails, add_nvidia("gi0", 2, 8), do("system_reset"))
    made = convert(v2(nodes(18), GPU, SECOND, nvidia("gi1", 10, 8, "dev1"), steps=history), "10.0")
    assert read_by(replay(made.scenario, emulate, lambda _: b"")) == WANTED[:2]


def test_a_history_without_ids_that_keep_its_order_is_noted():
    """So many objects that a table of 32 buckets is nearly full."""
    many = v2(nodes(32), GPU, nvidia("gi0", 2, 26), steps=(add_nvidia("gi1", 28, 2), do("system_reset")))
    made = convert(many, "10.0")
    in_order = all(nodes == sorted(nodes) for nodes in read_by(replay(made.scenario, emulate, lambda _: b"")))
    assert in_order != any(note.startswith("no ids were found") for note in made.notes)


@pytest.mark.live
def test_a_live_qemu_lists_them_in_order_after_each_reset(qemu_arm):
    from sandbox.live.bridge import compare_live
    from sandbox.live.running import LiveQemu

    made = convert(scenario(), "10.0").scenario
    text = shlex.join(made.command_line)
    for host in ("0009", "0019"):
        text = text.replace(f"vfio-pci-nohotplug,host={host}:01:00.0", "pci-testdev").replace("rombar=0,", "")
    comparison = compare_live(replace(made, command_line=tuple(shlex.split(text))), LiveQemu(qemu_arm))
    assert comparison.passed, comparison
    srats = [it.theirs.after.srat for it in comparison.steps if it.theirs.after is not None]
    assert [*map(pxms, dict.fromkeys(srats))] == WANTED
