"""The sandbox answers a client as QEMU 10.0.2 was recorded to do, however its input is cut."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pytest
from qmp_cases import LIVES, PREFIXES, Case
from qmp_exchanges import answers, arguments_of, cut, make_hub, recorded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

RECORDED: Final = recorded()
LONGEST_TO_SPLIT_EVERYWHERE: Final = 300


def replayed(pieces: Callable[[bytes], Iterable[bytes]], number: int) -> list[tuple[str, list[str]]]:
    hub = make_hub(arguments_of(number))
    return [
        (entry["sent"], answers(hub, pieces(PREFIXES[entry["kind"]] + entry["sent"].encode("latin-1"))))
        for entry in RECORDED[number]
    ]


def expected(number: int) -> list[tuple[str, list[str]]]:
    return [(entry["sent"], entry["received"]) for entry in RECORDED[number]]


def test_every_case_is_recorded() -> None:
    kept = [[(entry["kind"], entry["sent"].encode("latin-1")) for entry in life] for life in RECORDED]
    assert kept == [[tuple(case) for case in life] for life in LIVES]
    assert sum(map(len, LIVES)) >= 150


@pytest.mark.parametrize("number", range(len(RECORDED)))
@pytest.mark.parametrize(
    "pieces",
    [lambda data: [data], lambda data: cut(data, 1), lambda data: cut(data, 7)],
    ids=["whole", "byte by byte", "in sevens"],
)
def test_answers_are_as_recorded(pieces: Callable[[bytes], Iterable[bytes]], number: int) -> None:
    assert replayed(pieces, number) == expected(number)


def test_answers_are_as_recorded_when_the_input_is_split_at_every_byte() -> None:
    """Cases that only ask; what changes the machine is split elsewhere."""
    hub = make_hub(arguments_of(0))
    for entry in RECORDED[0]:
        data = PREFIXES[entry["kind"]] + entry["sent"].encode("latin-1")
        if len(data) > LONGEST_TO_SPLIT_EVERYWHERE:
            continue
        for at in range(1, len(data)):
            assert answers(hub, (data[:at], data[at:])) == entry["received"], (entry["sent"], at)


def test_cases_that_end_the_machine_end_it() -> None:
    statuses = []
    for number in range(2, len(RECORDED)):
        hub = make_hub(arguments_of(number))
        case: dict[str, Any] = RECORDED[number][0]
        answers(hub, [Case(case["kind"], case["sent"].encode("latin-1")).data])
        statuses.append(None if hub.ended is None else hub.ended.status)
    assert statuses == [0, 0, 1, 0]
