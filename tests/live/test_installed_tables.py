"""Finding installed tables in memory; what the bytes mean is from ACPI 6.5, 5.2.5 to 5.2.8."""

from __future__ import annotations

import pytest
from fake_guest import FakeMemory, root_table, rsdp, table
from hypothesis import given
from hypothesis import strategies as st

from sandbox.errors import QemuError
from sandbox.live.errors import LiveError
from sandbox.live.installed import find_at, find_in_bios_area, find_in_ram
from sandbox.live.memory import CHUNK, Exchange, SavedMemory
from sandbox.live.ram import RamMap, RamRange, ram_of_size, ram_of_words

NOT_LIVE = "the memory is made of bytes; no QEMU is started"

GIB = 1 << 30
SRAT, SLIT = table(b"SRAT", b"abc"), table(b"SLIT", b"de")
PC = RamMap(is_x86=True, ranges=(RamRange(0, 0xA0000), RamRange(1 << 20, 64 << 20)))
ARM = RamMap(is_x86=False, ranges=(RamRange(GIB, 80 << 20),))


def pc_memory() -> FakeMemory:
    return FakeMemory([(1 << 20, 64 << 20)])


def arm_memory() -> FakeMemory:
    return FakeMemory([(GIB, 80 << 20)])


@pytest.mark.parametrize("wide", [False, True])
@pytest.mark.parametrize("at", [0xE0000, 0xF5240, 0xFFFD0])
def test_a_bios_has_its_rsdp_in_the_bios_area(at, wide):
    memory = pc_memory()
    memory.lay_tables(at, 0x3FE0000, [SRAT, SLIT], wide=wide)
    found = find_in_bios_area(memory, PC)
    assert found is not None
    assert (found.rsdp, found.root, found.in_bios_area, found.tables) == (at, 0x3FE0000, True, (SRAT, SLIT))


def test_a_bios_may_have_it_in_the_extended_data_area():
    memory = pc_memory()
    memory.lay(0x40E, (0x9FC0).to_bytes(2, "little"))
    memory.lay_tables(0x9FF00, 0x3FE0000, [SRAT], wide=False)
    found = find_in_bios_area(memory, PC)
    assert found is not None
    assert found.rsdp == 0x9FF00


def test_an_rsdp_off_a_multiple_of_16_is_none_of_a_bios():
    memory = pc_memory()
    memory.lay_tables(0xF5248, 0x3FE0000, [SRAT], wide=False)
    assert find_in_bios_area(memory, PC) is None


@pytest.mark.parametrize("spoilt", [0, 8, 15, 19])
def test_an_rsdp_with_one_wrong_byte_is_passed_over_for_the_next(spoilt):
    memory = pc_memory()
    memory.lay_tables(0xF8000, 0x3FE0000, [SRAT], wide=False)
    wrong = bytearray(rsdp(0x3FE0000, wide=False))
    wrong[spoilt] ^= 0x80
    memory.lay(0xF0000, bytes(wrong))
    found = find_in_bios_area(memory, PC)
    assert found is not None
    assert found.rsdp == 0xF8000


def test_the_second_checksum_of_a_wide_rsdp_counts():
    memory = arm_memory()
    memory.lay_tables(GIB + 0x18, GIB + 0x100000, [SRAT], wide=True)
    assert find_in_ram(memory, ARM) is not None
    memory.lay(GIB + 0x18 + 33, b"\1")
    assert find_in_ram(memory, ARM) is None


@pytest.mark.parametrize(
    ("where", "what"),
    [
        (0x3FE0000, b"\0\0\0\0"),
        (0x3FE0000 + 4, b"\xff\xff\xff\xff"),
        (0x3FE1000 + 40, b"x"),
        (0x3FE1000 + 4, b"\x04"),
        (0x3FE1000 + 4, b"\xff\xff\xff\x7f"),
    ],
)
def test_a_set_that_does_not_hold_together_is_none(where, what):
    memory = pc_memory()
    memory.lay_tables(0xF5240, 0x3FE0000, [SRAT, SLIT], wide=False)
    memory.lay(where, what)
    assert find_in_bios_area(memory, PC) is None


@pytest.mark.parametrize("pointer", [0xA0000, 0xFEC00000, 65 << 20, (65 << 20) - 4, (1 << 20) - 4])
def test_a_pointer_out_of_ram_is_never_followed(pointer):
    memory = pc_memory()
    memory.lay(0x3FE0000, root_table([pointer], wide=False))
    memory.lay(0xF5240, rsdp(0x3FE0000, wide=False))
    memory.lay(0xF8000, rsdp(pointer, wide=False))
    assert find_in_bios_area(memory, PC) is None


def test_what_a_bios_points_to_may_be_ram_that_is_not_known_to_be():
    ram = ram_of_size("x86_64", 3 * GIB)
    memory = FakeMemory([(0, 0xE0000000)])
    memory.lay_tables(0xF5240, 0xBFFE0000, [SRAT], wide=False)
    assert find_in_bios_area(memory, ram) is not None


