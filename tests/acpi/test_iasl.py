from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest
from acpi_samples import DATA, NAMED, RECORDED

from sandbox.acpi.dump import RawTable, to_acpidump
from sandbox.acpi.header import with_checksum
from sandbox.acpi.srat import GenericPortAffinity, RintcAffinity, Srat
from sandbox.acpi.table import decode_any, encode_any

if TYPE_CHECKING:
    from pathlib import Path

NOT_IN_OLD_IASL = (GenericPortAffinity, RintcAffinity)


def tool(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not here: install acpica-tools")
    return found


def run(folder: Path, *command: str) -> None:
    subprocess.run(command, cwd=folder, check=True, capture_output=True)


def _known_to_old_iasl(data: bytes) -> bool:
    table = decode_any(data)
    return not (isinstance(table, Srat) and any(isinstance(entry, NOT_IN_OLD_IASL) for entry in table.entries))


def _without_compiler(data: bytes) -> bytes:
    """iasl writes its own checksum and its own name and version."""
    return data[:9] + data[10:28] + data[36:]


SAMPLES = ["s2_h_hmat_gi_init seen", "v2 01-cover-letter", "v2 07-slit-full", "arm_a seen"]


@pytest.mark.live
@pytest.mark.parametrize(
    ("name", "data"), [(name, data) for name, data, _ in RECORDED if name in SAMPLES and _known_to_old_iasl(data)]
)
def test_iasl_reads_our_tables_and_compiles_them_to_the_same_bytes(name: str, data: bytes, tmp_path: Path) -> None:
    iasl = tool("iasl")
    ours = encode_any(decode_any(data))
    (tmp_path / "ours.dat").write_bytes(ours)
    run(tmp_path, iasl, "-p", "text", "-d", "ours.dat")
    run(tmp_path, iasl, "-p", "theirs", "text.dsl")
    assert _without_compiler((tmp_path / "theirs.aml").read_bytes()) == _without_compiler(ours)


@pytest.mark.live
@pytest.mark.parametrize("name", ["srat-types", "hmat-types"])
def test_iasl_still_makes_the_recorded_bytes_from_its_source(name: str, tmp_path: Path) -> None:
    run(tmp_path, tool("iasl"), "-p", str(tmp_path / "out"), str(DATA / f"{name}.asl"))
    assert _without_compiler((tmp_path / "out.aml").read_bytes()) == _without_compiler(NAMED[name])


@pytest.mark.live
def test_acpixtract_finds_our_tables_in_our_text(tmp_path: Path) -> None:
    acpixtract = tool("acpixtract")
    tables = [RawTable("SRAT", NAMED["generic-port SRAT"]), RawTable("SLIT", NAMED["rintc SLIT"])]
    (tmp_path / "dump.txt").write_text(to_acpidump(tables))
    run(tmp_path, acpixtract, "-a", "dump.txt")
    for table in tables:
        assert (tmp_path / f"{table.name.lower()}.dat").read_bytes() == table.data


@pytest.mark.live
def test_acpidump_writes_the_text_that_we_write(tmp_path: Path) -> None:
    acpidump = tool("acpidump")
    data = with_checksum(NAMED["x2apic SRAT"])
    (tmp_path / "table.dat").write_bytes(data)
    command = [acpidump, "-f", "table.dat"]
    text = subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, text=True).stdout
    assert text == to_acpidump([RawTable("SRAT", data, 0)])
