"""export: each form of a scenario, and that other programs read it as the same."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from sandbox.acpi.header import TableHeader
from sandbox.acpi.slit import Slit, encode_slit
from sandbox.app import Sandbox
from sandbox.cli import main
from sandbox.errors import InputError
from sandbox.export.dsl import dsl_source
from sandbox.scenario.load import load_scenario

ROOT = Path(__file__).parents[1]
EXPECTED = ROOT / "scenarios" / "expected"
SHIPPED = sorted((ROOT / "scenarios").glob("*.yaml"))
SMALL = "-M q35 -m 128M -object memory-backend-ram,id=m0,size=128M -numa node,memdev=m0 -numa node".split()
FOLDER = "and each is a file of its own: give a folder with -o"
INITIATOR = "-device pci-testdev,id=dev0,addr=4 -object acpi-generic-initiator,id=gi0,pci-dev=dev0,node=1".split()


@pytest.fixture
def run(capsys):
    def run_it(*words):
        status = main(["export", *map(str, words)])
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return run_it


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_arguments_are_read_by_a_shell_as_the_scenarios_words(path, run):
    status, out, _ = run("--as", "args", path)
    assert status == 0
    read = subprocess.run(["sh", "-c", f"printf '%s\\0' {out}"], capture_output=True, text=True, check=True).stdout
    assert tuple(read.removesuffix("\0").split("\0")) == load_scenario(path.read_text(), path.name).command_line
    assert all(line.endswith(" \\") for line in out.splitlines()[:-1])


def test_arguments_get_the_program_that_they_are_for(run):
    assert run("--as", "args", "--", *SMALL)[1].startswith("qemu-system-x86_64 \\\n    -M q35 \\\n")
    assert run("--as", "args", "--", "-M", "virt")[1].startswith("qemu-system-aarch64 \\\n")


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_yaml_loads_to_the_same_scenario(path, run):
    assert load_scenario(run("--as", "yaml", path)[1], path.name) == load_scenario(path.read_text(), path.name)


@pytest.mark.parametrize("command", [["export", "--as", "yaml"], ["translate", "--to", "10.0"]])
def test_a_scenario_that_is_written_elsewhere_finds_its_tables_from_there(command, tmp_path, monkeypatch):
    monkeypatch.chdir(ROOT)
    for file in (tmp_path / "elsewhere.yaml", "elsewhere.yaml"):
        try:
            assert main([*command, "-o", str(file), "scenarios/distances.yaml"]) == 0
            assert main(["replay", str(file)]) == 0
        finally:
            Path("elsewhere.yaml").unlink(missing_ok=True)


def test_arguments_that_qemu_refuses_are_written_all_the_same(run):
    words = ["qemu-system-x86_64", "-numa", "frob,a=1"]
    assert run("--as", "args", "--", *words) == (0, "qemu-system-x86_64 \\\n    -numa frob,a=1\n", "")


def test_steps_become_qmp_commands_a_line_each(run):
    _, out, err = run("--as", "qmp", ROOT / "scenarios" / "add-and-delete.yaml")
    commands = [json.loads(line) for line in out.splitlines()]
    assert [command["execute"] for command in commands] == [
        "qmp_capabilities", "object-add", "system_reset", "object-del", "system_reset", "object-del",
    ]  # fmt: skip
    assert commands[3]["arguments"] == {"id": "gi0"}
    assert "note: these are the steps" in err


def test_objects_of_a_command_line_become_qmp_commands_that_give_the_same_tables(run):
    _, out, err = run("--as", "qmp", "--dialect", "10.0", "--", *SMALL, *INITIATOR)
    words = shlex.split(err.partition("without the objects: ")[2])
    vm = Sandbox(words, dialect="10.0")
    for line in out.splitlines()[1:]:
        command = json.loads(line)
        vm.execute(command["execute"], command.get("arguments"))
    assert vm.tables() == Sandbox([*SMALL, *INITIATOR], dialect="10.0").tables()


def test_json_has_the_command_line_the_commands_and_the_tables(run):
    shown = json.loads(run("--as", "json", ROOT / "scenarios" / "held-at-start.yaml")[1])
    assert shown["dialect"] == "10.0"
    assert [command["execute"] for command in shown["commands"]] == ["object-add", "cont", "query-status"]
    assert [row["pxm"] for row in shown["tables"]["initiators"]] == [1]


def test_raw_tables_are_written_into_a_folder(run, tmp_path):
    assert run("--as", "dat", "-o", tmp_path, ROOT / "scenarios" / "distances.yaml") == (0, "", "")
    for name, wanted in (("srat", "grace-hopper-mig-srat.dat"), ("slit", "distances-slit.dat")):
        assert (tmp_path / f"{name}.dat").read_bytes() == (EXPECTED / wanted).read_bytes()


@pytest.mark.parametrize("form", ["dsl", "dat"])
def test_one_table_is_written_into_the_file_that_is_named_so(form, run, tmp_path):
    file, folder = tmp_path / f"my.{form}", tmp_path / "folder"
    for where in (file, file, folder):
        assert run("--as", form, "-o", where, "--", *SMALL) == (0, "", "")
    assert file.read_bytes() == (folder / f"srat.{form}").read_bytes()
    assert b"SRAT" in file.read_bytes()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--as", "dat", "--", *SMALL], "give a folder with -o"),
        (["--as", "dsl", "scenarios/distances.yaml"], f"there are 2 tables, {FOLDER}"),
        (["--as", "dsl", "-o", "x.dsl", "scenarios/distances.yaml"], f"x.dsl: there are 2 tables, {FOLDER}"),
        (["--as", "dsl", "-o", "README.md", "scenarios/distances.yaml"], f"README.md: there are 2 tables, {FOLDER}"),
        (["--as", "dat", "-o", "README.md", "scenarios/distances.yaml"], f"README.md: there are 2 tables, {FOLDER}"),
        (["--as", "dat", "-o", "none/x.dat", "--", *SMALL], "none/x.dat: No such file or directory"),
        (["--as", "dsl", "--", "-M", "q35"], "there are 0 tables"),
        (["--as", "dat", "-o", "x", "--", "-S", *SMALL], "firmware reads no tables"),
        (["--as", "args"], "give either a scenario, or QEMU arguments"),
        (["--as", "args", "--map", "0=0", "--", *SMALL], "--map goes with --distances-from"),
    ],
)
def test_what_cannot_be_written_is_refused(run, words, message, monkeypatch):
    monkeypatch.chdir(ROOT)
    status, _, err = run(*words)
    assert status == 2
    assert message in err


def test_a_machine_that_ends_has_no_tables(run):
    status, _, err = run("--as", "dsl", ROOT / "scenarios" / "reset-kills.yaml")
    assert status == 1
    assert "Specified node 9 is invalid" in err


def test_distances_of_a_host_are_written_beside_the_rest(run, tmp_path):
    (tmp_path / "host").write_text("node distances:\nnode   0   4\n  0:  10  80\n  4:  80  10\n")
    words = ["--as", "args", "--distances-from", tmp_path / "host", "--map", "0=0", "4=1", "--", *SMALL]
    assert run(*words)[1].endswith(" \\\n    -numa dist,src=0,dst=1,val=80\n")


def test_a_broken_table_has_no_source():
    data = (EXPECTED / "distances-slit.dat").read_bytes()
    with pytest.raises(InputError, match="does not decode"):
        dsl_source(data[:-1])
    with pytest.raises(InputError, match="does not decode"):
        dsl_source(b"FACP" + data[4:])
    with pytest.raises(InputError, match="iasl '1' is not known; there are 2020, 2025"):
        dsl_source(data, "1")


def iasl() -> tuple[list[str], str]:
    """The iasl that is here, and which of the two shapes of source it takes."""
    command = shlex.split(os.environ.get("IASL", "iasl"))
    if shutil.which(command[0]) is None:
        pytest.skip("iasl is not here: install acpica-tools")
    said = subprocess.run([*command, "-v"], capture_output=True, text=True, check=True).stdout
    return command, "2020" if "version 2020" in said else "2025"


def tables() -> dict[str, bytes]:
    """Tables with each kind of structure that QEMU makes."""
    cached = (
        "-M q35,hmat=on,kernel-irqchip=split -device intel-iommu,intremap=on,eim=on -smp 2,maxcpus=300 -m 128M "
        "-object memory-backend-ram,id=m0,size=128M -numa node,memdev=m0,cpus=0-299 -numa node,initiator=0 "
        "-numa dist,src=0,dst=1,val=21 "
        "-numa hmat-lb,initiator=0,target=0,hierarchy=memory,data-type=access-latency,latency=100 "
        "-numa hmat-lb,initiator=0,target=1,hierarchy=memory,data-type=access-latency,latency=300 "
        "-numa hmat-lb,initiator=0,target=0,hierarchy=memory,data-type=access-bandwidth,bandwidth=200G "
        "-numa hmat-lb,initiator=0,target=1,hierarchy=memory,data-type=access-bandwidth,bandwidth=100G "
        "-numa hmat-cache,node-id=0,size=10K,level=1,associativity=direct,policy=write-back,line=8"
    )
    made = Sandbox([*shlex.split(cached), *INITIATOR], dialect="10.0").tables()
    wide = [bytes(10 if row == column else 20 for column in range(128)) for row in range(128)]
    return {
        "srat": made.srat,
        "slit": made.slit,
        "hmat": made.hmat,
        "virt": (EXPECTED / "grace-hopper-mig-srat.dat").read_bytes(),
        "wide": encode_slit(Slit(TableHeader("SLIT", 1), tuple(wide))),
        "named": Sandbox("-M q35,x-oem-id=ab,x-oem-table-id=c -m 128M -numa node,mem=128M -M pc-q35-5.0").tables().srat,
    }


@pytest.mark.live
@pytest.mark.parametrize("name", ["srat", "slit", "hmat", "virt", "wide", "named"])
def test_iasl_compiles_our_source_to_the_same_bytes(name, tmp_path):
    command, version = iasl()
    data = tables()[name]
    (tmp_path / "t.dsl").write_text(dsl_source(data, version))
    done = subprocess.run([*command, "-p", "t", "t.dsl"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    made = (tmp_path / "t.aml").read_bytes()
    assert made[:9] + made[10:28] + made[36:] == data[:9] + data[10:28] + data[36:]


@pytest.mark.parametrize(("version", "wanted", "other"), [("2020", "20200925", "2025"), ("2025", "20250404", "2020")])
def test_source_says_which_iasl_compiles_it(version, wanted, other):
    head = dsl_source(tables()["virt"], version).splitlines()[0]
    assert head.startswith(f"/* SRAT as source for iasl {wanted} ")
    assert head.endswith(f"'qom-sandbox export --as dsl --iasl {other}' writes it */")


def test_a_generic_port_has_no_source_for_the_old_iasl(run):
    port = ROOT / "scenarios" / "generic-port.yaml"
    assert "[Generic Port Affinity]" in run("--as", "dsl", port)[1]
    status, _, err = run("--as", "dsl", "--iasl", "2020", port)
    assert status == 2
    assert "the iasl of 2020 knows no structure of type 6 in SRAT" in err


@pytest.mark.parametrize("form", ["args", "dsl", "dat"])
def test_what_libvirt_alone_knows_is_said_with_each_form(form, run, tmp_path):
    domain = tmp_path / "domain.xml"
    domain.write_text(
        "<domain type='qemu'><name>d</name><memory unit='MiB'>128</memory><vcpu>1</vcpu>"
        "<os><type arch='x86_64' machine='pc-q35-noble'>hvm</type></os><features><acpi/></features>"
        "<cpu><numa><cell id='0' cpus='0' memory='131072'/></numa></cpu></domain>"
    )
    status, _, err = run("--as", form, "--libvirt", domain, "-o", tmp_path / f"srat.{form}")
    assert status == 0
    assert err == "note: QEMU itself has no machine pc-q35-noble in dialect 10.0: taken as its newest q35\n"
