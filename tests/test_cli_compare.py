"""``compare`` and ``record``: what of their input is wrong is said, with status 2; none of it needs a QEMU."""

import pytest

from sandbox.cli import main

SMALL = "-M q35 -m 128M -object memory-backend-ram,id=m0,size=128M -numa node,memdev=m0 -numa node"


def run(capsys, *words):
    status = main([str(word) for word in words])
    printed = capsys.readouterr()
    return status, printed.out, printed.err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["compare"], "give either scenarios or QEMU arguments after '--'"),
        (["compare", "none.yaml"], "none.yaml: No such file or directory"),
        (["compare", "--attach", "unix:/x", "--dump", "f"], "--attach and --dump exclude each other"),
        (["compare", "--recorded", "none"], "none: No such file or directory"),
        (["compare", "--attach", ""], "--attach has no value"),
        (["compare", "--recorded", "none", "--firmware", "none"], "--firmware says nothing beside --recorded"),
        (["compare", "--dump", "f", "--qemu", "x", "--", "-M", "q35"], "--qemu says nothing beside --dump"),
        (["compare", "--dialect", "foo", "--", "-M", "q35"], "unknown dialect 'foo'"),
        (["compare", "--qemu", "", "--", "-M", "q35"], "--qemu names no program"),
        (["record", "-o", "out", "--name", "../x", "--qemu", "true", "--", "-M", "q35"], "it is no name of a folder"),
        (["compare", "--", "/no/such/qemu-system-x86_64", "-M", "q35"], "no /no/such/qemu-system-x86_64 on PATH"),
        (["compare", "--recorded", "none", "--", "-M", "q35"], "give no scenario and no QEMU arguments"),
        (["compare", "--qemu", "'x", "--", "-M", "q35"], "words as for a shell: no closing quotation"),
        (["compare", "--socket-root", "x", "--qemu", "true", "--", "-M", "q35"], "DIR-HERE:DIR-AS-QEMU-SEES-IT"),
        (["compare", "--dump", "none.dat", "--", "-M", "q35"], "none.dat: No such file or directory"),
        (["record", "-o", "out"], "give either scenarios or QEMU arguments after '--'"),
    ],
)
def test_wrong_input_is_named(capsys, words, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    status, _, err = run(capsys, *words)
    assert status == 2
    assert message in err
    assert "Traceback" not in err


def test_a_folder_without_recordings_is_wrong_input(capsys, tmp_path):
    status, _, err = run(capsys, "compare", "--recorded", tmp_path)
    assert status == 2
    assert "no recording in here; make one with 'qom-sandbox record'" in err


def test_two_scenarios_of_one_name_cannot_be_recorded_together(capsys, tmp_path):
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "x.yaml").write_text("name: x\ncommand-line: -M q35\n")
    names = [tmp_path / folder / "x.yaml" for folder in ("a", "b")]
    status, _, err = run(capsys, "record", "--qemu", "true", *names, "-o", tmp_path / "out")
    assert status == 2
    assert "would be recorded under one name, 'x'" in err


def test_tables_that_a_person_brought_are_compared(capsys, tmp_path):
    assert run(capsys, "tables", "-o", tmp_path, "--", *SMALL.split())[0] == 0
    status, out, _ = run(capsys, "compare", "--dump", tmp_path / "srat.dat", "--", *SMALL.split())
    assert status == 0
    assert "not compared: SLIT, HMAT" in out
    status, out, _ = run(capsys, "compare", "--dump", tmp_path / "srat.dat", "--", *SMALL.split(), "-numa", "node")
    assert status == 1
    assert "SRAT, from ours (-) to theirs (+)" in out


@pytest.mark.parametrize("text", ["0", "-1", "nan", "inf", "1e300", "soon"])
def test_a_time_out_is_a_time(capsys, text):
    with pytest.raises(SystemExit) as caught:
        main(["compare", "--timeout", text, "--", "-M", "q35"])
    assert caught.value.code == 2
    assert f"invalid seconds value: '{text}'" in capsys.readouterr().err


def test_in_a_folder_what_is_no_table_is_passed_over_and_named(capsys, tmp_path):
    run(capsys, "tables", "-o", tmp_path, "--", *SMALL.split())
    (tmp_path / "srat.dsl").write_text("/* source */")
    status, out, _ = run(capsys, "compare", "--dump", tmp_path, "--", *SMALL.split())
    assert status == 0
    assert "passed over, since they hold no tables: srat.dsl" in out


def test_a_held_machine_is_compared_with_the_tables_of_one_that_ran(capsys, tmp_path):
    run(capsys, "tables", "-o", tmp_path, "--", *SMALL.split())
    assert run(capsys, "compare", "--dump", tmp_path, "--", *SMALL.split(), "-S")[0] == 0
    assert run(capsys, "compare", "--dump", tmp_path, "--", *SMALL.split(), "-numa", "node", "-S")[0] == 1


def test_a_machine_that_would_end_cannot_be_compared_with_tables(capsys, tmp_path):
    run(capsys, "tables", "-o", tmp_path, "--", *SMALL.split())
    words = [*SMALL.split(), "-device", "nope"]
    status, _, err = run(capsys, "compare", "--dump", tmp_path / "srat.dat", "--", *words)
    assert status == 1
    assert "QEMU would end with status 1" in err


def test_a_monitor_at_which_nobody_listens_gives_no_answer(capsys, tmp_path):
    status, _, err = run(capsys, "compare", "--attach", f"unix:{tmp_path / 'none'}")
    assert status == 3
    assert "No such file or directory. Is the VM running" in err
    assert run(capsys, "compare", "--attach", "none")[0] == 2
