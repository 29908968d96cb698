"""Merged objects become v2's, a run of nodes of one device a single one."""

import shlex
from random import Random

import pytest
from v2_cases import GPU, mappings, nodes, nvidia, recorded_scenario, shipped_scenario, v2

from sandbox.app import Sandbox
from sandbox.cli import main
from sandbox.errors import InputError
from sandbox.records import replace
from sandbox.translate.options import Merged
from sandbox.translate.to_merged import to_merged
from sandbox.translate.to_v2 import NodeRange, node_ranges, to_v2


def merged(object_id: str, node: int, device: str = "dev0") -> str:
    return f"-object acpi-generic-initiator,id={object_id},pci-dev={device},node={node}"


def translated(*options: str, dialect: str | None = "10.0"):
    return to_v2(shlex.split(" ".join(options)), dialect, keep_ids=True)


def v2_objects(words):
    return [word for word in words if "acpi-generic-initiator" in word]


def test_eight_merged_objects_are_the_one_object_of_the_cover_letter():
    original = recorded_scenario("01-cover-letter").command_line
    found = to_v2(to_merged(recorded_scenario("01-cover-letter")).scenario.command_line, "10.0")
    assert found.words[:-1] == original[:-1]
    assert found.words[-1] == original[-1].replace("id=gi0", "id=gi0-2")
    assert found.notes == ()


def test_nodes_with_gaps_and_other_devices_are_objects_of_their_own():
    other = GPU.replace("04.0", "05.0").replace("dev0", "dev1")
    gis = [merged("a", 3), merged("b", 2), merged("c", 5), merged("d", 4, "dev1"), merged("e", 3, "dev1")]
    assert v2_objects(translated(nodes(6), GPU, other, *gis).words) == [
        "nvidia-acpi-generic-initiator,id=b,device=dev0,numa-node-start=2,numa-node-count=2",
        "acpi-generic-initiator,id=c,device=dev0,node=5",
        "nvidia-acpi-generic-initiator,id=e,device=dev1,numa-node-start=3,numa-node-count=2",
    ]


def test_a_device_with_two_names_is_one_device():
    found = translated(nodes(4), GPU, merged("a", 2), merged("b", 3, "/machine/peripheral/dev0"))
    assert v2_objects(found.words) == [
        "nvidia-acpi-generic-initiator,id=a,device=dev0,numa-node-start=2,numa-node-count=2"
    ]


def test_a_node_that_is_named_twice_is_in_two_ranges():
    objects = [Merged("a", "d", 2), Merged("b", "d", 3), Merged("c", "d", 3), Merged("e", "d", 4)]
    assert node_ranges(objects) == (NodeRange("a", "d", 2, 3), NodeRange("c", "d", 3, 1))


@pytest.mark.parametrize("seed", range(30))
def test_there_and_back_is_the_same_nodes_on_the_same_devices(seed):
    random = Random(seed)
    devices = [GPU.replace("04.0", f"0{n + 4}.0").replace("dev0", f"dev{n}") for n in range(3)]
    wanted = [(random.randrange(20), f"dev{random.randrange(3)}") for _ in range(random.randrange(1, 30))]
    gis = [merged(f"gi{place}", node, device) for place, (node, device) in enumerate(wanted)]
    found = translated(nodes(20), *devices, *gis)
    assert found.notes == ()
    back = to_merged(replace(v2(), command_line=found.words))
    assert sorted((it.pxm, it.device_id) for it in back.moments[0].counterparts) == sorted(wanted)
    assert [it.passed for it in mappings(back)] == [True]


@pytest.mark.parametrize(
    ("options", "note"),
    [
        ((nodes(3), "-device pci-testdev,id=dev0", merged("a", 2)), "it is a pci-testdev, not a vfio-pci-nohotplug"),
        (
            (nodes(3).replace("virt,gic-version=3 -cpu cortex-a57", "q35"), GPU, merged("a", 2)),
            "v2 makes entries on the machine virt only",
        ),
        (
            (
                nodes(3).replace("virt,gic-version=3 -cpu cortex-a57", "q35,cxl=on"),
                "-device pxb-cxl,id=cxl0,bus=pcie.0,bus_nr=16",
                "-object acpi-generic-port,id=gp0,pci-bus=cxl0,node=1",
            ),
            "gp0 is left out: v2 has no acpi-generic-port",
        ),
        (
            (
                nodes(3)
                .replace("gic-version=3", "gic-version=3,hmat=on")
                .replace("memdev=m0", "memdev=m0,initiator=0"),
                GPU,
                merged("a", 2),
                "-numa hmat-lb,initiator=2,target=0,hierarchy=memory,data-type=access-latency,latency=10",
            ),
            "v2's QEMU does not start with this: ",
        ),
    ],
)
def test_what_v2_does_not_take_over_is_noted(options, note):
    assert [note in found for found in translated(*options).notes] == [True]


def test_a_command_line_in_v2_is_an_input_error():
    with pytest.raises(InputError, match="dialect v2"):
        translated(nodes(4), GPU, nvidia(), dialect=None)


def test_shipped_merged_scenario_is_the_shipped_v2_one():
    words = shipped_scenario("grace-hopper-mig").command_line
    merged_words = to_merged(shipped_scenario("grace-hopper-mig")).scenario.command_line
    assert to_v2(merged_words, "10.0").words[:-1] == words[:-1]


def test_objects_of_v2s_are_walked_in_the_order_of_their_first_nodes():
    """As v2's QEMU walks the same hash table, gi2, gi5 and gi9 need not come in that order."""
    second = GPU.replace("04.0", "05.0").replace("dev0", "dev1")
    pairs = [("dev0", 2), ("dev0", 3), ("dev1", 5), ("dev1", 6), ("dev0", 9), ("dev1", 8), ("dev0", 11), ("dev1", 13)]
    objects = [f"-object acpi-generic-initiator,id=gi{node},pci-dev={device},node={node}" for device, node in pairs]
    words = shlex.split(" ".join([nodes(14), GPU, second, *objects]))
    walked = [pxms(to_v2(words, "10.0", keep_ids=keep_ids).words) for keep_ids in (True, False)]
    assert walked[0] != walked[1] == [2, 3, 5, 6, 8, 9, 11, 13]


def pxms(words) -> list[int]:
    entries = Sandbox(words, dialect="v2").tables().decoded_srat().entries
    return [entry.pxm for entry in entries if entry.type == 5]


def test_what_v2s_qemu_does_not_start_with_is_written_with_status_1(capsys):
    """As with each command, QEMU would have ended."""
    machine = nodes(3).replace("gic-version=3", "gic-version=3,hmat=on").replace("memdev=m0", "memdev=m0,initiator=0")
    latency = "-numa hmat-lb,initiator=2,target=0,hierarchy=memory,data-type=access-latency,latency=10"
    words = shlex.split(f"{machine} {GPU} {merged('a', 2)}")
    assert main(["translate", "--dialect", "10.0", "--to", "v2", "--", *words]) == 0
    assert "does not start" not in capsys.readouterr().err
    assert main(["translate", "--dialect", "10.0", "--to", "v2", "--", *words, *shlex.split(latency)]) == 1
    captured = capsys.readouterr()
    assert "note: v2's QEMU does not start with this: " in captured.err
    assert "node=2" in captured.out
    assert main(["translate", "--json", "--dialect", "10.0", "--to", "v2", "--", *words, *shlex.split(latency)]) == 1