@pytest.mark.parametrize("offset", [0, 0x14, 0x18, CHUNK - 1, CHUNK - 20, CHUNK, CHUNK + 8, (80 << 20) - 36])
def test_uefi_may_have_its_rsdp_anywhere_in_ram(offset):
    memory = arm_memory()
    memory.lay_tables(GIB + offset, GIB + 0x300000, [SRAT, SLIT], wide=True)
    found = find_in_ram(memory, ARM)
    assert found is not None
    assert (found.rsdp, found.in_bios_area, found.tables) == (GIB + offset, False, (SRAT, SLIT))
    assert find_at(memory, ARM, GIB + offset) == found


def test_of_several_sets_in_ram_the_highest_that_holds_is_taken():
    memory = arm_memory()
    memory.lay_tables(GIB + 0x1000, GIB + 0x300000, [SRAT], wide=True)
    memory.lay_tables(GIB + 0x4000000, GIB + 0x500000, [SLIT], wide=True)
    memory.lay(GIB + 0x4800000, rsdp(GIB + 0x700000, wide=True))
    found = find_in_ram(memory, ARM)
    assert found is not None
    assert found.tables == (SLIT,)


def test_a_narrow_search_reads_the_top_of_ram_only():
    memory = arm_memory()
    memory.lay_tables(GIB, GIB + 0x300000, [SRAT], wide=True)
    assert find_in_ram(memory, ARM, 1 << 20) is None
    assert memory.reads == [(GIB + (79 << 20), 1 << 20)]


def test_no_read_is_longer_than_a_chunk_and_the_end_of_an_rsdp():
    memory = arm_memory()
    assert find_in_ram(memory, ARM) is None
    assert max(size for _, size in memory.reads) <= CHUNK + 36


@given(st.lists(st.tuples(st.integers(0, 0xFFFFF), st.binary(max_size=64)), max_size=4), st.booleans())
def test_what_is_found_under_noise_has_right_lengths_and_checksums(noise, wide):
    memory = pc_memory()
    memory.lay_tables(0xF5240, 0x3FE0000, [SRAT, SLIT], wide=wide)
    for at, data in noise:
        memory.lay(0x3F80000 + at % 0x62000 if at % 2 else at, data[: 0x100000 - at])
    found = find_in_bios_area(memory, PC)
    tables = () if found is None else found.tables
    assert all(sum(item) % 256 == 0 and int.from_bytes(item[4:8], "little") == len(item) for item in tables)
    assert noise or tables == (SRAT, SLIT)


@pytest.mark.parametrize("size", ["128M", "2G", "3G", "6G"])
@pytest.mark.parametrize("machine", ["pc", "q35"])
def test_what_a_size_tells_is_ram_on_every_machine(machine, size):
    exact = ram_of_words(["-M", machine, "-m", size], "10.0")
    guess = ram_of_size("x86_64", int(size[:-1]) << (20 if size.endswith("M") else 30))
    assert all(exact.holds(part.start, part.size) for part in guess.ranges)
    assert guess.holds(exact.ranges[1].end - 4096, 4096, perhaps=True)


def test_ram_of_virt_begins_at_1_gib():
    assert ram_of_words(["-M", "virt", "-m", "512M"], "10.0").ranges == (RamRange(GIB, 512 << 20),)
    assert ram_of_size("aarch64", 512 << 20).ranges == (RamRange(GIB, 512 << 20),)


def saved(directory, body):
    """A SavedMemory whose QEMU answers pmemsave by calling ``body`` with the path."""

    def execute(command, arguments):
        assert command == "pmemsave"
        body(directory / arguments["filename"].rpartition("/")[2], arguments)
        return {}

    return SavedMemory(execute, directory, "/inside")


def test_saved_memory_comes_in_chunks_and_leaves_no_file(tmp_path):
    asked = []

    def body(path, arguments):
        asked.append((arguments["val"], arguments["size"]))
        path.write_bytes(bytes([len(asked)]) * arguments["size"])

    data = saved(tmp_path, body).read(4096, 2 * CHUNK + 10)
    assert asked == [(4096, CHUNK), (4096 + CHUNK, CHUNK), (4096 + 2 * CHUNK, 10)]
    assert (data[0], data[CHUNK], data[-10:], len(data)) == (1, 2, b"\3" * 10, 2 * CHUNK + 10)
    assert list(tmp_path.iterdir()) == []


def refused(_path, arguments):
    raise QemuError(f"Could not open '{arguments['filename']}': Permission denied")


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (refused, r"QEMU cannot save guest memory into /inside: Could not open .*Name a directory"),
        (lambda _path, _arguments: None, r"cannot be read here.*QEMU sees other files than you do"),
        (lambda path, _arguments: path.write_bytes(b"abc"), "QEMU saved 3 bytes of guest memory instead of 16"),
        (lambda path, _arguments: path.symlink_to("/etc/passwd"), "cannot be read here"),
        (lambda path, _arguments: path.mkdir(), "no regular file|cannot be read here"),
    ],
    ids=["refused", "elsewhere", "short", "link", "directory"],
)
def test_memory_that_cannot_be_saved_is_an_error_that_says_why(tmp_path, body, message):
    with pytest.raises(LiveError, match=message):
        saved(tmp_path, body).read(0, 16)
    assert not [path for path in tmp_path.iterdir() if not path.is_dir()]


def test_an_exchange_is_private_and_goes(tmp_path):
    with Exchange() as exchange:
        assert exchange.directory.stat().st_mode & 0o777 == 0o700
        (exchange.directory / "memory").write_bytes(b"x")
    assert not exchange.directory.exists()
