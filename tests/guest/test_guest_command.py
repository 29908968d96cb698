"""The command ``guest`` as a user runs it."""

import json
from pathlib import Path

import pytest
from srat_bytes import ALL_RAM, CPUS, initiator, slit, srat

from sandbox.acpi.dump import RawTable, to_acpidump
from sandbox.cli import main
from sandbox.guest.boot import GuestKernel

ROOT = Path(__file__).parents[2]
MERGED = str(ROOT / "scenarios" / "grace-hopper-merged.yaml")
SLIT = slit([10, 20, 30], [20, 10, 40], [30, 40, 10])
SMALL = "-M q35 -m 512 -smp 2 -object memory-backend-ram,id=m0,size=512M -numa node,memdev=m0 -numa node".split()


def run(capsys, *words):
    status = main(["guest", *words])
    captured = capsys.readouterr()
    return status, captured.out, captured.err


def test_node_and_pxm_stand_side_by_side_and_the_reason_stands_above(capsys):
    status, text, _ = run(capsys, MERGED)
    assert status == 0
    lines = text.splitlines()
    assert lines[2].startswith("!! Node numbers are not PXMs: node 2 is PXM 7")
    row = next(line for line in lines if "initiator gi5:" in line)
    assert row.split()[:3] == ["2", "!=", "7"]
    assert any(line.split()[:3] == ["2", "(PXM", "7)"] for line in lines)


def test_json_has_the_masks_and_nodes(capsys):
    _, text, _ = run(capsys, "--json", MERGED)
    found = json.loads(text)
    assert found["outcome"] == "boots"
    assert (found["possible"], found["online"], found["has_cpu"]) == ("0-9", "0-9", "0-1")
    assert (found["has_memory"], found["has_generic_initiator"]) == ("0-1", "2-9")
    second = found["nodes"][2]
    assert (second["node"], second["pxm"], second["cpus"], second["memory_kib"]) == (2, 7, "", 0)
    assert second["distances"] == [20, 20, 10, *[20] * 7]


def test_tables_of_a_folder_stand_in_place_of_the_machines_own(capsys, tmp_path):
    (tmp_path / "srat.dat").write_bytes(srat(initiator(5), CPUS, ALL_RAM))
    _, text, _ = run(capsys, "--json", "--tables", str(tmp_path), "--kernel", "6.1", "--", *SMALL)
    found = json.loads(text)
    assert found["kernel"] == "6.1"
    assert [node["pxm"] for node in found["nodes"]] == [5, 0, 1]


def test_a_guest_that_panics_is_a_forecast_too(capsys, tmp_path):
    (tmp_path / "srat.dat").write_bytes(srat(CPUS, initiator(5)))
    status, text, _ = run(capsys, "--tables", str(tmp_path), "--", *SMALL)
    assert status == 0
    assert "the guest panics: SRAT is rejected (no memory entry is enabled)" in text
    found = json.loads(run(capsys, "--json", "--tables", str(tmp_path), "--", *SMALL)[1])
    assert (found["outcome"], found["possible"], found["nodes"]) == ("panics", None, [])


def test_a_tree_for_lstopo_is_written(capsys, tmp_path):
    folder = tmp_path / "tree"
    assert run(capsys, "--sysfs", str(folder), MERGED)[0] == 0
    node = folder / "sys" / "devices" / "system" / "node"
    assert (node / "has_generic_initiator").read_text() == "2-9\n"
    assert (node / "node1" / "cpu2").is_symlink()


FIVE = (
    "-M q35 -m 512 -object memory-backend-ram,id=m0,size=512M -numa node,memdev=m0 "
    + "-numa node " * 5
    + "-device pci-testdev,id=dev0 "
    + " ".join(f"-object acpi-generic-initiator,id=gi{n},pci-dev=dev0,node={n + 1}" for n in range(5))
).split()


