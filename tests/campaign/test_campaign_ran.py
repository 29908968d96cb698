"""What a campaign counts is what QEMU did, and not what was drawn."""

import pytest

from sandbox.campaign.case import Case
from sandbox.campaign.cases import random_case
from sandbox.campaign.ran import what_ran
from sandbox.campaign.sides import Did, Ended, emulated, run
from sandbox.campaign.target import Target

NOT_LIVE = "what QEMU did is made up"

ADD = ("object-add", {"qom-type": "iothread", "id": "a"})
RESET = ("system_reset", None)
CASE = Case(
    1, 0, "native", "q35", ("-M", "q35"), (ADD, RESET, ("frob", None), ADD, RESET),
    frozenset({
        (0, "q35"), (0, "objects"), (0, "refused-starts"), (1, "adds"), (3, "error-replies"), (4, "re-adds"),
        (5, "several-rounds"), (4, "ends"),
    }),
)  # fmt: skip
NO_TABLES = (None, None, None)
START = Did(tables=NO_TABLES)
DONE = Did({"return": {}})
READ = Did({"return": {}}, NO_TABLES)
ERROR = Did({"error": {"class": "GenericError", "desc": "no"}})
AT_START = frozenset({"q35", "objects"})


SOME = AT_START | {"adds", "error-replies"}
ALL = SOME | {"re-adds", "several-rounds"}


@pytest.mark.parametrize(
    ("theirs", "rounds", "commands", "features"),
    [
        ([], 0, 0, frozenset()),
        ([Did(ended=Ended(1, "no"))], 0, 0, {"q35", "refused-starts"}),
        ([Did(ended=Ended(-6, "no"))], 0, 0, {"q35", "refused-starts"}),
        ([Did(ended=Ended(-11, ""))], 0, 0, {"q35", "refused-starts"}),
        ([START], 1, 0, AT_START),
        ([START, DONE, READ, ERROR, DONE, READ], 3, 5, ALL),
        ([START, ERROR, READ, DONE], 2, 3, AT_START),
        ([START, DONE, READ, ERROR, Did(ended=Ended(1, "x"))], 2, 4, SOME | {"ends"}),
        ([START, DONE, READ, ERROR], 2, 3, SOME),
        ([START, DONE, Did({"return": {}}, ended=Ended(1, "x"))], 1, 2, AT_START | {"adds", "ends"}),
    ],
    ids=[
        "nothing known", "refused", "aborted at the start", "a crash that was foreseen", "silent afterwards", "all",
        "answers of the other sort", "ended by a command", "cut short", "ended at a reset",
    ],
)  # fmt: skip
def test_only_what_qemu_did_is_counted(theirs, rounds, commands, features):
    found = what_ran(CASE, theirs)
    assert (found.rounds, found.commands, found.features) == (rounds, commands, features)
    assert found.refused == ("refused-starts" in features)


def test_what_is_covered_in_a_history_belongs_to_the_command_that_does_it():
    target = Target("x86_64", (10, 0, 2), "10.0", ("q35", "pc"))
    names = {
        "adds": "object-add", "re-adds": "object-add", "deletes": "object-del", "qom-sets": "qom-set",
        "human-monitor": "human-monitor-command", "several-rounds": "system_reset", "failed-completions": "object-add",
        "duplicates": "object-add", "companion-adds": "object-add", "port-adds": "object-add",
    }  # fmt: skip
    seen = set()
    for number in range(150):
        case = random_case(7, number, target)
        for step, feature in case.covers:
            assert step <= len(case.commands)
            if feature in names:
                assert case.commands[step - 1][0] == names[feature], (number, feature)
                seen.add(feature)
        resets = [step for step, (name, _) in enumerate(case.commands, 1) if name == "system_reset"]
        assert [step for step, feature in case.covers if feature == "several-rounds"] in (
            [],
            *([at] for at in resets[1:]),
        ) or len(resets) > 2
    assert seen == set(names)


def test_most_of_what_is_drawn_is_done_where_the_machine_starts():
    target = Target("x86_64", (10, 0, 2), "10.0", ("q35", "pc"))
    for number in range(60):
        case = random_case(8, number, target)
        theirs = run(lambda words=case.arguments: emulated((target.program, *words), "10.0"), case.commands)
        done = what_ran(case, theirs)
        if theirs[-1].ended is None:
            assert case.features - done.features <= {"refused-starts", "ends", "error-replies", "duplicates"}
            assert done.commands == len(case.commands)
