"""Each rule speaks on the smallest input that it is about, and is silent on one beside it."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lint_cases import (
    CPU,
    GOOD,
    GPU,
    HMAT,
    MEMORY,
    NEAR,
    SETUPS,
    TABLES,
    TESTDEV,
    add,
    do,
    found,
    initiator,
    machine,
    merged,
    only,
    scenario,
    several,
    srat,
)

from sandbox.acpi.header import with_checksum
from sandbox.acpi.srat import GiccAffinity, MemoryAffinity, X2ApicAffinity
from sandbox.app import Sandbox
from sandbox.errors import InputError, MachineExit
from sandbox.lint.model import (
    ABORTS,
    ENDS_AT_READING,
    ENDS_AT_START,
    ENDS_IN_SETTER,
    ERROR,
    IGNORED,
    LEVELS,
    NOTE,
    WARNING,
    reaches,
)
from sandbox.lint.rules import RULES, lint_scenario, rule_of
from sandbox.lint.view import View, ram_of

CASES = [(code, pair) for cases in (SETUPS, TABLES) for code, pair in cases.items()]
NAMES = [f"{code}-{'tables' if pair is TABLES.get(code) else 'setup'}" for code, pair in CASES]


@pytest.mark.parametrize(("code", "pair"), CASES, ids=NAMES)
def test_a_rule_speaks_and_is_silent(code, pair):
    speaks, silent = pair
    assert code in {it.code for it in found(speaks)}
    assert code not in {it.code for it in found(silent)}


def test_every_rule_has_a_case():
    assert {rule.code for rule in RULES} == SETUPS.keys() | TABLES.keys()


def test_codes_and_names_are_given_once_and_severities_are_known():
    assert len({rule.code for rule in RULES}) == len({rule.name for rule in RULES}) == len(RULES)
    assert {rule.severity for rule in RULES} <= set(LEVELS)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_a_rule_tells_what_why_and_what_to_do_in_a_sentence_each(rule):
    for text in (rule.what, rule.why, rule.remedy):
        assert text[0].isupper() or text.startswith(("v2 ", "iasl "))
        assert text.endswith(".")
    assert rule.source
    assert not rule.source.endswith(".")


def test_what_is_sound_is_silent():
    sound = scenario(machine(9, "virt"), GPU, several(1, 8))
    assert {it.code for it in lint_scenario(sound)} == {"GI202", "GI401", "GI404", "GI601"}
    assert found(View(GOOD, TABLES["GI602"][1].slit)) == ()


@pytest.mark.parametrize(
    ("subject", "code", "consequence"),
    [
        (scenario(machine(2), TESTDEV, merged(200)), "GI101", ENDS_AT_START),
        (scenario(machine(2), TESTDEV, dialect="10.0", steps=(add(200),)), "GI101", ENDS_IN_SETTER),
        (scenario(machine(2, "virt"), GPU, several(200, 1)), "GI101", IGNORED),
        (scenario(machine(2), TESTDEV, merged(5)), "GI102", ENDS_AT_START),
        (scenario(machine(2), TESTDEV, dialect="10.0", steps=(add(5),)), "GI102", ENDS_AT_READING),
        (scenario(machine(2), TESTDEV, merged(1, device="no")), "GI103", ENDS_AT_START),
        (scenario(machine(2), TESTDEV, dialect="10.0", steps=(add(1, device="no"),)), "GI103", ENDS_AT_READING),
        (scenario(machine(2, "virt"), GPU, several(1, 1, device="no")), "GI103", IGNORED),
        (scenario(machine(2, "virt"), TESTDEV, several(1, 1)), "GI104", IGNORED),
        (scenario(machine(2), GPU, several(1, 1)), "GI005", IGNORED),
        (scenario(machine(2, "virt"), GPU, several(1, 0)), "GI105", IGNORED),
        (scenario(machine(2, "virt"), GPU, several(1, 70000)), "GI702", ABORTS),
    ],
)
def test_a_finding_says_what_qemu_does_about_it(subject, code, consequence):
    one = only(found(subject), code)
    assert one.consequence == consequence
    assert one.severity == (WARNING if consequence == IGNORED else ERROR)


def test_an_object_that_is_deleted_before_the_next_reset_harms_nobody():
    steps = (add(5), do("object-del", id="gi0"), do("system_reset"))
    assert not reaches(found(scenario(machine(2), TESTDEV, dialect="10.0", steps=steps)), ERROR)


def test_a_node_that_qom_set_moves_is_looked_at():
    steps = (do("qom-set", path="/objects/gi0", property="node", value=9),)
    one = only(found(scenario(machine(2), TESTDEV, merged(1), steps=steps)), "GI102")
    assert one.consequence == ENDS_AT_READING
    assert one.where.about == "step 1 (qom-set /objects/gi0)"


def test_an_object_of_the_human_monitor_is_looked_at():
    line = "object_add acpi-generic-initiator,id=gi0,pci-dev=dev0,node=9"
    steps = (do("human-monitor-command", command_line=line),)
    one = only(found(scenario(machine(2), TESTDEV, dialect="10.0", steps=steps)), "GI102")
    assert one.where.about == "step 1 (human-monitor-command)"


def test_a_refused_object_is_not_looked_at():
    steps = (do("object-add", qom_type="acpi-generic-initiator", id="gi0", pci_dev="dev0", node=-1),)
    assert found(scenario(machine(1), TESTDEV, dialect="10.0", steps=steps)) == ()


def test_the_range_of_a_v2_object_beyond_the_declared_nodes_is_named():
    one = only(found(scenario(machine(3, "virt"), GPU, several(1, 8))), "GI102")
    assert one.message.startswith("gi0 names nodes 3 to 8, and 0 to 2 are declared")
    assert one.severity == WARNING


def test_both_that_have_one_id_are_named_and_nothing_else_is_said():
    speaks, _ = SETUPS["GI002"]
    (one,) = found(speaks)
    assert one.message == "the id 'dev0' is used twice, by pcie-root-port and by pci-testdev"


def test_ids_that_would_give_the_order_do():
    """The ids of the remedy, put into the command line, end the complaint."""
    eight = [merged(node, f"gi{node - 2}") for node in range(2, 10)]
    words = [machine(10, "virt"), TESTDEV, *eight]
    remedy = only(found(scenario(*words)), "GI501").remedy
    pairs = remedy.partition("ids: ")[2].partition(" (")[0].split(", ")
    named = [merged(int(pair.split(" ")[-1]), pair.split(" ")[0]) for pair in pairs]
    assert len(named) == 8
    assert "GI501" not in {it.code for it in found(scenario(machine(10, "virt"), TESTDEV, *named))}


def test_many_objects_on_one_node_are_each_named_once_and_soon():
    many = " ".join(merged(1, f"gi{n}") for n in range(500))
    findings = found(scenario(machine(2), TESTDEV, many))
    assert len([it for it in findings if it.code == "GI302"]) == 499


def test_v2_objects_in_the_wrong_order_get_ids_too():
    gpus = "-device vfio-pci-nohotplug,host=02:00.0,id=dev1,addr=05.0"
    words = [machine(17, "virt"), GPU, gpus]
    swapped = scenario(*words, several(9, 8, "gi0"), several(1, 8, "gi1", "dev1"))
    assert " for node 1, " in only(found(swapped), "GI501").remedy


def test_a_checksum_of_zero_is_only_worth_a_note():
    assert only(found(View(with_checksum(GOOD, 0))), "GI801").severity == NOTE


def test_a_disabled_initiator_behind_all_others_is_only_worth_a_note():
    last = View(srat(CPU, MEMORY, initiator(1), initiator(2, flags=0)))
    assert only(found(last), "GI806").severity == NOTE


def test_ram_outside_of_entries_is_not_tolerated_on_arm():
    ram = ((0, (1 << 30) + 1),)
    assert "GI855" in {it.code for it in found(View(srat(GiccAffinity(0, 0), MEMORY), ram=ram))}
    assert "GI855" not in {it.code for it in found(View(srat(CPU, MEMORY), ram=ram))}


def test_ram_is_read_from_proc_iomem():
    text = "00000000-00000fff : Reserved\n00001000-0009ffff : System RAM\n  00002000-00002fff : Kernel code\n"
    assert ram_of(text, "iomem") == ((0x1000, 0x9F000),)
    hidden = "00000000-00000000 : System RAM\n"
    for bad in ("", hidden):
        with pytest.raises(InputError, match="read /proc/iomem as root"):
            ram_of(bad, "iomem")


def test_rules_are_found_by_code_and_by_name():
    assert rule_of("GI101") is rule_of("gi101") is rule_of("node-too-high")
    with pytest.raises(InputError, match="no rule 'GI999'"):
        rule_of("GI999")


def test_random_objects_end_the_sandbox_when_lint_says_so():
    """The machine of the sandbox, which live tests hold against QEMU, is what lint has to foretell."""
    ended = 0
    for seed in range(150):
        random = Random(seed)
        nodes, dialect = random.randrange(1, 5), random.choice(("v2", "9.0", "10.0", "11.1"))
        objects = []
        for number in range(random.randrange(1, 4)):
            node = random.choice((0, nodes - 1, nodes - 1, nodes, 127, 128, 4000))
            device = random.choice(("dev0", "dev0", "dev1", "x", "/machine/peripheral/dev0", ""))
            if dialect == "v2":
                objects.append(several(node, random.choice((0, 1, 3, 70000)), f"gi{number}", device))
            else:
                objects.append(merged(node, f"gi{number}", device))
        family = random.choice(("virt", "q35", "q35,acpi=off"))
        subject = scenario(machine(nodes, family), GPU, "-device pci-testdev,id=dev1", *objects, dialect=dialect)
        try:
            Sandbox(subject.command_line, dialect=dialect)
            ends = False
        except MachineExit:
            ends = True
        ended += ends
        foretold = any(it.consequence in (ENDS_AT_START, ABORTS) for it in found(subject))
        assert foretold == ends, (seed, subject.command_line)
    assert 20 < ended < 130


@pytest.mark.parametrize(
    "entry",
    [CPU, MEMORY, initiator(1), GiccAffinity(0, 5), X2ApicAffinity(0, 300)],
    ids=lambda entry: type(entry).__name__,
)
def test_any_entry_that_is_there_twice_is_named(entry):
    table = srat(MemoryAffinity(3, 1 << 40, 4096), entry, entry)
    assert only(found(View(table)), "GI851").where.offset == 48 + 40 + len(entry.encode())


def test_an_initiator_without_a_domain_is_beyond_what_linux_takes():
    assert "domain 4294967295" in only(found(View(srat(CPU, MEMORY, initiator(0xFFFFFFFF)))), "GI807").message


TABLES_OF_EVERY_KIND = [GOOD, HMAT, NEAR]


@given(st.sampled_from(TABLES_OF_EVERY_KIND), st.data())
def test_no_table_is_too_broken_to_be_looked_at(table, data):
    """Tables cut off anywhere, with bytes changed anywhere, and with the length set right again or not."""
    broken = bytearray(table[: data.draw(st.integers(0, len(table)))])
    for _ in range(data.draw(st.integers(0, 4))):
        if broken:
            broken[data.draw(st.integers(0, len(broken) - 1))] = data.draw(st.integers(0, 255))
    if data.draw(st.booleans()) and len(broken) >= 8:
        broken[4:8] = len(broken).to_bytes(4, "little")
    name = {GOOD: "srat", HMAT: "hmat", NEAR: "slit"}[table]
    findings = found(View(**{name: bytes(broken)}))
    assert findings or bytes(broken) == table or name != "srat"
