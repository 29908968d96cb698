"""Distances of a host for a guest: numactl's output, the map of nodes, and the options that come of them."""

from __future__ import annotations

import shlex

import pytest

from sandbox.app import Sandbox
from sandbox.errors import InputError
from sandbox.scenario.model import Scenario
from sandbox.translate.host_distances import (
    check_distances,
    guest_distances,
    read_distances,
    read_map,
    with_distances,
    without_distances,
)

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
        (["0=0", "0=1"], "Linux rejects"),
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
    with pytest.raises(InputError, match="nodes 2 are declared and have no node of the host"):
        with_distances(scenario(), guest_distances(host, read_map(["0-1=0-1"])))
    with pytest.raises(InputError, match="nodes 3 have a node of the host and are not declared"):
        with_distances(scenario(), guest_distances(host, read_map(["0-1,4,12=0-3"])))
    with pytest.raises(InputError, match="the host has no node 2; it has 0-1,4,12"):
        guest_distances(host, read_map(["2=0"]))


@pytest.mark.parametrize("value", [10, 256])
def test_a_distance_that_qemu_or_linux_rejects_is_refused(value):
    with pytest.raises(InputError, match="it must be from 11 to 255"):
        check_distances({(0, 1): value})


def test_only_options_of_distances_are_left_out():
    words = ("-name", "-numa", "-numa", "dist,src=0,dst=1,val=20", "-numa", "node")
    assert without_distances(words) == ("-name", "-numa", "-numa", "node")