def test_the_dialect_is_named_with_the_reason(capsys):
    _, text, _ = run(capsys, "--", *FIVE)
    assert text.startswith("forecast: Linux 6.12 on x86, tables as QEMU 10.0 makes them (--dialect names another)\n")
    found = json.loads(run(capsys, "--json", "--", *FIVE)[1])
    assert (found["dialect"], found["dialect_reason"]) == ("10.0", "Debian's QEMU, since no version is told")
    found = json.loads(run(capsys, "--json", "--dialect", "11.1", "--", *FIVE)[1])
    assert (found["dialect"], found["dialect_reason"]) == ("11.1", "as asked for")


def test_a_machine_without_initiators_may_be_too_new_for_v2(capsys):
    words = ["-M", "q35", "-m", "512", "-smp", "2,maxcpus=300,sockets=2,cores=150,threads=1"]
    assert run(capsys, "--", *words)[0] == 0
    status, _, error = run(capsys, "--dialect", "v2", "--", *words)
    assert (status, "is 288" in error) == (1, True)


def test_an_order_that_hangs_on_the_version_of_qemu_is_told(capsys):
    words = [*FIVE, "-object", "memory-backend-ram,id=m1,size=1M"]
    text = run(capsys, "--", *words)[1]
    assert (
        "QEMU 10.0 is taken, which has the initiators in the order gi0 gi2 gi4 gi1 gi3; in QEMU 11.1 monitors are"
        " objects, too, and the order is gi4 gi3 gi2 gi1 gi0: --dialect 11.1 forecasts that"
    ) in text
    nodes = json.loads(run(capsys, "--json", "--", *words)[1])["nodes"]
    assert [node["pxm"] for node in nodes] == [0, 1, 3, 5, 2, 4]
    for other in (["--dialect", "11.1", "--", *words], ["--", *words, "-nodefaults"], ["--", *FIVE]):
        assert "is taken" not in run(capsys, *other)[1]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "give either a scenario, or QEMU arguments after '--', or --libvirt"),
        (
            ["--tables", "t"],
            "need a machine beside them, whose RAM and CPUs the kernel finds: qom-sandbox guest --tables t",
        ),
        (["--arch", "arm64", "--", *SMALL], "the machine is x86, its guest cannot be arm64"),
        (["--kernel", "5.4", "--", *SMALL], "no rules are known for Linux 5.4 on x86"),
        (["--edk2", "1999", "--", *SMALL], "edk2 1999 is not known; it can be: 2022.11, 2025.02"),
        (["--tables", "none", "--", *SMALL], "none: No such file or directory"),
        (["--tables", str(ROOT / "scenarios"), "--", *SMALL], "scenarios: no SRAT, SLIT or HMAT among the tables"),
        (["--", "-M", "virt,acpi=on,gic-version=9"], "gic-version"),
        (["--", *SMALL, "-M", "virt,acpi=off"], "acpi=off: the guest takes its nodes from the device tree"),
    ],
)
def test_wrong_input_is_said_in_one_line(capsys, words, message):
    status, _, error = run(capsys, *words)
    assert status in (1, 2)
    assert message in error
    assert "Traceback" not in error


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "the file is empty"),
        (b"SLIT", "no SRAT"),
        (b"SRAT" + bytes(31), "it ends after 35 bytes, a table's header alone has 36"),
    ],
)
def test_a_folder_with_a_wrong_table_names_the_file(capsys, tmp_path, data, message):
    (tmp_path / "srat.dat").write_bytes(data)
    for given in (tmp_path, tmp_path / "srat.dat"):
        status, _, error = run(capsys, "--tables", str(given), "--", *SMALL)
        assert status == 2
        assert error.splitlines()[-1].startswith(f"{tmp_path / 'srat.dat'}: ")
        assert message in error


def pxms(capsys, *words, note=""):
    status, text, error = run(capsys, "--json", *map(str, words), "--", *SMALL)
    assert status == 0
    assert error == (f"note: {note}\n" if note else "")
    return [node["pxm"] for node in json.loads(text)["nodes"]]


