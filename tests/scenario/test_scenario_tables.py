import hashlib

import pytest
from scenario_samples import FakeMachine, FakeTables, differences, run, srat_of

from sandbox.acpi.handles import AcpiDeviceHandle, PciDeviceHandle, RawDeviceHandle
from sandbox.acpi.header import TableHeader, with_checksum
from sandbox.acpi.slit import Slit, encode_slit
from sandbox.acpi.srat import (
    GenericInitiatorAffinity,
    GenericPortAffinity,
    GiccAffinity,
    MemoryAffinity,
    ProcessorAffinity,
    RintcAffinity,
    Srat,
    X2ApicAffinity,
    encode_srat,
)
from sandbox.errors import InputError
from sandbox.scenario.tables import changed_tables

HANDLE = PciDeviceHandle(0, 0x20, 0)
EVERYTHING = encode_srat(
    Srat(
        TableHeader("SRAT", 3),
        (
            ProcessorAffinity(0, 1),
            ProcessorAffinity(7, 2, flags=0),
            X2ApicAffinity(1, 300),
            GiccAffinity(2, 4),
            RintcAffinity(3, 5),
            MemoryAffinity(0, 0x1000, 1 << 20),
            MemoryAffinity(9, 0, 0, flags=0),
            MemoryAffinity(4, 1 << 32, 1 << 30, flags=3),
            MemoryAffinity(5, 0, 4096, flags=5),
            GenericInitiatorAffinity(6, HANDLE),
            GenericPortAffinity(8, AcpiDeviceHandle(b"ACPI0016", 12)),
            GenericInitiatorAffinity(6, RawDeviceHandle(9, bytes(16)), flags=0),
        ),
    )
)
SLIT = encode_slit(Slit(TableHeader("SLIT", 1), (bytes((10, 20)), bytes((21, 10)))))


class Fixed(FakeMachine):
    def __init__(self, tables: FakeTables) -> None:
        super().__init__()
        self.fixed = tables

    def tables(self) -> FakeTables:
        return self.fixed


def found(expectation: str, tables: FakeTables | None = None, **files: bytes) -> list[tuple[str, str, str]]:
    machine = Fixed(tables or FakeTables(EVERYTHING, SLIT))
    return differences(
        run(f"expect: {{{expectation}}}\n", machine, {name.replace("_", "."): files[name] for name in files})
    )


@pytest.mark.parametrize(
    "expectation",
    [
        "initiators: ['6 @ 20:00.0', {pxm: 6, device: '0000:20:00.0'}]",
        "initiators: [6 @ 00:00.0]",
        "initiators: []",
    ],
)
def test_initiators_are_compared_in_the_order_of_the_table(expectation: str) -> None:
    raw = "6 @ handle of type 9: 00000000000000000000000000000000"
    expected = {
        "initiators: ['6 @ 20:00.0', {pxm: 6, device: '0000:20:00.0'}]": [("initiators[1]", "6 @ 0000:20:00.0", raw)],
        "initiators: [6 @ 00:00.0]": [
            ("initiators[0]", "6 @ 0000:00:00.0", "6 @ 0000:20:00.0"),
            ("initiators[1]", "nothing", raw),
        ],
        "initiators: []": [("initiators[0]", "nothing", "6 @ 0000:20:00.0"), ("initiators[1]", "nothing", raw)],
    }
    assert found(expectation) == expected[expectation]


def test_initiators_in_any_order_are_compared_as_a_bag() -> None:
    tables = FakeTables(srat_of((3, 0x20), (2, 0x20), (2, 0x20)))
    assert found("initiators: {in-any-order: [2 @ 00:04.0, 3 @ 00:04.0, 2 @ 00:04.0]}", tables) == []
    assert found("initiators: {in-any-order: [2 @ 00:04.0, 3 @ 00:04.0, 4 @ 00:04.0]}", tables) == [
        ("initiators", "4 @ 0000:00:04.0", "not there"),
        ("initiators", "not there", "2 @ 0000:00:04.0"),
    ]


def test_ports_are_named_by_hid_and_uid() -> None:
    assert found("ports: [8 @ ACPI0016:12]") == []
    assert found("ports: []") == [("ports[0]", "nothing", "8 @ ACPI0016:12")]


