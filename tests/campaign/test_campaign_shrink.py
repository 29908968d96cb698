"""Shrinking: what does not matter for a difference goes, and what is left fits together."""

import pytest

from sandbox.campaign.case import Case
from sandbox.campaign.draft import Draft
from sandbox.campaign.options import join_options, settled, split_options
from sandbox.campaign.shrink import shrink
from sandbox.campaign.sides import Difference

NOT_LIVE = "the runs are made up"

LARGE = Case(
    1,
    0,
    "native",
    "q35",
    tuple(
        "-M pc-q35-9.1,usb=on -smp 4,sockets=2,cores=2 -m 3072M,slots=2,maxmem=5120M -name guest=a,,b "
        "-object memory-backend-ram,id=m0,size=2147483648 -object memory-backend-ram,id=m1,size=1G,merge=off "
        "-object iothread,id=io -object acpi-generic-initiator,id=long-name,pci-dev=b,node=3 "
        "-object acpi-generic-initiator,id=other,pci-dev=a,node=0x2 "
        "-numa node,nodeid=0,memdev=m0 -numa node,nodeid=1,cpus=0-3 -numa node,nodeid=2,memdev=m1 -numa node,nodeid=3 "
        "-numa dist,src=0,dst=1,val=20 -numa dist,src=2,dst=3,val=30 "
        "-device pcie-root-port,id=rp,chassis=1 -device pci-testdev,id=a,bus=rp -device pci-testdev,id=b,addr=4".split()
    ),
    (
        ("object-add", {"qom-type": "acpi-generic-initiator", "id": "late", "pci-dev": "a", "node": 2}),
        ("system_reset", None),
        ("object-del", {"id": "late"}),
        ("system_reset", None),
    ),
)


def holds(arguments: tuple[str, ...], text: str) -> bool:
    return any(text in word for word in arguments)


def by(condition, kind: str = "srat: order", step: int = 0):
    """A check that finds a difference where the condition holds."""
    return lambda case: Difference(kind, step, "found") if condition(case) else None


def shrunk(condition, step: int = 0, runs: int = 300):
    check = by(condition, step=step)
    first = check(LARGE)
    assert first is not None
    return shrink(LARGE, first, check, most_runs=runs)


def test_only_what_the_difference_needs_is_left():
    found = shrunk(lambda case: holds(case.arguments, "id=long-name"))
    assert found.case.commands == ()
    assert found.case.arguments[:2] == ("-M", "q35")
    assert found.case.arguments[2] == "-object"
    assert len(found.case.arguments) == 4


def test_two_objects_end_on_one_device():
    def condition(case):
        initiators = [word for word in case.arguments if word.startswith("acpi-generic-initiator")]
        names = {word.split("pci-dev=")[1].split(",")[0] for word in initiators if "pci-dev=" in word}
        return len(initiators) == 2 and all(holds(case.arguments, f"testdev,id={name}") for name in names) and names

    found = shrunk(condition).case.arguments
    assert sum(word == "-device" for word in found) == 1


def test_steps_behind_the_difference_are_cut_and_those_before_go_where_they_can():
    found = shrunk(lambda case: any(name == "object-del" for name, _ in case.commands), step=3)
    assert [name for name, _ in found.case.commands] == ["object-del"]


def test_the_difference_stays_of_its_kind():
    def check(case):
        if not holds(case.arguments, "memory-backend-ram"):
            return Difference("exit: only QEMU ends", 0, "another one")
        return Difference("srat: order", 0, "the one")

    found = shrink(LARGE, Difference("srat: order", 0, "the one"), check, most_runs=300)
    assert holds(found.case.arguments, "memory-backend-ram")
    assert found.difference.what == "the one"


@pytest.mark.parametrize("most", [0, 1, 7])
def test_runs_are_bounded(most):
    calls = []

    def check(case):
        calls.append(case)
        return Difference("srat: order", 0, "always")

    found = shrink(LARGE, Difference("srat: order", 0, "always"), check, most_runs=most)
    assert len(calls) == found.runs <= most


def test_what_is_not_plausible_is_not_run():
    def check(case):
        raise AssertionError(case)

    found = shrink(LARGE, Difference("srat: order", 0, ""), check, most_runs=50, plausible=lambda _: False)
    assert (found.case, found.runs) == (LARGE, 0)


def test_options_come_back_as_they_were():
    words = (*LARGE.arguments, "-nodefaults", "-object", '{"qom-type": "iothread", "id": "j"}')
    assert join_options(split_options(words)) == words
    assert split_options(("-name", "guest=a,,b,process=c"))[0].parts == ("guest=a,,b", "process=c")


def test_ram_stays_as_large_as_the_nodes_when_one_goes():
    kept = [option for option in split_options(LARGE.arguments) if option.get("id") != "m1"]
    words = join_options(settled(kept))
    assert "2048M,slots=2,maxmem=4096M" in words
    assert "node,nodeid=2" in words


def test_nodes_behind_one_that_goes_move_up_everywhere():
    draft = Draft.of(LARGE).without_node(1)
    words = join_options(draft.options)
    assert [word for word in words if word.startswith(("node", "dist"))] == [
        "node,nodeid=0,memdev=m0", "node,nodeid=1,memdev=m1", "node,nodeid=2", "dist,src=1,dst=2,val=30",
    ]  # fmt: skip
    assert "acpi-generic-initiator,id=long-name,pci-dev=b,node=2" in words
    assert draft.commands[0][1] == {
        "qom-type": "acpi-generic-initiator", "id": "late", "pci-dev": "a", "node": 1,
    }  # fmt: skip


def test_an_object_on_a_node_that_goes_moves_to_node_0():
    draft = Draft.of(LARGE).without_node(3)
    assert "acpi-generic-initiator,id=long-name,pci-dev=b,node=0" in join_options(draft.options)
