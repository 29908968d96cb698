import pytest
from scenario_samples import FakeMachine, differences, run, srat_of

from sandbox.errors import InputError, MachineExit, UnmodelledError
from sandbox.scenario.model import Scenario
from sandbox.scenario.transcript import Ended, Outcome, Refused, Returned

ADD = "{execute: object-add, arguments: {id: gi0, node: 2}}"


def test_add_shows_after_the_next_reset_only() -> None:
    transcript = run(f"steps:\n  - {ADD}\n  - reset\n  - reset\n")
    add, first, second = transcript.steps
    assert transcript.passed
    assert (add.changed, first.changed, second.changed) == ((), ("srat",), ())
    assert first.before == transcript.start.after == add.after
    assert transcript.tables is not None
    assert transcript.tables.srat == srat_of((2, 0x20))


def test_machine_held_by_s_lets_firmware_read_at_cont() -> None:
    text = f"steps:\n  - {ADD}\n  - reset\n  - {{execute: cont}}\n  - {{execute: stop}}\n  - reset\n"
    transcript = run(text, FakeMachine(running=False))
    assert transcript.start.after is None
    assert [record.changed for record in transcript.steps] == [(), (), ("srat",), (), ()]


def test_expectation_before_firmware_has_read_fails() -> None:
    transcript = run("steps:\n  - expect: {nodes: 1, slit: absent}\n", FakeMachine(running=False))
    reason = "firmware has read none yet, since the machine has not run"
    assert differences(transcript) == [("nodes", "tables", reason), ("slit", "tables", reason)]


def test_unexpected_error_fails_the_step() -> None:
    transcript = run("steps:\n  - {execute: object-add, arguments: {id: a}}\n  - {execute: query}\n")
    assert [record.outcome for record in transcript.steps] == [Outcome.FAILED, Outcome.PASSED]
    assert transcript.steps[0].reply == Refused("GenericError", "Parameter 'node' is missing")
    assert differences(transcript) == [("reply", "a return", "GenericError: Parameter 'node' is missing")]
    assert not transcript.passed


@pytest.mark.parametrize(
    ("expectation", "found"),
    [
        ("return: {list: [1, {b: x}], flag: true, a: 1}", []),
        ("reply: any", []),
        ("return: {a: 1.0, list: [1, {b: y}, 3], flag: 1}", [
            ("return.a", "1.0", "1"),
            ("return.list[1].b", '"y"', '"x"'),
            ("return.list[2]", "3", "nothing"),
            ("return.flag", "1", "true"),
        ]),
        ("return: {a: 1, list: [1], more: null}", [
            ("return.list[1]", "nothing", '{"b": "x"}'),
            ("return.more", "null", "nothing"),
            ("return.flag", "nothing", "true"),
        ]),
        ("return: []", [("return", "[]", '{"a": 1, "list": [1, {"b": "x"}], "flag": true}')]),
        ("error: any", [("reply", "an error", 'return {"a": 1, "list": [1, {"b": "x"}], "flag": true}')]),
    ],
)  # fmt: skip
def test_return_is_compared_member_by_member(expectation: str, found: list[tuple[str, str, str]]) -> None:
    assert differences(run(f"steps:\n  - execute: query\n    {expectation}\n")) == found


@pytest.mark.parametrize(
    ("expectation", "found"),
    [
        ("error: any", []),
        ("reply: any", []),
        ("error: The command nope has not been found", []),
        ("error: {class: CommandNotFound}", []),
        ("error: {class: GenericError, desc: gone}", [
            ("error.class", "GenericError", "CommandNotFound"),
            ("error.desc", "gone", "The command nope has not been found"),
        ]),
        ("return: {}", [("reply", "return {}", "CommandNotFound: The command nope has not been found")]),
    ],
)  # fmt: skip
def test_error_is_compared_by_class_and_description(expectation: str, found: list[tuple[str, str, str]]) -> None:
    assert differences(run(f"steps:\n  - execute: nope\n    {expectation}\n")) == found


KILL = "execute: object-add, arguments: {id: gi0, node: 128}"


def test_machine_that_ends_unexpectedly_fails_the_step_and_ends_the_run() -> None:
    transcript = run(f"steps:\n  - {{{KILL}}}\n  - reset\nexpect: {{nodes: 1}}\n")
    kill, reset = transcript.steps
    assert kill.ended == Ended(1, "qemu: Invalid NUMA node specified")
    assert kill.reply is None
    assert differences(transcript) == [("exit", "the machine lives", "it ends with status 1")]
    assert (kill.outcome, reset.outcome, transcript.end.outcome) == (Outcome.FAILED, Outcome.NOT_RUN, Outcome.NOT_RUN)


