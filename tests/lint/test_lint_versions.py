"""Which QEMU lint takes where none is told, and what it says of the other one."""

from __future__ import annotations

import json

import pytest
from lint_cases import GPU, TESTDEV, found, machine, merged, only, scenario, several

from sandbox.app import Sandbox
from sandbox.cli import main
from sandbox.lint.versions import look_over

FULL = " ".join(f"-object memory-backend-ram,id=m{n},size=1M" for n in range(1, 5))
"""Four more objects: with two initiators the table of /objects then grows as a monitor comes."""

SWAPPED = "the guest's node 1 is domain 2, node 2 is domain 1: the initiators come as 2 1"


def pair(one: str, other: str) -> str:
    return f"{machine(3)} {TESTDEV} {merged(1, one)} {merged(2, other)} {FULL}"


def initiators(words: str, dialect: str) -> list[int]:
    entries = Sandbox(words, dialect=dialect).tables().decoded_srat().entries
    return [entry.pxm for entry in entries if type(entry).__name__ == "GenericInitiatorAffinity"]


@pytest.mark.parametrize(
    ("ids", "message"),
    [
        ("ab", SWAPPED),
        ("ad", f"in QEMU 10.0 {SWAPPED}; in QEMU 11.1 they come in ascending order"),
        ("ah", f"in QEMU 11.1 {SWAPPED}; in QEMU 10.0 they come in ascending order"),
        ("ac", None),
    ],
)
def test_the_version_in_which_the_order_is_scrambled_is_named(ids, message):
    words = pair(*ids)
    (said,) = [it.message for it in found(scenario(words)) if it.code == "GI501"] or [None]
    assert said == message
    named = {version for version in ("10.0", "11.1") if initiators(words, version) == [2, 1]}
    assert bool(named) == (message is not None)
    told = {version: found(scenario(words, dialect=version)) for version in ("10.0", "11.1")}
    assert {version for version in told if "GI501" in {it.code for it in told[version]}} == named


@pytest.mark.parametrize("ids", ["ab", "ad", "ah"])
def test_ids_of_the_remedy_are_right_in_both_versions(ids):
    remedy = only(found(scenario(pair(*ids))), "GI501").remedy
    names = [it.split(" ")[0] for it in remedy.partition("ids: ")[2].partition(" (")[0].split(", ")]
    assert [initiators(pair(*names), version) for version in ("10.0", "11.1")] == [[1, 2], [1, 2]]


@pytest.mark.parametrize(
    ("words", "dialect", "reason"),
    [
        (pair("a", "b"), "10.0", "Debian's QEMU, since no version is told"),
        (f"{machine(2, 'virt')} {GPU} {several(1, 1)}", "v2", "the object nvidia-acpi-generic-initiator"),
        (
            f"{machine(2, 'pc-q35-11.0')} {TESTDEV} {merged(1)}",
            "11.1",
            "the member 'pci-dev' of acpi-generic-initiator",
        ),
        ("-M q35 -smp 2,maxcpus=300,sockets=2,cores=150,threads=1", "10.0", "Debian's QEMU, since no version is told"),
    ],
)
def test_text_and_json_name_the_dialect_and_why(capsys, words, dialect, reason):
    setup = look_over(scenario(words))
    assert (setup.dialect, setup.dialect_reason) == (dialect, reason)
    main(["lint", "--", *words.split()])
    assert capsys.readouterr().out.startswith(f"command line: dialect {dialect} ({reason})\n\n")
    main(["lint", "--json", "--", *words.split()])
    for it in json.loads(capsys.readouterr().out):
        assert (it["dialect"], it["dialect_reason"]) == (dialect, reason)


def test_a_dialect_that_is_asked_for_is_the_only_one(capsys):
    main(["lint", "--dialect", "11.1", "--", *pair("a", "d").split()])
    assert capsys.readouterr().out.startswith("command line: dialect 11.1 (as asked for)\n\n")
    assert look_over(scenario(pair("a", "d"), dialect="11.1")).other is None


@pytest.mark.parametrize(
    ("dialect", "given", "remedy"),
    [
        (
            "10.0",
            several(1, 1),
            "'nvidia-acpi-generic-initiator' is not known to dialect 10.0; known to: v2, from which",
        ),
        ("v2", merged(1), "member 'pci-dev' of acpi-generic-initiator is not known to dialect v2; known to: 9.0, 9.2"),
    ],
)
def test_an_object_of_another_dialect_is_an_error_with_a_way_out(dialect, given, remedy):
    one = only(found(scenario(machine(2, "virt"), GPU, given, dialect=dialect)), "GI001")
    assert one.where.about == given
    assert one.remedy.startswith(remedy)
    assert f"'qom-sandbox translate --to {dialect}'" in one.remedy
    assert (one.dialect, one.dialect_reason) == (dialect, "as asked for")


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ("-M nope", 'unsupported machine type: "nope"'),
        ("-M q35 -m 1x", "-m 1x: Parameter 'size' expects a non-negative number below 2^64"),
    ],
)
def test_the_line_that_says_why_qemu_does_not_start_is_shown_not_its_hint(words, why):
    """QEMU 10.0 prints a hint of one or two lines below each of these."""
    assert only(found(scenario(words)), "GI001").message == f"QEMU does not start: qemu-system-x86_64: {why}"
