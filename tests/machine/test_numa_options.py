from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.errors import QemuError, UnmodelledError
from sandbox.machine.cpus import possible_cpus
from sandbox.machine.distances import LOCAL, distance_rows
from sandbox.machine.families import machine_type
from sandbox.machine.hmat import Locality, MemoryAttributes, SideCache
from sandbox.machine.hmat_options import HmatReader
from sandbox.machine.memory_config import MemoryConfig, memory_config
from sandbox.machine.nodes import complete_numa
from sandbox.machine.numa import NumaNode, read_numa_options
from sandbox.machine.refusals import ConfigurationError, NumaOptionError
from sandbox.machine.smp import smp_config

GIB = 1 << 30
Q35 = machine_type("q35")


def slots(count: int = 2, sockets: int = 2):
    return possible_cpus(Q35, smp_config(Q35, {"cpus": count, "sockets": sockets}))


def read(*options, **more):
    return read_numa_options(options, Q35, slots(), backend_size=lambda name: GIB if name[0] == "m" else None, **more)


def node(pxm=None, **members):
    return {"type": "node", **({} if pxm is None else {"nodeid": pxm}), **members}


def test_an_error_tells_which_option_it_is_and_what_was_said_before():
    old = machine_type("pc-q35-5.0")
    with pytest.raises(NumaOptionError, match="Duplicate NUMA nodeid: 0") as caught:
        read_numa_options([node(0, mem=GIB), node(0)], old, slots())
    assert caught.value.index == 1
    assert [notice.numa_option for notice in caught.value.notices] == [0]


def test_a_node_without_a_number_takes_the_count_of_nodes_so_far():
    assert list(read(node(3), node(), node(0)).nodes) == [3, 1, 0]


def test_a_cpu_node_beyond_qemus_table_is_not_modelled():
    for pxm in (128, -1):
        with pytest.raises(UnmodelledError, match=f"node-id={pxm}"):
            read(node(0), {"type": "cpu", "node-id": pxm})


def test_nodes_come_in_order_of_their_numbers():
    options = read(node(1, memdev="m1"), node(0))
    numa = complete_numa(options, Q35, memory_config(Q35, GIB), slots())
    assert numa.nodes == (NumaNode(0), NumaNode(1, GIB, "m1"))
    assert numa.cpu_nodes == (0, 1)
    assert numa.distances is None
    assert numa.hmat is None


def test_no_options_and_no_room_for_memory_devices_make_no_node():
    assert complete_numa(read(), Q35, memory_config(Q35, GIB), slots()).nodes == ()


def test_room_for_memory_devices_makes_a_node_with_all_ram():
    numa = complete_numa(read(), Q35, memory_config(Q35, GIB, 2 * GIB), slots())
    assert numa.nodes == (NumaNode(0, GIB),)
    assert numa.cpu_nodes == (0, 0)


def test_memory_of_nodes_is_added_modulo_2_to_64():
    old = machine_type("pc-q35-5.0")
    options = read_numa_options([node(mem=1 << 63), node(mem=(1 << 63) + GIB)], old, slots())
    assert len(complete_numa(options, old, MemoryConfig(GIB, 0, GIB), slots()).nodes) == 2


@given(st.integers(1, 6), st.data())
def test_symmetric_distances_need_one_direction_only(count, data):
    pairs = [(a, b) for a in range(count) for b in range(a)]
    given_ = {(pair if data.draw(st.booleans()) else pair[::-1]): data.draw(st.integers(LOCAL, 255)) for pair in pairs}
    rows = distance_rows(given_, count)
    assert [row[place] for place, row in enumerate(rows)] == [LOCAL] * count
    assert all(rows[a][b] == rows[b][a] == given_.get((a, b), given_.get((b, a))) for a, b in pairs)


def test_one_lopsided_pair_asks_for_all_directions():
    with pytest.raises(ConfigurationError, match="At least one asymmetrical pair of distances is given"):
        distance_rows({(0, 1): 20, (1, 0): 21, (0, 2): 20, (1, 2): 20}, 3)
    assert distance_rows({(0, 1): 20, (1, 0): 21}, 2) == (b"\x0a\x14", b"\x15\x0a")


def latency(target, value, initiator=0):
    return {
        "initiator": initiator, "target": target, "hierarchy": "memory", "data-type": "access-latency",
        "latency": value,
    }  # fmt: skip


def test_the_latency_unit_is_the_least_power_of_ten_in_any_value():
    reader = HmatReader()
    for target, value in enumerate((300, 50, 1000)):
        reader.add_locality(latency(target, value), (0, 1, 2), (0,))
    known = reader.settings().measurements[0, 0]
    assert (known.base, known.values) == (10, {(0, 0): 300, (0, 1): 50, (0, 2): 1000})


def test_a_latency_far_above_the_unit_is_refused():
    reader = HmatReader()
    reader.add_locality(latency(0, 1), (0, 1), (0,))
    with pytest.raises(QemuError, match=r"^Latency 65535 between initiator=0 and target=1 should not differ"):
        reader.add_locality(latency(1, 65535), (0, 1), (0,))


def test_hmat_lists_nodes_with_ram_initiators_and_caches():
    mib = 1 << 20
    lb = {"type": "hmat-lb", "hierarchy": "memory", "initiator": 0, "target": 0}
    options = read(
        node(memdev="m0"),
        node(initiator=0),
        {"type": "cpu", "node-id": 0},
        {**lb, "data-type": "read-latency", "latency": 20},
        {**lb, "data-type": "access-bandwidth", "bandwidth": 3072 * mib},
        {"type": "hmat-cache", "node-id": 0, "size": 4096, "level": 1, "associativity": "complex",
         "policy": "write-through", "line": 64},
        hmat=True,
    )  # fmt: skip
    numa = complete_numa(options, Q35, memory_config(Q35, GIB), slots())
    content = numa.hmat_table(generic_initiators={1})
    assert content.attributes == (MemoryAttributes(pxm=0, initiator=0, flags=1),)
    assert content.localities == (
        Locality(0, 1, 10_000, (0, 1), (0, 1), ((2, 0), (0, 0))),
        Locality(0, 3, 1024, (0, 1), (0, 1), ((3, 0), (0, 0))),
    )
    assert content.caches == (SideCache(0, 4096, 1, 1, 2, 2, 64),)
    assert content.caches[0].attributes == 0x00402211


def test_only_zero_latencies_leave_qemus_unit_at_all_ones():
    options = read(
        node(memdev="m0"),
        {"type": "cpu", "node-id": 0},
        {"type": "hmat-lb", **latency(0, 0)},
        hmat=True,
    )
    numa = complete_numa(options, Q35, memory_config(Q35, GIB), slots())
    assert numa.hmat_table().localities[0].base_unit == 0xFFFFFC18


def test_a_generic_initiator_may_be_the_initiator_of_a_latency():
    options = [node(memdev="m0"), node(), {"type": "hmat-lb", **latency(0, 5, initiator=1)}]
    assert read(*options, hmat=True, generic_initiators={1}).hmat.measurements
    with pytest.raises(NumaOptionError, match="Invalid initiator=1, it isn't an initiator proximity domain"):
        read(*options, hmat=True)
