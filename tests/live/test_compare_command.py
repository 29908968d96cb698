"""``compare`` and ``record`` as a user runs them, against a live QEMU."""

import json
import os
import signal
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from contextlib import ExitStack
from pathlib import Path

import pytest
from firmware_machines import find_edk2

from sandbox.cli import main

pytestmark = pytest.mark.live

ROOT = Path(__file__).parents[2]
SCENARIOS = sorted((ROOT / "scenarios").glob("*.yaml"))
SMALL = "-M q35 -m 128M -object memory-backend-ram,id=m0,size=128M -numa node,memdev=m0 -numa node"
GPU = "-device pci-testdev,id=dev0,addr=4 -object acpi-generic-initiator,id=gi0,pci-dev=dev0,node=1"


def options(binary):
    """How a command is told of the QEMU under test, whatever the machine."""
    return ["--binary-prefix", " ".join(binary[:-1])] if binary[:-1] else []


def run(capsys, *words):
    status = main([str(word) for word in words])
    printed = capsys.readouterr()
    return status, printed.out, printed.err


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)
def test_a_shipped_scenario_is_the_same_on_a_live_qemu(capsys, qemu_x86, qemu_arm, path):
    status, out, err = run(capsys, "compare", path, *options(qemu_x86))
    assert (status, err) == (0, ""), out
    assert out.endswith("the same\n")


def test_qemu_arguments_are_compared(capsys, qemu_x86):
    status, out, _ = run(capsys, "compare", "--json", *options(qemu_x86), "--", *SMALL.split(), *GPU.split())
    (found,) = json.loads(out)
    assert (status, found["passed"], found["file"]) == (0, True, "command line")
    (start,) = found["steps"]
    assert start["ours"]["tables"]["srat"] == start["theirs"]["tables"]["srat"]
    assert [check["what"] for check in start["checks"]] == ["srat"]


def test_a_machine_that_is_held_runs_at_last_so_that_its_tables_are_compared(capsys, qemu_x86):
    status, out, _ = run(capsys, "compare", "--json", *options(qemu_x86), "--", *SMALL.split(), *GPU.split(), "-S")
    (found,) = json.loads(out)
    start, last = found["steps"]
    assert (status, start["ours"]["tables"], last["sent"]["execute"]) == (0, None, "cont")
    assert [check["what"] for check in last["checks"]] == ["reply", "srat"]


def test_quit_ends_both(capsys, qemu_x86, tmp_path):
    file = tmp_path / "quit.yaml"
    file.write_text("name: quit\ncommand-line: -M q35\nsteps:\n  - execute: quit\n    exit: {status: 0}\n")
    assert run(capsys, "compare", file, *options(qemu_x86))[0] == 0
    assert run(capsys, "replay", file)[0] == 0


def test_steps_touch_no_file_of_the_users(capsys, qemu_x86, tmp_path):
    members = f"id: hp, size: 1048576, mem-path: {tmp_path / 'taken'}, share: true"
    file = tmp_path / "file.yaml"
    file.write_text(
        f"name: a file\ndialect: 10.0\ncommand-line: {SMALL}\nsteps:\n"
        f"  - {{execute: object-add, arguments: {{qom-type: memory-backend-file, {members}}}}}\n"
        "  - {execute: qom-list, arguments: {path: /objects}}\n"
    )
    status, out, _ = run(capsys, "compare", file, *options(qemu_x86))
    assert status == 0
    assert "changed for the run: object-add" in out
    assert not (tmp_path / "taken").exists()


def test_a_command_that_is_not_modelled_is_not_sent(capsys, qemu_x86, tmp_path):
    file = tmp_path / "screen.yaml"
    picture = tmp_path / "picture"
    file.write_text(
        "name: x\ndialect: 10.0\ncommand-line: -M q35\nsteps:\n"
        f"  - {{execute: screendump, arguments: {{filename: {picture}}}}}\n"
    )
    status, _, err = run(capsys, "compare", file, *options(qemu_x86))
    assert status == 2
    assert "screen.yaml:5:5: the QMP command 'screendump' is not modelled, and is not sent to a QEMU either" in err
    assert not picture.exists()


