"""Random guests: small machines that boot, and what a difference is called."""

import pytest

from sandbox.campaign.guests import check_guest, check_kernels, guest_case, guest_scenario
from sandbox.campaign.kinds import KINDS
from sandbox.campaign.summary import summarise
from sandbox.campaign.target import Target
from sandbox.cli import main
from sandbox.errors import InputError
from sandbox.guest.given import given_by
from sandbox.scenario.checks import Check, differs

NOT_LIVE = "machines are drawn, and run on the sandbox alone"

X86 = Target("x86_64", (10, 0, 2), "10.0", ("q35", "pc"))
ARM = Target("aarch64", (11, 1, 3), "11.1", ("virt",))


@pytest.mark.parametrize("target", [X86, ARM], ids=lambda target: target.label)
def test_a_guest_is_made_from_seed_number_and_binary_alone(target):
    cases = [guest_case(3, number, target) for number in range(8)]
    assert cases == [guest_case(3, number, target) for number in range(8)]
    assert len({case.arguments for case in cases}) == 8


@pytest.mark.parametrize("target", [X86, ARM], ids=lambda target: target.label)
def test_each_machine_starts_with_few_processors_and_enough_memory(target):
    for number in range(8):
        case = guest_case(1, number, target)
        board = given_by(guest_scenario(case, target)).machine.board
        assert board.smp.cpus <= 4
        assert 512 << 20 <= board.memory.ram_size <= 5 << 30
        assert sum(feature.startswith("Linux ") for feature in case.features) == 1


def test_series_and_merged_objects_are_drawn():
    dialects = {guest_case(1, number, ARM).dialect for number in range(10)}
    assert dialects == {"v2", "11.1"}


class FakeBench:
    target = X86

    def __init__(self, *checks):
        self.checks = checks

    def boot(self, _scenario, _kernel):
        return self


def test_the_kind_of_a_difference_has_no_node_in_it(monkeypatch):
    monkeypatch.setattr("sandbox.guest.boot.guest_kernel", lambda arch, version: (arch, version))
    case = guest_case(1, 0, X86)
    found = check_guest(FakeBench(Check("online"), differs("node 3 distances", "[10]", "[11]")), case)
    assert found.outcome == "different"
    assert found.difference.kind == "guest: distances"
    assert found.difference.what == "node 3 distances: forecast [10], guest [11]"
    assert check_guest(FakeBench(Check("online")), case).outcome == "equal"


def test_a_campaign_of_guests_without_kernels_does_not_begin(monkeypatch, tmp_path):
    monkeypatch.setenv("QOM_SANDBOX_CACHE", str(tmp_path))
    with pytest.raises(InputError, match="make guest-kernels"):
        check_kernels([X86])
    assert KINDS["guest"].ready is check_kernels
    assert KINDS["native"].ready([X86]) is None


@pytest.mark.parametrize(
    ("words", "kinds"),
    [
        ([], ("native",)),
        (["--guest"], ("guest",)),
        (["--kind", "native", "--guest", "--kind", "guest"], ("native", "guest")),
    ],
)
def test_the_command_asks_for_guests(words, kinds, monkeypatch, capsys, tmp_path):
    asked = []

    def run(settings, _bar):
        asked.append(settings.kinds)
        return summarise((), wanted=0, interrupted=False, elapsed=0.0, ran=0, jobs=1)

    monkeypatch.setattr("sandbox.campaign.campaign.run_campaign", run)
    assert main(["campaign", "--qemu", "true", "-o", str(tmp_path), *words]) == 0
    assert asked == [kinds]
    assert "0 of 0 machines" in capsys.readouterr().out
