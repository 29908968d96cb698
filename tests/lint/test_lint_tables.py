"""What lint says of tables that were brought, case by case, and that it finds no fault with QEMU's own."""

from __future__ import annotations

import json
from functools import cache
from random import Random

import pytest
from lint_cases import CPU, GOOD, MEMORY, NEAR, cut, found, initiator, only, slit, srat

from sandbox.acpi.dump import RawTable, to_acpidump
from sandbox.acpi.srat import GiccAffinity, MemoryAffinity, X2ApicAffinity
from sandbox.app import Sandbox
from sandbox.campaign.cases import random_case
from sandbox.campaign.target import Target
from sandbox.errors import MachineExit
from sandbox.guest.facts import facts_of
from sandbox.guest.forecast import forecast
from sandbox.guest.kernels import find_kernel
from sandbox.lint.model import ERROR, NOTE, WARNING
from sandbox.lint.view import View
from sandbox.machine.tables import Tables
from sandbox.scenario.emulation import emulate
from sandbox.scenario.model import Scenario

TARGETS = (
    Target("x86_64", (10, 0, 2), "10.0", ("q35", "pc")),
    Target("aarch64", (10, 0, 2), "10.0", ("virt",)),
)
HOT_PLUGGABLE, NON_VOLATILE = 3, 5


@cache
def guest(arch: str) -> Sandbox:
    family = "q35" if arch == "x86" else "virt -cpu cortex-a57"
    memory = "-object memory-backend-ram,id=m0,size=1G -numa node,memdev=m0"
    return Sandbox(f"-M {family} -m 1G {memory}".split(), dialect="10.0")


def test_tables_that_qemu_makes_of_random_machines_are_without_errors():
    looked_at = 0
    for number in range(80):
        words = random_case(3, number, TARGETS[number % 2]).arguments
        try:
            machine = emulate(Scenario("a machine", words, dialect="10.0"))
        except MachineExit:
            continue
        tables = machine.tables()
        view = View(tables.srat, tables.slit, tables.hmat, ram=machine.machine.ram)
        assert [it for it in found(view) if it.severity == ERROR] == [], words
        looked_at += tables.srat is not None
    assert looked_at > 50


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("srat.dat", b"", "there is no ACPI table in here"),
        ("SRAT", b"", "there is no ACPI table in here"),
        ("host-srat.bin", b"FACP" + GOOD[4:], "no SRAT, SLIT or HMAT in here, but FACP"),
    ],
)
def test_a_file_named_as_a_table_is_not_passed_over(run, tmp_path, name, content, said):
    (tmp_path / "slit.dat").write_bytes(NEAR)
    (tmp_path / name).write_bytes(content)
    status, _, err = run("--tables", tmp_path)
    assert (status, said in err) == (2, True)


def test_other_files_of_a_folder_are_passed_over(run, tmp_path):
    (tmp_path / "slit.dat").write_bytes(NEAR)
    (tmp_path / "facp.dat").write_bytes(b"FACP" + GOOD[4:])
    (tmp_path / "srat.txt").write_text("what the SRAT is about")
    assert run("--tables", tmp_path)[:2] == (0, "nothing found\n")


@pytest.mark.parametrize(
    "entries",
    [
        (initiator(1, flags=1), initiator(1, flags=3)),
        (MEMORY, MemoryAffinity(0, 0, 1 << 30, HOT_PLUGGABLE)),
        (CPU, X2ApicAffinity(0, 0)),
    ],
)
def test_what_differs_in_flags_or_form_alone_is_there_twice(entries):
    assert only(found(View(srat(MemoryAffinity(3, 1 << 40, 4096), *entries))), "GI851").severity == WARNING


def test_each_range_that_overlaps_a_larger_one_is_named():
    view = View(srat(CPU, MEMORY, MemoryAffinity(1, 4096, 4096), MemoryAffinity(1, 1 << 20, 4096)))
    assert [it.where.offset for it in found(view) if it.code == "GI852"] == [48 + 16 + 40, 48 + 16 + 80]


@pytest.mark.parametrize(
    ("entry", "severity"),
    [
        (MemoryAffinity(1, 4096, 4096), ERROR),
        (MemoryAffinity(1, 0, 1 << 30), ERROR),
        (MemoryAffinity(0, 4096, 4096), WARNING),
        (MemoryAffinity(1, 4096, 4096, HOT_PLUGGABLE), ERROR),
    ],
)
def test_an_overlap_is_as_bad_as_linux_takes_it(entry, severity):
    assert only(found(View(srat(CPU, MEMORY, entry))), "GI852").severity == severity


def test_non_volatile_memory_in_a_hot_pluggable_range_is_as_qemu_has_it():
    module = MemoryAffinity(1, 1 << 32, 4096, NON_VOLATILE)
    window = MemoryAffinity(2, 1 << 32, 1 << 30, HOT_PLUGGABLE)
    assert only(found(View(srat(CPU, MEMORY, module, window))), "GI852").severity == NOTE


