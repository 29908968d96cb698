from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.errors import QemuError
from sandbox.machine.backends import Backend, backend_alignment
from sandbox.machine.dimms import DimmHost, DimmOptions, plug_dimm
from sandbox.machine.families import machine_type
from sandbox.machine.memory_map import DeviceMemory, MemoryEntry, nvdimm_entries

MIB, GIB = 1 << 20, 1 << 30
ROOM = DeviceMemory(4 * GIB, 12 * GIB, 4 * GIB)
HOST = DimmHost(machine_type("q35"), 8, ROOM, 2, nvdimm_is_on=True)


def plug(*modules: DimmOptions):
    plugged = []
    for options in modules:
        plugged.append(plug_dimm(options, HOST, plugged)[0])
    return plugged


@given(
    st.lists(
        st.tuples(
            st.integers(1, 600), st.sampled_from([4096, 2 * MIB, GIB]), st.integers(0, 3), st.booleans(), st.booleans()
        ),
        max_size=8,
    )
)
def test_modules_lie_apart_within_the_room_and_in_slots_of_their_own(requests):
    plugged = []
    for place, (mibs, alignment, asked, is_nvdimm, has_label) in enumerate(requests):
        options = DimmOptions(
            is_nvdimm=is_nvdimm,
            memdev=Backend(f"m{place}", mibs * MIB, alignment),
            addr=ROOM.base + asked * GIB if asked else 0,
            label_size=0x20000 if is_nvdimm and has_label else None,
        )
        try:
            dimm, _ = plug_dimm(options, HOST, plugged)
        except QemuError:
            continue
        assert dimm.address % alignment == 0
        assert dimm.size % alignment == 0
        assert ROOM.base <= dimm.address
        assert dimm.address + dimm.size <= ROOM.base + ROOM.size
        for other in plugged:
            assert other.slot != dimm.slot
            assert other.address + other.size <= dimm.address or dimm.address + dimm.size <= other.address
        plugged.append(dimm)
    assert sum(dimm.size for dimm in plugged) <= ROOM.capacity


def test_labels_shrink_an_nvdimm_to_whole_alignments():
    labelled = DimmOptions(is_nvdimm=True, memdev=Backend("m0", 128 * MIB), label_size=0x20000)
    following = DimmOptions(is_nvdimm=True, memdev=Backend("m1", 256 * MIB), node=1)
    assert nvdimm_entries(plug(labelled, following)) == (
        MemoryEntry(0, 4 * GIB, 126 * MIB, 5),
        MemoryEntry(1, 4 * GIB + 126 * MIB, 256 * MIB, 5),
    )


def test_an_ordinary_module_has_no_entry_of_its_own_but_takes_its_place():
    plain = DimmOptions(memdev=Backend("m0", 64 * MIB))
    assert nvdimm_entries(plug(plain, DimmOptions(is_nvdimm=True, memdev=Backend("m1", 2 * MIB)))) == (
        MemoryEntry(0, 4 * GIB + 64 * MIB, 2 * MIB, 5),
    )


def test_a_large_alignment_is_warned_about():
    host = DimmHost(machine_type("q35"), 1, DeviceMemory(5 * GIB, 8 * GIB, 8 * GIB), 1)
    dimm, notices = plug_dimm(DimmOptions(memdev=Backend("m0", 2 * GIB, 2 * GIB)), host, [])
    assert dimm.address == 6 * GIB
    assert notices[0].text.startswith("the alignment (0x80000000) exceeds the expected maximum alignment")


def test_room_can_be_there_and_still_be_in_pieces():
    host = DimmHost(machine_type("q35"), 4, DeviceMemory(4 * GIB, 3 * GIB, 3 * GIB), 1)
    middle = plug_dimm(DimmOptions(memdev=Backend("m0", GIB), addr=5 * GIB), host, [])[0]
    with pytest.raises(QemuError, match="memory fragmented due to alignments"):
        plug_dimm(DimmOptions(memdev=Backend("m1", 2 * GIB)), host, [middle])


def test_an_address_at_the_end_of_all_addresses_is_too_big():
    top = (1 << 64) - 2 * GIB
    host = DimmHost(machine_type("q35"), 4, DeviceMemory(top, 1 << 62, 1 << 62), 1)
    with pytest.raises(QemuError, match="can't add memory device, device too big"):
        plug_dimm(DimmOptions(memdev=Backend("m1", 4 * GIB)), host, [])


def test_without_room_nothing_can_be_plugged_in():
    host = DimmHost(machine_type("virt"), 4, None, 1)
    with pytest.raises(QemuError, match=r"^the configuration is not prepared for memory devices"):
        plug_dimm(DimmOptions(memdev=Backend("m0", GIB)), host, [])


def test_virt_after_10_0_starts_with_nvdimms_that_it_could_not_announce():
    module = DimmOptions(is_nvdimm=True, memdev=Backend("m0", 2 * MIB))
    later = DimmOptions(is_nvdimm=True, memdev=Backend("m0", 2 * MIB), is_hotplugged=True)
    room = DeviceMemory(4 * GIB, GIB, GIB)
    new = DimmHost(machine_type("virt", qemu=(11, 1)), 1, room, 1, has_hotplug=False, nvdimm_is_on=True)
    old = DimmHost(machine_type("virt", qemu=(10, 0)), 1, room, 1, has_hotplug=False, nvdimm_is_on=True)
    assert plug_dimm(module, new, [])[0].address == 4 * GIB
    for options, host in ((later, new), (module, old)):
        with pytest.raises(QemuError, match=r"^memory hotplug is not enabled: missing acpi-ged device$"):
            plug_dimm(options, host, [])


def test_files_are_aligned_to_pages_and_anonymous_memory_to_2_mib():
    assert backend_alignment("memory-backend-ram") == 2 * MIB
    assert backend_alignment("memory-backend-file") == 4096
    assert backend_alignment("memory-backend-file", align=4 * MIB) == 4 * MIB
    assert backend_alignment("memory-backend-memfd", hugetlb_size=GIB) == GIB
