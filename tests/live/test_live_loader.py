"""The loader script on values, and the walk from the RSDP to the tables."""

from __future__ import annotations

import struct
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.errors import DecodeError
from sandbox.live.loader import Installed, InstalledFile, PointerWrite, allocated_files, install, used_length
from sandbox.live.tables import split_tables

NOT_LIVE = "the loader and the walk work on bytes; no QEMU is started"


def record(command: int, layout: str, *fields: object) -> bytes:
    words = [field.encode() if isinstance(field, str) else field for field in fields]
    return (struct.pack("<I", command) + struct.pack("<" + layout, *words)).ljust(128, b"\0")


def allocate(name: str, alignment: int = 64, zone: int = 1) -> bytes:
    return record(1, "56sIB", name, alignment, zone)


def test_files_are_allocated_at_their_alignment_and_do_not_overlap():
    script = allocate("a", 1) + allocate("b", 4096) + allocate("r", 16, zone=2)
    files = install(script, {"a": bytes(100), "b": bytes(10), "r": bytes(20)}).files
    assert files["b"].address % 4096 == 0
    assert files["b"].address >= files["a"].address + 100
    assert 0xE0000 <= files["r"].address < 0x100000


def test_a_pointer_gets_the_address_added_to_what_it_holds():
    script = allocate("a") + allocate("b") + record(2, "56s56sIB", "a", "b", 2, 4)
    files = install(script, {"a": bytes.fromhex("ffff 10000000 ffff"), "b": bytes(32)}).files
    assert files["a"].data == b"\xff\xff" + struct.pack("<I", files["b"].address + 16) + b"\xff\xff"


def test_a_checksum_makes_its_range_sum_to_zero():
    script = allocate("a") + record(3, "56sIII", "a", 3, 1, 5)
    data = install(script, {"a": bytes([9, 200, 100, 0, 3, 4, 9])}).files["a"].data
    assert data == bytes([9, 200, 100, 205, 3, 4, 9])


def test_a_pointer_to_write_back_is_handed_out():
    script = allocate("a") + record(4, "56s56sIIB", "etc/address", "a", 8, 40, 8)
    installed = install(script, {"a": bytes(64)})
    assert installed.writes == (PointerWrite("etc/address", 8, struct.pack("<Q", installed.files["a"].address + 40)),)


def test_a_file_is_used_as_far_as_checksums_and_pointers_reach():
    script = allocate("a") + record(3, "56sIII", "a", 3, 1, 5) + record(2, "56s56sIB", "a", "b", 60, 4)
    assert used_length(script, "a") == 64
    assert used_length(script + record(3, "56sIII", "a", 130, 128, 100), "a") == 228
    assert used_length(script, "b") == 0


def test_padding_and_unknown_commands_are_skipped():
    script = bytes(128) + record(77, "I", 5) + allocate("a") + bytes(256)
    assert install(script, {"a": b"x"}).files["a"].data == b"x"
    assert allocated_files(script) == ("a",)


@pytest.mark.parametrize(
    ("script", "message", "offset"),
    [
        (allocate("none"), "allocates 'none', which is missing", 0),
        (allocate("a") + allocate("a"), "allocates 'a', which is missing or allocated already", 128),
        (allocate("a", 3), "aligned to 3, no power of two", 0),
        (record(3, "56sIII", "a", 0, 0, 1), "uses 'a' before it is allocated", 0),
        (allocate("a") + record(3, "56sIII", "a", 0, 0, 9), "reaches to 9 in a file of 8 bytes", 128),
        (allocate("a") + record(2, "56s56sIB", "a", "a", 6, 4), "reaches to 10 in a file of 8 bytes", 128),
        (allocate("a") + record(2, "56s56sIB", "a", "a", 0, 1), "into 1 bytes", 128),
        (allocate("a") + b"x", "cut off", 128),
    ],
)
def test_a_script_that_cannot_be_run_names_its_record(script, message, offset):
    with pytest.raises(DecodeError, match=message) as caught:
        install(script, {"a": bytes(8)})
    assert caught.value.offset == offset


@given(st.binary(max_size=64), st.lists(st.sampled_from([1, 2, 3, 4, 9]), max_size=4), st.data())
def test_any_script_either_runs_or_raises_the_decode_error(file, commands, data):
    bodies = (data.draw(st.binary(min_size=124, max_size=124)) for _ in commands)
    script = b"".join(struct.pack("<I", command) + body for command, body in zip(commands, bodies, strict=True))
    try:
        install(allocate("") + script, {"": file})
    except DecodeError:
        return


def table(signature: bytes, body: bytes) -> bytes:
    plain = struct.pack("<4sIBB", signature, 36 + len(body), 1, 0) + bytes(26) + body
    return plain[:9] + bytes([-sum(plain) & 0xFF]) + plain[10:]


def laid_out(tables: list[bytes], *, wide: bool) -> Installed:
    """The tables behind one another at 1 MiB, an RSDT or XSDT behind them, and the RSDP that points to it."""
    base, addresses, blob = 1 << 20, [], b""
    for item in tables:
        addresses.append(base + len(blob))
        blob += item
    width = "Q" if wide else "I"
    root_at = base + len(blob)
    blob += table(b"XSDT" if wide else b"RSDT", struct.pack(f"<{len(addresses)}{width}", *addresses))
    rsdp = struct.pack("<8sB6sBI", b"RSD PTR ", 0, b"BOCHS ", 2 if wide else 0, 0 if wide else root_at)
    if wide:
        rsdp += struct.pack("<IQI", 36, root_at, 0)
    files = {"etc/acpi/tables": InstalledFile(base, blob), "etc/acpi/rsdp": InstalledFile(0xF0000, rsdp)}
    return Installed(files, ())


@pytest.mark.parametrize("wide", [False, True])
def test_tables_come_in_the_order_of_the_root_table(wide):
    tables = [table(b"SRAT", b"abc"), table(b"SLIT", b""), b"FACS" + struct.pack("<I", 64) + bytes(range(56))]
    assert split_tables(laid_out(tables, wide=wide)) == tuple(tables)


def test_a_table_with_a_wrong_checksum_is_refused():
    with pytest.raises(DecodeError, match=r"SRAT.*wrong checksum"):
        split_tables(laid_out([table(b"SRAT", b"abc")[:-1] + b"x"], wide=False))


def test_a_pointer_into_nothing_is_refused():
    rsdp = struct.pack("<8sB6sBI", b"RSD PTR ", 0, b"BOCHS ", 0, 0x1234)
    with pytest.raises(DecodeError, match="no table at address 0x1234"):
        split_tables(Installed({"etc/acpi/rsdp": InstalledFile(0, rsdp.ljust(64, b"\0"))}, ()))
    with pytest.raises(DecodeError, match="no RSDP"):
        split_tables(Installed({}, ()))


def test_importing_the_package_loads_no_event_loop():
    heavy = "{'asyncio', 'qemu.qmp', 'logging', 'argparse', 'yaml'}"
    code = f"import sys, sandbox.live; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