@pytest.mark.parametrize(
    ("expected", "found"),
    [
        ("{}", []),
        ("{status: 1, stderr: Invalid NUMA node}", []),
        ('{stderr: ["qemu: Invalid NUMA node specified"]}', []),
        ("{status: 0}", [("exit.status", "0", "1")]),
        ("{stderr: bad}", [("exit.stderr", "... bad ...", "qemu: Invalid NUMA node specified")]),
        ("{stderr: []}", [("exit.stderr[0]", "nothing", "qemu: Invalid NUMA node specified")]),
    ],
)
def test_end_of_the_machine_is_compared_with_the_expected_one(expected: str, found: list[tuple[str, str, str]]) -> None:
    transcript = run(f"steps:\n  - {{{KILL}, exit: {expected}}}\n")
    assert differences(transcript) == found
    assert transcript.passed == (not found)


def test_machine_that_ends_at_a_reset_has_replied_before() -> None:
    text = "steps:\n  - {execute: object-add, arguments: {id: a, node: 9}}\n  - reset: {exit: {stderr: 9 is invalid}}\n"
    transcript = run(text)
    assert transcript.passed
    assert transcript.steps[1].reply == Returned({})
    assert transcript.steps[1].ended == Ended(1, "qemu: warning: old\nqemu: Specified node 9 is invalid.")
    assert transcript.steps[1].changed == ()


def test_machine_that_lives_though_it_should_end_fails() -> None:
    transcript = run("steps:\n  - reset: {exit: {}}\n  - reset\n")
    assert differences(transcript) == [("exit", "the machine ends with status 1", "it lives")]
    assert transcript.steps[1].outcome is Outcome.PASSED


def test_reply_that_an_ended_machine_owes_fails() -> None:
    transcript = run(f"steps:\n  - {{{KILL}, return: {{}}, exit: {{}}}}\n")
    assert differences(transcript) == [("reply", "return {}", "none: the machine ended before it replied")]


def test_step_behind_an_expected_end_is_not_run_and_fails_the_scenario() -> None:
    transcript = run(f"steps:\n  - {{{KILL}, exit: {{}}}}\n  - reset\n")
    assert [record.outcome for record in transcript.steps] == [Outcome.PASSED, Outcome.NOT_RUN]
    assert not transcript.passed


def refuse(_: Scenario) -> FakeMachine:
    raise MachineExit("qemu: no such machine", 1)


def test_machine_that_should_not_start_may_say_so() -> None:
    transcript = run("expect: {exit: {stderr: no such machine}}\n", refuse)
    assert transcript.passed
    assert transcript.dialect == ""
    assert transcript.start.ended == Ended(1, "qemu: no such machine")


def test_machine_that_does_not_start_fails_unless_that_is_expected() -> None:
    transcript = run("steps: [reset]\n", refuse)
    assert [record.outcome for record in transcript.records] == [Outcome.FAILED, Outcome.NOT_RUN, Outcome.NOT_RUN]


def test_machine_that_ends_as_firmware_first_reads_ends_at_the_start() -> None:
    transcript = run("expect: {exit: {stderr: 9 is invalid}}\n", FakeMachine(objects={"a": 9}))
    assert transcript.passed
    assert transcript.start.ended is not None


def test_end_that_the_scenario_expects_may_come_in_any_step() -> None:
    transcript = run(f"steps:\n  - {{{KILL}}}\nexpect: {{exit: {{stderr: Invalid}}, nodes: 1}}\n")
    assert transcript.passed
    wrong = run(f"steps:\n  - {{{KILL}}}\nexpect: {{exit: {{stderr: other}}}}\n")
    assert [record.outcome for record in wrong.records] == [Outcome.PASSED, Outcome.PASSED, Outcome.FAILED]


def test_quit_ends_the_machine_with_status_0() -> None:
    assert run("steps:\n  - {execute: quit, exit: {status: 0}}\n").passed


class Unable(FakeMachine):
    def execute(self, name: str, arguments: object) -> object:  # noqa: ARG002
        raise UnmodelledError(f"'{name}' is not modelled")


def test_what_is_not_modelled_fails_its_step_and_the_others_run() -> None:
    transcript = run("steps:\n  - execute: device_add\n  - expect: {nodes: 1}\n", Unable())
    first, second = transcript.steps
    assert (first.outcome, second.has_run) == (Outcome.FAILED, True)
    ((difference,),) = (check.differences for check in first.checks)
    assert difference.actual == "'device_add' is not modelled"


def test_start_that_is_not_modelled_is_reported_at_the_command_line() -> None:
    def unable(_: Scenario) -> FakeMachine:
        raise InputError("-device foo is not modelled")

    with pytest.raises(InputError, match=r"\Atest\.yaml:1:15: -device foo is not modelled\Z"):
        run("command-line: -device foo\n", unable)


def test_steps_are_called_by_their_name_or_by_what_they_do() -> None:
    text = (
        f"steps:\n  - {ADD}\n  - reset\n  - {{expect: {{nodes: 1}}, name: a look}}\n  - {{execute: query}}\n"
        "  - expect: {nodes: 2}\n  - {execute: object-del, arguments: {id: gi0}}\n"
    )
    titles = [record.title for record in run(text).records]
    assert titles == [
        "start the machine", "object-add gi0", "system_reset", "a look", "query", "look at the tables",
        "object-del gi0", "at the end",
    ]  # fmt: skip