def test_every_shipped_scenario_can_be_recorded_and_compared(capsys, qemu_x86, tmp_path):
    status, _, err = run(capsys, "record", *SCENARIOS, "-o", tmp_path, *options(qemu_x86))
    assert (status, err) == (0, "")
    status, out, err = run(capsys, "compare", "--recorded", tmp_path)
    assert (status, err, out.count("\nthe same\n")) == (0, "", len(SCENARIOS))


def test_a_sigterm_ends_the_qemu_too(qemu_x86, tmp_path):
    program = tmp_path / "slow-qemu"
    program.write_text(f"#!/bin/sh\necho $$ > {tmp_path / 'pid'}\nexec sleep 60\n")
    program.chmod(0o755)
    command = [sys.executable, "-m", "sandbox.cli", "compare", "--qemu", str(program), "--", "-M", "q35"]
    process = subprocess.Popen(command, cwd=ROOT, env={**os.environ, "TMPDIR": str(tmp_path)})
    wait_until(lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text())
    process.terminate()
    assert process.wait(20) == 128 + signal.SIGTERM
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)
    assert not list(tmp_path.glob("qom-*"))


def test_a_command_line_that_both_refuse_is_the_same(capsys, qemu_x86):
    words = [*SMALL.split(), "-numa", "dist,src=0,dst=7,val=20"]
    status, out, _ = run(capsys, "compare", *options(qemu_x86), "--", *words)
    assert status == 0
    assert "ends with status 1" in out


def test_a_recording_holds_what_the_qemu_gave(capsys, qemu_x86, tmp_path):
    names = ["error-replies", "object-add-kills", "reset-kills", "hmat", "held-at-start"]
    files = [ROOT / "scenarios" / f"{name}.yaml" for name in names]
    status, out, err = run(capsys, "record", *files, "-o", tmp_path, *options(qemu_x86))
    assert (status, err) == (0, ""), err
    assert out.count("QEMU ") == len(names)
    assert run(capsys, "compare", "--recorded", tmp_path)[0] == 0
    assert run(capsys, "compare", "--recorded", tmp_path, "--qemu", " ".join(qemu_x86))[0] == 0
    again = tmp_path / "again"
    run(capsys, "record", *files, "-o", again, *options(qemu_x86))
    for name in names:
        first, second = ({p.name: p.read_bytes() for p in (root / name).iterdir()} for root in (tmp_path, again))
        assert first == second
    living = [tmp_path / name / "scenario.yaml" for name in ("error-replies", "hmat", "held-at-start")]
    assert run(capsys, "replay", *living)[0] == 0


def test_a_change_in_a_recording_is_named_and_reported_as_junit(capsys, qemu_x86, tmp_path):
    run(capsys, "record", *options(qemu_x86), "--name", "gpu", "-o", tmp_path, "--", *SMALL.split(), *GPU.split())
    table = tmp_path / "gpu" / "00-srat.dat"
    data = bytearray(table.read_bytes())
    data[-28] ^= 3  # the PXM of the last entry, a Generic Initiator
    table.write_bytes(bytes(data))
    status, out, _ = run(capsys, "compare", "--recorded", tmp_path, "--junit", tmp_path / "junit.xml")
    assert status == 1
    assert "DIFF" in out
    assert "Generic Initiator" in out
    root = ET.parse(tmp_path / "junit.xml").getroot()
    assert (root.get("tests"), root.get("failures")) == ("1", "1")


def test_dumped_tables_are_compared(capsys, qemu_x86, tmp_path):
    from sandbox.acpi.dump import RawTable, to_acpidump
    from sandbox.live import read_all_tables, start

    words = [*SMALL.split(), *GPU.split()]
    with start(qemu_x86, words) as session:
        tables = [RawTable(table[:4].decode(), table) for table in read_all_tables(session)]
    text = tmp_path / "acpidump.txt"
    text.write_text(to_acpidump(tables))
    folder = tmp_path / "tables"
    folder.mkdir()
    for number, table in enumerate(tables):
        (folder / f"{table.name.lower()}{number}.dat").write_bytes(table.data)
    dialect = ["--dialect", "11.1" if "chroot" in qemu_x86 else "10.0"]
    assert run(capsys, "compare", *dialect, "--dump", text, "--", *words)[0] == 0
    assert run(capsys, "compare", *dialect, "--dump", folder, "--", *words)[0] == 0
    status, out, _ = run(capsys, "compare", *dialect, "--dump", text, "--", *SMALL.split())
    assert status == 1
    assert "Generic Initiator" in out


