"""What a guest is given, and which rules are taken for which kernel."""

import pytest

from sandbox.errors import MachineExit, UnmodelledError
from sandbox.guest.given import given_by, scenario_of
from sandbox.guest.kernels import nearest_kernel
from sandbox.machine.tables import Tables
from sandbox.records import replace
from sandbox.scenario.model import Command, Reset, Step

WORDS = (
    "-M q35 -m 256M -object memory-backend-ram,id=m0,size=256M -numa node,memdev=m0 -numa node "
    "-device pci-testdev,id=dev0,addr=4"
).split()
ADD = Command("object-add", {"qom-type": "acpi-generic-initiator", "id": "gi0", "pci-dev": "dev0", "node": 1})


def initiators(given):
    return [origin.object_id for origin in given.origins]


def test_a_guest_has_the_tables_that_firmware_read_last():
    scenario = scenario_of(WORDS, "10.0")
    assert initiators(given_by(replace(scenario, steps=(Step(ADD),)))) == []
    given = given_by(replace(scenario, steps=(Step(ADD), Step(Reset()))))
    assert (initiators(given), given.declared, given.dialect) == (["gi0"], 2, "10.0")


def test_a_command_line_alone_starts_even_where_it_is_held():
    assert given_by(scenario_of([*WORDS, "-S"], "10.0")).tables == given_by(scenario_of(WORDS, "10.0")).tables


def test_an_end_on_the_way_is_an_end():
    kills = replace(ADD, arguments={**ADD.arguments, "node": 128})
    with pytest.raises(MachineExit, match="Invalid NUMA node"):
        given_by(replace(scenario_of(WORDS, "10.0"), steps=(Step(kills),)))


def test_a_command_that_is_not_modelled_is_no_basis_for_a_forecast():
    with pytest.raises(UnmodelledError, match="blockdev-add"):
        given_by(replace(scenario_of(WORDS, "10.0"), steps=(Step(Command("blockdev-add", {})),)))


def test_tables_from_elsewhere_leave_those_that_they_do_not_replace():
    given = given_by(scenario_of([*WORDS, "-numa", "dist,src=0,dst=1,val=33"], "10.0"))
    other = given.with_tables(Tables(srat=b"SRAT"))
    assert (other.tables.srat, other.tables.slit, other.declared) == (b"SRAT", given.tables.slit, 0)
    assert given.with_tables(Tables(slit=b"SLIT")).declared == 2


def test_what_is_given_along_with_srat_lies_behind_it():
    given = given_by(scenario_of([*WORDS, "-numa", "dist,src=0,dst=1,val=33"], "10.0"))
    assert given.behind == b""
    assert given.with_tables(Tables(srat=b"SRAT")).behind == b""
    assert given.with_tables(Tables(srat=b"SRAT", slit=given.tables.slit)).behind == b""
    assert given.with_tables(Tables(srat=b"SRAT", slit=b"SLIT", hmat=b"HMAT")).behind == b"SLITHMAT"
    assert given.with_tables(Tables(slit=b"SLIT")).behind == b""


@pytest.mark.parametrize(
    ("release", "rules"),
    [
        ("6.1.0-50-cloud-amd64", "6.1"),
        ("5.10.0", "6.1"),
        ("6.11.9", "6.1"),
        ("6.12.117+deb13", "6.12"),
        ("6.19-rc1", "6.12"),
        ("7.3", "7.3"),
        ("8.0.1-arch1", "7.3"),
        ("0", "6.1"),
    ],
)
def test_the_rules_of_a_kernel_are_those_of_the_newest_known_before_it(release, rules):
    assert nearest_kernel("x86", release).version == rules