def test_tables_come_in_each_form_that_compare_takes(capsys, tmp_path):
    table = srat(initiator(5), CPUS, ALL_RAM)
    own = "not among the tables given, so that the machine's own are taken: "
    sysfs = tmp_path / "tables"
    sysfs.mkdir()
    (sysfs / "SRAT").write_bytes(table)
    (sysfs / "SLIT").write_bytes(SLIT)
    text = tmp_path / "acpidump.txt"
    text.write_text(to_acpidump([RawTable("SRAT", table, 0)]))
    assert pxms(capsys, "--tables", sysfs, note=f"{own}HMAT") == [5, 0, 1]
    assert pxms(capsys, "--tables", text, note=f"{own}SLIT, HMAT") == [5, 0, 1]
    assert pxms(capsys, "--tables", sysfs / "SRAT", "--tables", sysfs / "SLIT", note=f"{own}HMAT") == [5, 0, 1]


def test_beside_tables_named_in_lower_case_nothing_else_of_the_folder_counts(capsys, tmp_path):
    (tmp_path / "srat.dat").write_bytes(srat(initiator(5), CPUS, ALL_RAM))
    (tmp_path / "SRAT").write_bytes(srat(initiator(6), CPUS, ALL_RAM))
    (tmp_path / "notes").write_text("no table")
    assert pxms(capsys, "--tables", tmp_path) == [5, 0, 1]


@pytest.mark.parametrize("length", [48, 60, 100])
def test_a_truncated_srat_is_forecast_in_each_form(capsys, tmp_path, length):
    data = srat(CPUS, ALL_RAM, initiator(5))[:length]
    (tmp_path / "srat.dat").write_bytes(data)
    (tmp_path / "SRAT.cut").write_bytes(data)
    whole = run(capsys, "--tables", str(tmp_path), "--", *SMALL)
    assert whole[0] == 0
    assert run(capsys, "--tables", str(tmp_path / "SRAT.cut"), "--", *SMALL)[:2] == whole[:2]


def test_the_heading_names_the_qemu_and_how_another_is_chosen(capsys):
    words = ["--", *SMALL, "-device", "pci-testdev,id=d", "-object", "acpi-generic-initiator,id=g,pci-dev=d,node=1"]
    assumed = run(capsys, *words)[1].splitlines()[0]
    assert assumed == "forecast: Linux 6.12 on x86, tables as QEMU 10.0 makes them (--dialect names another)"
    chosen = run(capsys, "--dialect", "9.1", *words)[1].splitlines()[0]
    assert chosen == "forecast: Linux 6.12 on x86, tables as QEMU 9.0 makes them"
    mission = str(ROOT / "scenarios" / "grace-hopper-mig.yaml")
    assert run(capsys, mission)[1].startswith("forecast: Linux 6.12 on arm64, tables as the v2 series makes them\n")


def test_a_kernel_may_be_built_for_more_nodes(capsys):
    gb200 = str(ROOT / "scenarios" / "gb200-two-gpus.yaml")
    debians = json.loads(run(capsys, "--json", gb200)[1])
    larger = json.loads(run(capsys, "--json", "--max-nodes", "64", gb200)[1])
    assert (debians["possible"], larger["possible"]) == ("0-15", "0-17")
    assert (len(debians["lost"]) > 0, larger["lost"]) == (True, [])


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--max-nodes", "48"], "no kernel is built for 48 nodes; it can be: 2, 4, 8,"),
        (["--boot", "--max-nodes", "64"], "--max-nodes goes with --kernel-image"),
    ],
)
def test_a_wrong_size_of_a_kernel_is_said(capsys, monkeypatch, tmp_path, words, message):
    monkeypatch.setattr(
        "sandbox.guest.boot.guest_kernel", lambda *_, **__: GuestKernel("x86", "6.12", tmp_path, tmp_path)
    )
    status, _, error = run(capsys, *words, "--", *SMALL)
    assert (status, message in error) == (2, True)