def test_firmware_numbers_the_bus_behind_a_root_port_as_the_sandbox_does(capsys, qemu_x86):
    firmware = ["--firmware", "enumerated", "--json"]
    status, out, _ = run(capsys, "compare", ROOT / "scenarios" / "root-port.yaml", *firmware, *options(qemu_x86))
    (found,) = json.loads(out)
    assert (status, found["firmware"]) == (0, "enumerated")
    assert "0000000100" in found["steps"][0]["theirs"]["tables"]["srat"]


def test_edk2_numbers_the_bus_of_a_presets_gpu_as_the_sandbox_does(capsys, qemu_arm):
    """Expected of the last entry: domain 8, and a handle of segment 0, bus 1, device 0."""
    find_edk2()
    scenario = ROOT / "scenarios" / "gh200-one-gpu.yaml"
    status, out, _ = run(capsys, "compare", scenario, "--firmware", "enumerated", "--json", *options(qemu_arm))
    (found,) = json.loads(out)
    assert (status, found["firmware"]) == (0, "enumerated")
    assert "0800000000000100" in found["steps"][0]["theirs"]["tables"]["srat"]


@pytest.mark.parametrize("extra", [[], ["-S"]], ids=["running", "held at first"])
def test_a_running_vm_is_compared_and_what_was_changed_in_it_is_named(capsys, qemu_x86, tmp_path, extra):
    from sandbox.live.qmp import QmpConnection
    from sandbox.live.readonly import connect

    sockets = [tmp_path / name for name in ("for-us", "for-changes")]
    monitors = [word for path in sockets for word in ("-qmp", f"unix:{path},server=on,wait=off")]
    command = [*qemu_x86, *SMALL.split(), *GPU.split(), *extra, "-display", "none", *monitors]
    with ExitStack() as ends:
        process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        ends.callback(process.wait, 20)
        ends.callback(process.terminate)
        wait_until(sockets[1].exists)
        ends.callback((other := QmpConnection(connect(f"unix:{sockets[1]}", 20), 20, 20)).close)
        attach = ["compare", "--json", "--attach", f"unix:{sockets[0]}"]
        if extra:
            status, _, err = run(capsys, *attach)
            assert (status, "firmware has not installed its tables: the run state is prelaunch" in err) == (3, True)
            other.execute("cont")
        (found,) = wait_until(lambda: compared(capsys, attach))
        assert (found["passed"], found["firmware"], found["notes"]) == (True, "enumerated", [])
        assert found["theirs"].endswith(f"running, at unix:{sockets[0]}")
        other.execute("object-del", {"id": "gi0"})
        other.execute("system_reset")
        (found,) = wait_until(lambda: [each for each in compared(capsys, attach) if not each["passed"]])
        (difference,) = found["steps"][0]["checks"][0]["differences"]
        assert difference["path"].startswith("srat.Generic Initiator")
        assert difference["theirs"] == "absent"
        assert found["notes"][0].startswith("the VM's objects or devices are not those of its command line")
        status, out, _ = run(capsys, *attach, "--", *SMALL.split(), "-numa", "node")
        assert (status, json.loads(out)[0]["passed"]) == (1, False)


def wait_until(look):
    """Return what a look finds, once it finds something."""
    deadline = time.monotonic() + 30
    while not (found := look()):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return found


def compared(capsys, words):
    """The comparisons with a running VM; none while its firmware is at work."""
    return [found for found in json.loads(run(capsys, *words)[1]) if "error" not in found]


def test_a_qemu_that_is_not_there_is_wrong_input(capsys):
    status, _, err = run(capsys, "compare", "--qemu", "no-such-qemu", "--", *SMALL.split())
    assert status == 2
    assert "no no-such-qemu on PATH: name a QEMU with --qemu, or install one" in err


def test_a_program_that_is_no_qemu_fails_with_its_words(capsys):
    status, out, err = run(capsys, "compare", "--timeout", "0.5", "--qemu", "sleep", "--", *SMALL.split())
    assert (status, out) == (3, "")
    assert "sleep" in err


def test_a_qemu_for_other_machines_is_wrong_input(capsys, qemu_arm):
    status, _, err = run(capsys, "compare", "--qemu", " ".join(qemu_arm), "--", *SMALL.split())
    assert (status, "has no such machine as the command line asks for" in err) == (2, True)
