"""Distances of a host for a guest: numactl's output, the map of nodes, and the options that come of them."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from sandbox.app import Sandbox
from sandbox.cli import main
from sandbox.errors import InputError
from sandbox.guest.facts import facts_of
from sandbox.guest.forecast import forecast
from sandbox.guest.kernels import find_kernel
from sandbox.scenario.load import load_scenario
from sandbox.scenario.model import Scenario
from sandbox.translate.host_distances import (
    check_distances,
    guest_distances,
    read_distances,
    read_map,
    shared_nodes,
    with_distances,
    without_distances,
)

SCENARIOS = Path(__file__).parents[2] / "scenarios"

# As numactl 2.0.14 prints it, cut down to four nodes; nodes 4 and 12 are those of GPUs.
NUMACTL = """\
available: 4 nodes (0-1,4,12)
node 0 cpus: 0 1 2 3
node 0 size: 490310 MB
node 0 free: 480000 MB
node 1 cpus: 4 5 6 7
node 1 size: 490310 MB
node 1 free: 480000 MB
node 4 cpus:
node 4 size: 97280 MB
node 4 free: 97280 MB
node 12 cpus:
node 12 size: 97280 MB
node 12 free: 97280 MB
node distances:
node     0    1    4   12
   0:   10   40   80  120
   1:   40   10  120   80
   4:   80  120   10  160
  12:  120   80  160   10
"""


def test_distances_are_read_by_the_numbers_of_their_nodes():
    found = read_distances(NUMACTL, "host.txt")
    assert len(found) == 16
    assert (found[0, 1], found[4, 12], found[12, 0], found[4, 4]) == (40, 160, 120, 10)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("available: 1 nodes (0)\n", "host.txt: no line 'node distances:'"),
        ("node distances:\n", "host.txt:1: the text ends before the distances"),
        ("node distances:\nnode 0 1\n 0: 10 20\n", "host.txt:1: 2 distances for 2 nodes"),
        ("node distances:\nnode 0 1\n 0: 10\n", "host.txt:3: 1 distances for 2 nodes"),
        ("node distances:\nnode 0\n 0: x\n", "host.txt:3: 'x' is no number"),
    ],
)
def test_other_texts_are_refused_with_their_line(text, message):
    with pytest.raises(InputError) as error:
        read_distances(text, "host.txt")
    assert message in str(error.value)


def test_a_map_takes_single_nodes_and_sets():
    assert read_map(["0=0", "4,12=2-3"]) == {0: 0, 2: 4, 3: 12}


@pytest.mark.parametrize(
    ("pairs", "message"),
    [
        (["0"], "is no pair of nodes"),
        (["0-1=0"], "2 nodes of the host and 1 of the guest"),
        (["0=0", "1=0"], "node 0 of the guest has a node of the host already"),
        (["0=0", "0=0-1"], "node 0 of the guest has a node of the host already"),
        (["a=0"], "is no set of numbers"),
    ],
)
def test_other_maps_are_refused(pairs, message):
    with pytest.raises(InputError, match=message):
        read_map(pairs)


WORDS = "-M q35 -m 128M -object memory-backend-ram,id=m0,size=128M -numa node,memdev=m0 -numa node -numa node"


def scenario(more: str = "") -> Scenario:
    return Scenario("a case", tuple(shlex.split(f"{WORDS} {more}")), dialect="10.0")


def test_the_guest_has_the_hosts_distances():
    distances = guest_distances(read_distances(NUMACTL, "host"), read_map(["0=0", "4=1", "12=2"]))
    made = with_distances(scenario("-numa dist,src=0,dst=1,val=33"), distances)
    assert [word for word in made.command_line if word.startswith("dist")] == [
        "dist,src=0,dst=1,val=80",
        "dist,src=0,dst=2,val=120",
        "dist,src=1,dst=2,val=160",
    ]
    slit = Sandbox(made.command_line, dialect="10.0").tables().decoded_slit()
    assert [list(row) for row in slit.distances] == [[10, 80, 120], [80, 10, 160], [120, 160, 10]]


def test_lopsided_distances_are_given_both_ways():
    text = NUMACTL.replace("   1:   40", "   1:   50")
    distances = guest_distances(read_distances(text, "host"), read_map(["0-1,4=0-2"]))
    words = with_distances(scenario(), distances).command_line
    assert sum(word.startswith("dist") for word in words) == 6
    slit = Sandbox(words, dialect="10.0").tables().decoded_slit()
    assert (slit.distances[0][1], slit.distances[1][0]) == (40, 50)


def test_nodes_without_a_counterpart_are_named():
    host = read_distances(NUMACTL, "host")
    with pytest.raises(InputError, match="node 2 is declared without a node of the host: add it to --map"):
        with_distances(scenario(), guest_distances(host, read_map(["0-1=0-1"])))
    with pytest.raises(InputError, match="node 3 is mapped to a node of the host without being declared"):
        with_distances(scenario(), guest_distances(host, read_map(["0-1,4,12=0-3"])))
    with pytest.raises(InputError, match="the host has no node 2; it has 0-1,4,12"):
        guest_distances(host, read_map(["2=0"]))


def test_nodes_of_the_guest_on_one_node_of_the_host_are_as_near_as_linux_lets_them_be():
    """Linux drops a SLIT in which two nodes are 10 apart, and takes 11."""
    nodes = read_map(["0=0-1", "4=2"])
    assert nodes == read_map(["0=0", "0=1", "4=2"]) == {0: 0, 1: 0, 2: 4}
    words = with_distances(scenario(), guest_distances(read_distances(NUMACTL, "host"), nodes)).command_line
    vm = Sandbox(words, dialect="10.0")
    assert [list(row) for row in vm.tables().decoded_slit().distances] == [[10, 11, 80], [11, 10, 80], [80, 80, 10]]
    (note,) = shared_nodes(nodes)
    assert note.startswith("nodes 0-1 of the guest are all node 0 of the host: 11 between them")
    seen = forecast(vm.tables(), facts_of(vm.machine), find_kernel("x86", "6.12"))
    assert not any("SLIT" in loss.what for loss in seen.lost)


def test_a_scenario_behind_the_map_is_the_scenario(capsys, tmp_path):
    (tmp_path / "host").write_text(NUMACTL)
    file = str(SCENARIOS / "distances.yaml")
    head = ["translate", "--to", "10.0", "--distances-from", str(tmp_path / "host"), "--map", "0=0-9"]
    assert main([*head, file]) == 0
    behind = capsys.readouterr()
    assert "nodes 0-9 of the guest are all node 0 of the host" in behind.err
    assert main([*head[:3], file, *head[3:]]) == 0
    assert capsys.readouterr() == behind
    assert main([*head[:-1], file]) == 2
    assert "--distances-from goes with --map" in capsys.readouterr().err
    assert main([*head, "0", file]) == 2
    assert "'0' is no pair of nodes" in capsys.readouterr().err


def test_one_node_has_no_distances_and_names_what_is_missing():
    host = read_distances("node distances:\nnode   0 \n  0:  10 \n", "host")
    one = Scenario("one", tuple(shlex.split("-M q35 -m 128M -numa node,mem=128M -M pc-q35-5.0")), dialect="10.0")
    assert with_distances(one, guest_distances(host, read_map(["0=0"]))) == one
    with pytest.raises(InputError, match="nodes 1-2 are declared without a node of the host"):
        with_distances(scenario(), guest_distances(host, read_map(["0=0"])))


GRACE_HOPPER = """\
available: 9 nodes (0-8)
node 0 cpus: 0 1 2 3 4 5 6 7
node 0 size: 490037 MB
node 0 free: 484432 MB
node 1 cpus:
node 1 size: 97280 MB
node 1 free: 97279 MB
node distances:
node   0   1   2   3   4   5   6   7   8
  0:  10  80  80  80  80  80  80  80  80
  1:  80  10  255  255  255  255  255  255  255
  2:  80  255  10  255  255  255  255  255  255
  3:  80  255  255  10  255  255  255  255  255
  4:  80  255  255  255  10  255  255  255  255
  5:  80  255  255  255  255  10  255  255  255
  6:  80  255  255  255  255  255  10  255  255
  7:  80  255  255  255  255  255  255  10  255
  8:  80  255  255  255  255  255  255  255  10