@pytest.mark.parametrize("seed", range(6))
def test_what_lint_calls_an_error_is_what_linux_rejects_and_the_numbers_agree(seed):
    """Held against the forecast, which is held against booted kernels."""
    rejected = 0
    for number in range(40 * seed, 40 * seed + 40):
        random = Random(number)
        arch = random.choice(("x86", "arm64"))
        vm, cpu, base = guest(arch), *((CPU, 0) if arch == "x86" else (GiccAffinity(0, 0), 1 << 30))
        entries = [cpu, MemoryAffinity(0, base, 1 << 30 if random.random() < 0.9 else 1 << 29)]
        for _ in range(random.randrange(5)):
            at, size = base + random.choice((8192, 1 << 29, 1 << 30)), random.choice((0, 8192, 1 << 29))
            domain = random.choice((0, 1, 2, 300, 2000))
            more = (initiator(domain, flags=random.choice((0, 1, 1, 1))), MemoryAffinity(domain, at, size))
            entries.append(random.choice(more))
        random.shuffle(entries)
        table = srat(*entries[random.random() < 0.1 :], revision=random.choice((1, 3, 3)))
        view = View(table, ram=vm.machine.ram)
        seen = forecast(Tables(table), facts_of(vm.machine), find_kernel(arch, "6.12"))
        errors = [it for it in found(view) if it.severity == ERROR]
        sure = [it for it in errors if it.code != "GI852"]  # Linux does not look at overlaps outside of RAM
        assert bool(sure) <= bool(seen.why) <= bool(errors), (number, seen.why, errors)
        assert seen.why or view.guest_nodes() == tuple(node.pxm for node in seen.nodes), number
        rejected += bool(errors)
    assert 0 < rejected < 40


def test_bytes_behind_the_table_are_only_too_many():
    assert {it.code for it in found(View(GOOD + b"garbage!", NEAR))} == {"GI802"}


def test_the_checksum_is_that_of_as_many_bytes_as_the_header_says():
    shorter = cut(GOOD[:104], 4, (104).to_bytes(4, "little"))
    assert {it.code for it in found(View(shorter + b"\1\2\3"))} == {"GI802"}


def test_nothing_is_said_of_missing_memory_where_an_entry_leads_nowhere():
    broken = cut(GOOD, 48 + 16 + 1, b"\xc8")
    assert {it.code for it in found(View(broken, NEAR, ram=((0, 1 << 30),)))} == {"GI804"}


def test_domains_are_masked_in_revision_0_too():
    one = only(found(View(srat(CPU, MemoryAffinity(256, 0, 4096), revision=0))), "GI808")
    assert one.message == "domain 256 reads as 0 in a table of revision 0"


def test_of_many_wrong_distances_eight_are_named_and_the_others_counted():
    findings = found(View(slit=slit(*[[0] * 5] * 5)))
    assert [it.code for it in findings] == ["GI602"] * 9
    assert findings[-1].message == "17 more distances are not as Linux wants them"


def test_an_initiator_in_a_domain_that_linux_does_not_take_is_only_told_of_as_that():
    assert {it.code for it in found(View(srat(CPU, MEMORY, initiator(1 << 20), initiator(1)), NEAR))} == {"GI807"}


def test_handles_with_a_segment_are_not_those_of_a_qemu_that_swaps():
    table = srat(CPU, MEMORY, initiator(1, devfn=0, bus=0x20))
    assert "GI810" in {it.code for it in found(View(table))}
    handle = 48 + 16 + 40 + 8
    assert "GI810" not in {it.code for it in found(View(cut(table, handle, b"\x09")))}


def test_sarif_counts_bytes_from_the_start_of_a_raw_file_and_none_in_text(run, tmp_path):
    table = srat(CPU, MEMORY, initiator(1), initiator(1))
    raw, text = tmp_path / "all.bin", tmp_path / "all.txt"
    raw.write_bytes(NEAR + table)
    text.write_text(to_acpidump([RawTable("SLIT", NEAR), RawTable("SRAT", table)]))
    regions = []
    for file in (raw, text):
        (result,) = json.loads(run("--sarif", "-", "--tables", file)[1])["runs"][0]["results"]
        regions.append(result["locations"][0]["physicalLocation"].get("region"))
    assert regions == [{"byteOffset": len(NEAR) + 48 + 16 + 40 + 32}, None]


def test_sarif_names_no_file_for_a_command_line(run):
    words = ("-M", "q35", "-m", "128M", "-numa", "node,nodeid=3")
    (result,) = json.loads(run("--sarif", "-", "--", *words)[1])["runs"][0]["results"]
    assert result["locations"] == [{"logicalLocations": [{"fullyQualifiedName": "command line"}]}]


@pytest.mark.parametrize("length", range(48, len(GOOD)))
def test_of_a_table_that_is_cut_off_only_that_is_said(length):
    """What else is wrong with what is there of it follows from that, wherever the cut is."""
    (one,) = found(View(GOOD[:length], NEAR))
    assert (one.code, one.message) == ("GI802", f"the header says {len(GOOD)} bytes, and there are {length}")
    assert one.remedy.startswith("Give the whole table")


def test_a_slit_that_is_cut_off_is_not_missing():
    assert [it.code for it in found(View(GOOD, NEAR[:-1]))] == ["GI802"]
    assert [it.code for it in found(View(GOOD))] == ["GI601"]
