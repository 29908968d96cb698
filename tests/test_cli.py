"""The command as a user runs it: exit status, stdout and stderr, and no traceback for any wrong input."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MISSION = ROOT / "scenarios" / "grace-hopper-mig.yaml"
SMALL = "-M q35 -m 128M -object memory-backend-ram,id=m0,size=128M -numa node,memdev=m0 -numa node"


def run(*words, cwd=ROOT):
    done = subprocess.run(
        [sys.executable, "-m", "sandbox.cli", *map(str, words)], cwd=cwd, capture_output=True, text=True, check=False
    )
    assert "Traceback" not in done.stderr, done.stderr
    return done


def test_the_mission_replays_and_shows_nodes_2_to_9():
    done = run("replay", MISSION)
    assert (done.returncode, done.stderr) == (0, "")
    assert "dialect v2" in done.stdout
    assert "\x1b" not in done.stdout


def test_every_shipped_scenario_is_as_expected():
    done = run("replay", *sorted((ROOT / "scenarios").glob("*.yaml")))
    assert done.returncode == 0, done.stdout


def test_tables_writes_raw_files_and_removes_those_of_tables_that_are_not_there(tmp_path):
    (tmp_path / "hmat.dat").write_bytes(b"old")
    done = run("tables", "-o", tmp_path, MISSION)
    assert done.returncode == 0
    assert (tmp_path / "srat.dat").read_bytes()[:4] == b"SRAT"
    assert [path.name for path in tmp_path.iterdir()] == ["srat.dat"]


def test_tables_takes_qemu_arguments_and_names_the_dialect():
    initiator = "acpi-generic-initiator,id=gi0,pci-dev=dev0,node=1"
    done = run("tables", "--json", "--", *SMALL.split(), "-device", "pci-testdev,id=dev0", "-object", initiator)
    shown = json.loads(done.stdout)
    assert shown["dialect"] == "11.1"
    assert "pci-dev" in shown["dialect_reason"]


def test_a_bad_initiator_does_no_harm_where_there_is_no_srat():
    done = run("tables", "--", "-M", "q35", "-object", "acpi-generic-initiator,id=gi0,pci-dev=nothing,node=0")
    assert (done.returncode, done.stderr) == (0, "")


def test_json_tells_of_an_end_and_of_wrong_input():
    ended = run("tables", "--json", "--", "-M", "q35", "-device", "foo")
    assert json.loads(ended.stdout)["exit"]["status"] == 1
    assert "foo" in json.loads(ended.stdout)["exit"]["stderr"]
    assert "No such file" in json.loads(run("diff", "--json", "none.dat", "none.dat").stdout)["error"]
    for command, name in (("replay", "none.yaml"), ("show", "none.dat")):
        (broken,) = json.loads(run(command, "--json", name).stdout)
        assert broken == {"file": name, "error": f"{name}: No such file or directory"}
    scenario = "scenarios/object-add-kills.yaml"
    killed = json.loads(run("tables", "--json", scenario).stdout)["exit"]
    assert killed["step"] == f"{scenario}:13:5: object-add gi0"


@pytest.mark.parametrize("command", ["tables", "guest"])
def test_the_step_with_which_qemu_ends_stands_above_its_message(command):
    scenario = "scenarios/object-add-kills.yaml"
    done = run(command, scenario)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.splitlines() == [
        f"{scenario}:13:5: object-add gi0: QEMU ends here",
        "acpi-generic-initiator: Invalid NUMA node specified",
    ]


def test_show_shows_what_it_can_and_tells_every_error(tmp_path):
    run("tables", "-o", tmp_path, MISSION)
    done = run("show", "none.dat", tmp_path / "srat.dat", "README.md")
    assert done.returncode == 2
    assert "SRAT, System Resource Affinity Table" in done.stdout
    assert [line.split(":")[0] for line in done.stderr.splitlines()] == ["none.dat", "README.md"]


@pytest.mark.parametrize("command", [["tables"], ["guest"]], ids=" ".join)
def test_a_libvirt_domain_is_taken_for_a_scenario(tmp_path, command):
    domain = tmp_path / "vm.xml"
    exported = run("export", "--as", "libvirt", "scenarios/grace-hopper-merged.yaml")
    domain.write_text(exported.stdout)
    shown = json.loads(run(*command, "--json", "--libvirt", domain).stdout)
    assert (shown["dialect"], shown["dialect_reason"]) == ("10.0", "taken for a libvirt domain")
    chosen = json.loads(run(*command, "--json", "--dialect", "11.1", "--libvirt", domain).stdout)
    assert (chosen["dialect"], chosen["dialect_reason"]) == ("11.1", "as asked for")
    if command == ["tables"]:
        assert [found["pxm"] for found in shown["initiators"]] == [found["pxm"] for found in chosen["initiators"]]
        assert sorted(found["pxm"] for found in shown["initiators"]) == list(range(2, 10))
    else:
        assert shown["has_generic_initiator"] == "2-9"


def test_verbose_lists_options_that_move_no_table():
    done = run("tables", "-v", "--", *SMALL.split(), "-rtc", "base=utc", "-name", "vm0")
    assert "-rtc base=utc" in done.stdout
    assert "-name vm0" in done.stdout


def test_show_and_diff_read_what_tables_wrote(tmp_path):
    run("tables", "-o", tmp_path / "a", MISSION)
    run("tables", "-o", tmp_path / "b", ROOT / "scenarios" / "fewer-instances.yaml")
    shown = run("show", tmp_path / "a" / "srat.dat")
    assert shown.returncode == 0
    assert "0000:20:00.0" in shown.stdout
    assert "0000:00:04.0" in shown.stdout
    same = run("diff", tmp_path / "a" / "srat.dat", tmp_path / "a" / "srat.dat")
    assert same.returncode == 0
    other = run("diff", tmp_path / "a" / "srat.dat", tmp_path / "b" / "srat.dat")
    assert other.returncode == 1
    assert "Generic Initiator" in other.stdout


def test_schema_is_the_shipped_json_schema():
    shipped = (ROOT / "sandbox" / "scenario" / "scenario.schema.json").read_text()
    assert run("schema").stdout == shipped


def test_junit_is_written_also_for_a_scenario_that_cannot_be_read(tmp_path):
    done = run("replay", "--junit", tmp_path / "out.xml", MISSION, tmp_path / "none.yaml")
    assert done.returncode == 2
    assert "<testsuite" in (tmp_path / "out.xml").read_text()


def test_version_and_help():
    assert run("--version").stdout.startswith("qom-sandbox ")
    shown = run("--help").stdout
    assert "examples:" in shown
    assert "exit status" in shown


def test_a_schema_that_disagrees_is_named_line_by_line(tmp_path):
    theirs = tmp_path / "qom.json"
    theirs.write_text(
        "{ 'enum': 'ObjectType', 'data': [ 'acpi-generic-initiator' ] }\n"
        "{ 'struct': 'AcpiGenericInitiatorProperties', 'data': { 'pci-dev': 'str', 'node': 'uint16' } }\n"
        "{ 'union': 'ObjectOptions', 'base': { 'qom-type': 'ObjectType', 'id': 'str' }, 'discriminator': 'qom-type',\n"
        "  'data': { 'acpi-generic-initiator': 'AcpiGenericInitiatorProperties' } }\n"
    )
    done = run("tables", "--dialect", "10.0", "--schema", theirs, "--", *SMALL.split())
    assert done.returncode == 1
    assert "qom_types/merged/qom.json:" in done.stderr
    assert "'uint32' in ours and 'uint16' in theirs" in done.stderr


WRONG_COMMAND_LINES = {
    "-foo": "-foo: invalid option",
    "-m": "-m: requires an argument",
    "-M nope": 'unsupported machine type: "nope"',
    "-M q35,foo=1": "Property 'pc-q35-7.2-machine.foo' not found",
    "-M q35,hmat=maybe": "Parameter 'hmat' expects 'on' or 'off'",
    "-m 5q": "-m 5q: Parameter 'size' expects a non-negative number below 2^64",
    "-m 2G,slots=4": "slots specified but no max-size",
    "-smp 0,cores=x": "Parameter 'smp.cores' expects integer",
    "-numa node,nodeid=x": "-numa node,nodeid=x: Parameter 'nodeid' expects a uint64 value",
    "-numa node,nodeid=0 -numa node,nodeid=0": "-numa node,nodeid=0: Duplicate NUMA nodeid: 0",
    "-numa node,nodeid=3": "numa: Node ID missing: 2",
    "-numa node": "total memory for NUMA nodes (0x0) should equal RAM size (0x8000000)",
    "-numa node,memdev=zz": "-numa node,memdev=zz: memdev=zz is ambiguous",
    f"{SMALL} -numa node -numa dist,src=0,dst=1,val=20": "The distance between node 0 and 2 is missing",
    f"{SMALL} -numa dist,src=0,dst=9,val=20": "Source/Destination NUMA node is missing",
    f"{SMALL} -numa dist,src=0,dst=1,val=9": "NUMA distance (9) is invalid, it shouldn't be less than 10.",
    "-device nope": "-device nope: 'nope' is not a valid device model name",
    "-device pci-testdev,foo=1": "-device pci-testdev,foo=1: Property 'pci-testdev.foo' not found",
    "-M q35 -device pci-testdev,bus=zz": "Bus 'zz' not found",
    "-M q35 -device pci-testdev,addr=4 -device pci-testdev,addr=4": "PCI: slot 4 function 0 not available",
    "-device pci-testdev,id=a -device pci-testdev,id=a": "Duplicate ID 'a' for device",
    "-object secret,id=s": "Either 'file' or 'data' must be provided",
    "-object nope,id=s": "Parameter 'qom-type' does not accept value 'nope'",
    "-object acpi-generic-initiator,id=g,pci-dev=x,node=-1": "Parameter 'node' expects a uint64 value",
    "-object acpi-generic-initiator,id=g,pci-dev=x,node=128": "acpi-generic-initiator: Invalid NUMA node specified",
    "-object {": "-object {:",
    "-drive file=x,index=foo": "-drive file=x,index=foo: Parameter 'index' expects a number",
    "-M q35 -global q35-pcihost.pci-hole64-size=foo": "can't apply global q35-pcihost.pci-hole64-size=foo: Parameter",
    "-cpu qemu64,phys-bits=foo": "can't apply global qemu64-x86_64-cpu.phys-bits=foo: Parameter 'phys-bits' expects",
    f"-M virt {'-drive file=x,if=virtio ' * 40}": "PCI: no slot/function available for virtio-blk-pci",
}


@pytest.mark.parametrize("arguments", WRONG_COMMAND_LINES)
def test_what_qemu_refuses_ends_with_status_1_and_qemus_words(arguments):
    done = run("tables", "--", *arguments.split())
    assert done.returncode == 1
    assert WRONG_COMMAND_LINES[arguments] in done.stderr
    assert done.stdout == ""


OF_OTHER_DIALECTS = {
    ("10.0", "acpi-generic-initiator,id=g,device=d,node=1"): (
        "Parameter 'pci-dev' is missing",
        "member 'device' of acpi-generic-initiator is not known to dialect 10.0; known to: v2",
    ),
    ("10.0", "nvidia-acpi-generic-initiator,id=g,device=d,numa-node-start=1,numa-node-count=8"): (
        "Parameter 'qom-type' does not accept value 'nvidia-acpi-generic-initiator'",
        "'nvidia-acpi-generic-initiator' is not known to dialect 10.0; known to: v2, from which 'qom-sandbox translate",
    ),
    ("9.0", "acpi-generic-port,id=g,pci-bus=d,node=1"): (
        "Parameter 'qom-type' does not accept value 'acpi-generic-port'",
        "'acpi-generic-port' is not known to dialect 9.0; known to: 9.2, 10.0, 11.1",
    ),
}


@pytest.mark.parametrize(("dialect", "given"), OF_OTHER_DIALECTS)
def test_an_object_of_another_dialect_is_refused_in_qemus_words_and_explained_in_ours(dialect, given):
    words, note = OF_OTHER_DIALECTS[dialect, given]
    done = run("tables", "--dialect", dialect, "--", "-object", given)
    first, second = done.stderr.splitlines()
    assert (done.returncode, first) == (1, f"qemu-system-x86_64: -object {given}: {words}")
    assert second.startswith(f"note: {note}")


WRONG_INPUTS = {
    "unknown dialect": (["tables", "--dialect", "8.0", "--", "-M", "q35"], "unknown dialect '8.0'; known are: v2"),
    "unmodelled option": (["tables", "--", "-acpitable", "file=x"], "-acpitable: it adds a table of the user's own"),
    "unmodelled machine": (["tables", "--", "-M", "microvm"], "microvm"),
    "unmodelled object": (["tables", "--", "-object", "colo-compare,id=t"], "does not model it"),
    "unmodelled property": (["tables", "--", "-M", "q35,sgx-epc.0.memdev=m"], "SGX memory"),
    "help": (["tables", "--", "-M", "help"], "help"),
    "neither": (["tables"], "give either a scenario, or QEMU arguments after '--', or --libvirt"),
    "both": (["tables", "x.yaml", "--", "-M", "q35"], "give either a scenario, or QEMU arguments after '--', or"),
    "missing file": (["replay", "none.yaml"], "none.yaml: No such file or directory"),
    "folder": (["show", "scenarios"], "scenarios: Is a directory"),
    "no table": (["show", "README.md"], "README.md: "),
    "no command": ([], ""),
    "unknown command": (["frobnicate"], "frobnicate"),
    "QEMU arguments without --": (["tables", "-M", "q35"], "QEMU's arguments come after '--'"),
    "arguments after --": (["show", "x", "--", "-M", "q35"], "takes no QEMU arguments"),
}


@pytest.mark.parametrize("name", WRONG_INPUTS)
def test_wrong_input_ends_with_status_2_and_names_the_place(name):
    words, message = WRONG_INPUTS[name]
    done = run(*words)
    assert done.returncode == 2
    assert message in done.stderr


def test_scenario_errors_come_all_at_once_with_line_and_column(tmp_path):
    scenario = tmp_path / "bad.yaml"
    scenario.write_text("dialect: 8.0\ncommand-line: -M q35\nsteps:\n  - exekute: stop\nfoo: 1\n")
    done = run("replay", scenario)
    assert done.returncode == 2
    lines = done.stderr.strip().splitlines()
    assert [line.split(": ")[0] for line in lines] == [f"{scenario}:1:10", f"{scenario}:4:5", f"{scenario}:5:1"]