"""
"""What a GH200 showed in January 2025; Source: Linux, "mm/fake-numa: allow later numa node hotplug"."""


def test_the_preset_for_a_gh200_has_the_distances_that_such_a_host_shows():
    preset = load_scenario((SCENARIOS / "gh200-one-gpu.yaml").read_text(), "gh200-one-gpu.yaml")
    distances = guest_distances(read_distances(GRACE_HOPPER, "host"), read_map(["0-8=0-8"]))
    made = with_distances(preset, distances).command_line
    slits = [Sandbox(words, dialect="10.0").tables().slit for words in (made, preset.command_line)]
    assert slits[0] == slits[1]


GRACE_BLACKWELL = """\
node distances:
node   0   1   2   3   9  10  17  18
  0:  10  40  80  80  80  80  80  120
  1:  40  10  120  120  120  120  120  80
  2:  80  120  10  11  11  40  40  40
  3:  80  120  11  10  11  40  40  40
  9:  80  120  11  11  10  40  40  40
  10:  80  120  40  40  40  10  11  40
  17:  80  120  40  40  40  11  10  40
  18:  120  80  40  40  40  40  40  10
"""
"""Some nodes of a GB200 with four GPUs; Source: TensorRT-LLM, its blog about expert parallelism on GB200."""


def test_the_preset_for_a_gb200_has_the_distances_that_such_a_host_shows():
    preset = load_scenario((SCENARIOS / "gb200-two-gpus.yaml").read_text(), "gb200-two-gpus.yaml")
    host = read_distances(GRACE_BLACKWELL, "host")
    slit = Sandbox(preset.command_line, dialect="10.0").tables().decoded_slit()
    known = [node for node, _ in host if node < 18]
    assert all(slit.distances[one][other] == host[one, other] for one in known for other in known)


@pytest.mark.parametrize("value", [10, 256])
def test_a_distance_that_qemu_or_linux_rejects_is_refused(value):
    with pytest.raises(InputError, match="it must be from 11 to 255"):
        check_distances({(0, 1): value})


def test_only_options_of_distances_are_left_out():
    words = ("-name", "-numa", "-numa", "dist,src=0,dst=1,val=20", "-numa", "node")
    assert without_distances(words) == ("-name", "-numa", "-numa", "node")