def test_nodes_are_those_of_enabled_processors_memory_and_initiators() -> None:
    assert found("nodes: [0, 1, 2, 3, 4, 5, 6]") == []
    assert found("nodes: 7") == []
    assert found("nodes: 6") == [("nodes", "6", "7: 0, 1, 2, 3, 4, 5, 6")]
    assert found("nodes: []") == [("nodes", "none", "0, 1, 2, 3, 4, 5, 6")]


def test_processors_and_memory_are_compared_if_enabled() -> None:
    processors = "{pxm: 0, id: 1}, {pxm: 1, id: 300}, {pxm: 2, id: 4}"
    assert found(f"processors: [{processors}, {{pxm: 3, id: 5}}]") == []
    assert found(f"processors: [{processors}]") == [("processors[3]", "nothing", "5 in 3")]
    memory = "{pxm: 0, base: 0x1000, size: 1M}, {pxm: 4, base: 4G, size: 1G, hot-pluggable: true}"
    assert found(f"memory: [{memory}, {{pxm: 5, base: 0, size: 4K, non-volatile: true}}]") == []
    assert found(f"memory: [{memory}, {{pxm: 5, base: 0, size: 4K}}]") == [
        ("memory[2]", "0x0 + 0x1000 in 5", "0x0 + 0x1000 in 5 non-volatile")
    ]


def test_distances_are_compared_row_by_row() -> None:
    assert found("distances: [[10, 20], [21, 10]]") == []
    assert found("distances: [[10, 20], [20, 10]]") == [("distances[1]", "20 10", "21 10")]
    assert found("distances: absent") == [("distances", "no SLIT", "2 rows")]
    assert found("distances: absent", FakeTables()) == []
    assert found("distances: [[10]]", FakeTables()) == [("distances", "1 rows", "no SLIT")]


def test_whole_tables_are_compared_by_length_digest_and_bytes() -> None:
    digest = hashlib.sha256(SLIT).hexdigest()
    assert found(f"slit: {{length: 48, sha256: {digest}, file: a.dat}}", a_dat=SLIT) == []
    other = SLIT[:-1] + b"\x0b"
    assert found(f"slit: {{length: 1, sha256: '{'0' * 64}', file: a.dat}}", a_dat=other) == [
        ("slit.length", "1", "48"),
        ("slit.sha256", "0" * 64, digest),
        ("slit.file from byte 0x2f", "0b (48 bytes)", "0a (48 bytes)"),
    ]
    assert found("slit: {file: a.dat}", a_dat=SLIT + b"x") == [
        ("slit.file from byte 0x30", "78 (49 bytes)", "the end (48 bytes)")
    ]


def test_file_without_a_checksum_is_compared_but_for_that_byte() -> None:
    assert found("slit: {file: a.dat}", a_dat=with_checksum(SLIT, 0)) == []
    assert found("slit: {file: a.dat}", a_dat=with_checksum(SLIT, 1)) != []


def test_tables_may_be_absent() -> None:
    assert found("srat: absent, slit: absent, hmat: absent", FakeTables()) == []
    assert found("slit: absent") == [("slit", "no table", "48 bytes")]
    assert found("hmat: {length: 1}") == [("hmat", "a table", "no table")]
    assert found("initiators: [], nodes: 0, memory: []", FakeTables()) == []


def test_file_that_cannot_be_read_is_an_error_of_the_scenario() -> None:
    with pytest.raises(InputError, match=r"\Atest\.yaml:2:16: a\.dat cannot be read: No such file or directory\Z"):
        found("srat: {file: a.dat}")


def test_tables_that_do_not_decode_fail_what_is_said_of_them() -> None:
    broken = FakeTables(EVERYTHING[:60], SLIT[:40])
    assert found("initiators: [], nodes: 1, distances: [[10]]", broken) == [
        ("initiators", "a SRAT that can be read", "offset 0x4: the header's length is 398, but there are 60 bytes"),
        ("nodes", "a SRAT that can be read", "offset 0x4: the header's length is 398, but there are 60 bytes"),
        ("distances", "a SLIT that can be read", "offset 0x4: the header's length is 48, but there are 40 bytes"),
    ]


def test_changed_tables_are_named() -> None:
    assert changed_tables(None, FakeTables(b"a", None, b"c")) == ("srat", "hmat")
    assert changed_tables(FakeTables(b"a", b"b"), FakeTables(b"a", b"x")) == ("slit",)
    assert changed_tables(FakeTables(), None) == ()
