"""A run kept as files reads back as the same run, and what a person changes in the files shows."""

import json

import pytest
from compare_samples import SCENARIO, SomeTables, scenario, srat

from sandbox.compare.emulated import compare_last_tables, compare_run, compare_runs, emulated
from sandbox.compare.recording import RECORDING_FILE, SCENARIO_FILE, read_recording, recording_files
from sandbox.compare.run import Run
from sandbox.compare.transcripts import without_expectations
from sandbox.errors import InputError, MachineExit
from sandbox.records import replace
from sandbox.scenario.load import load_scenario


def run_of(text=SCENARIO):
    bare = without_expectations(load_scenario(text, "sample.yaml"))
    return Run(bare, emulated(bare), bare.command_line, (10, 0, 2), "somebody's build", ("a change",), ("a note",))


def steps_of(run):
    return (run.transcript.start, *run.transcript.steps)


def files_of(run):
    return recording_files(run, lambda data: f"{data[:4].decode()}\n")


def read(files, name="rec"):
    def get(file):
        if file not in files:
            raise FileNotFoundError(2, "No such file or directory")
        return files[file]

    return read_recording(get, name)


def test_a_recording_has_its_tables_beside_what_people_read():
    files = files_of(run_of())
    assert sorted(files) == ["00-srat.dat", "00-srat.txt", "02-srat.dat", "02-srat.txt", RECORDING_FILE, SCENARIO_FILE]
    assert files["02-srat.dat"][:4] == b"SRAT"
    assert files["02-srat.dat"] != files["00-srat.dat"]


def test_a_recording_reads_back_as_the_same_run():
    run = run_of()
    back = read(files_of(run))
    assert (back.version, back.package, back.words) == (run.version, run.package, run.words)
    assert (back.changes, back.notes, back.label) == (run.changes, run.notes, run.label)
    for ours, theirs in zip(steps_of(run), steps_of(back), strict=True):
        assert (ours.reply, ours.ended, ours.has_run, ours.sent) == (
            theirs.reply,
            theirs.ended,
            theirs.has_run,
            theirs.sent,
        )
        assert getattr(ours.after, "srat", None) == getattr(theirs.after, "srat", None)
    assert files_of(back) == files_of(run)


def test_the_sandbox_agrees_with_a_recording_of_itself():
    comparison = compare_run(read(files_of(run_of())))
    assert comparison.passed
    assert [len(step.checks) > 0 for step in comparison.steps] == [True, True, True, True, True, False]
    assert not comparison.steps[-1].has_run
    assert comparison.changes == ("a change",)


def test_a_byte_changed_in_a_recorded_table_is_found_at_its_step():
    files = files_of(run_of())
    files["02-srat.dat"] = files["02-srat.dat"][:-20] + b"\7" + files["02-srat.dat"][-19:]
    comparison = compare_run(read(files))
    assert [step.title for step in comparison.failed_steps] == ["system_reset"]
    assert [check.what for check in comparison.failed_steps[0].checks if not check.passed] == ["srat"]


def test_a_reply_changed_in_a_recording_is_found():
    files = files_of(run_of())
    recorded = json.loads(files[RECORDING_FILE])
    recorded["steps"][3]["error"]["desc"] = "object 'nobody' not found"
    files[RECORDING_FILE] = json.dumps(recorded).encode()
    (step,) = compare_run(read(files)).failed_steps
    assert step.checks[0].differences[0].path == "error.desc"


def test_a_recorded_machine_that_lives_longer_is_found():
    files = files_of(run_of())
    recorded = json.loads(files[RECORDING_FILE])
    del recorded["steps"][4]["ended"]
    recorded["steps"][4]["return"] = {}
    files[RECORDING_FILE] = json.dumps(recorded).encode()
    (step,) = compare_run(read(files)).failed_steps
    assert [check.what for check in step.checks if not check.passed] == ["reply", "exit"]


def test_two_runs_are_compared_with_each_other():
    run = run_of()
    assert compare_runs(run, run).passed
    other = run_of(SCENARIO.replace("node: 1}", "node: 0}"))
    with pytest.raises(InputError, match="not of the same steps"):
        compare_runs(run, other)
    changed = replace(run, transcript=other.transcript)
    assert [step.title for step in compare_runs(run, changed).failed_steps] == ["system_reset"]


@pytest.mark.parametrize(
    ("file", "text", "message"),
    [
        (RECORDING_FILE, "{", r"rec/recording\.json: not JSON"),
        (RECORDING_FILE, "[]", "not a recording of format 1; record it anew"),
        (RECORDING_FILE, '{"format": 2}', "not a recording of format 1"),
        (RECORDING_FILE, '{"format": 1}', "not a whole recording: KeyError"),
        (RECORDING_FILE, '{"format": 1, "steps": []}', "0 steps for a scenario of 5"),
        (RECORDING_FILE, '{"format": 1, "steps": 5}', "not a whole recording"),
        (RECORDING_FILE, "\xff", r"not UTF-8 at byte 0"),
        (SCENARIO_FILE, None, r"rec/scenario\.yaml: no recording: No such file"),
        ("02-srat.dat", None, "a table of the recording cannot be read"),
    ],
)
def test_what_is_no_recording_is_wrong_input(file, text, message):
    files = files_of(run_of())
    if text is None:
        del files[file]
    else:
        files[file] = text.encode("latin-1")
    with pytest.raises(InputError, match=message):
        read(files)


def test_tables_from_elsewhere_are_compared_with_the_last_ones():
    living = SCENARIO.partition("  - execute: object-del")[0]
    tables = emulated(scenario(living)).tables
    assert compare_last_tables(scenario(living), tables, "a file").passed
    comparison = compare_last_tables(scenario(living), SomeTables(srat((1, 0x20))), "a file", notes=["x"])
    assert (comparison.passed, comparison.theirs, comparison.notes) == (False, "a file", ("x",))


def test_a_machine_that_ends_has_no_last_tables():
    with pytest.raises(MachineExit, match="Invalid NUMA node"):
        compare_last_tables(scenario(), SomeTables(), "a file")


def test_a_machine_that_is_held_runs_before_its_tables_are_compared_with_those_of_one_that_ran():
    living = SCENARIO.partition("steps:")[0]
    tables = emulated(scenario(living)).tables
    held = scenario(living.replace("-M q35", "-S -M q35"))
    assert compare_last_tables(held, tables, "a file").passed
    assert not compare_last_tables(held, SomeTables(), "a file").passed
