"""A session without I/O: its states, its bounds, and that nothing but the bytes themselves decides its answers."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from qmp_cases import HELD, LIVES, READY, STATUS, Case, command
from qmp_exchanges import Loopback, answers, lines_of, make_hub

from sandbox.errors import QemuError
from sandbox.qmp.session import LARGEST_INPUT, TRANSITIONS, Request, Session, SessionError, State, Step
from sandbox.qmp.wire import ABSENT

if TYPE_CHECKING:
    from sandbox.qmp.hub import Hub

VERSION: Final = {"qemu": {"micro": 2, "minor": 0, "major": 10}, "package": ""}
NEGOTIATE: Final = b'{"execute":"qmp_capabilities"}'
ALIVE: Final = '{"return": {"status": "prelaunch", "running": false}, "id": "alive"}'
RESYNCHRONISE: Final = b'\xff\n{"execute":"query-status","id":"alive"}'
"""A byte that no text holds ends whatever has begun; after the line end the next text is read."""

WORDS: Final = re.compile(rb"[a-z-]+|.", re.DOTALL)


@pytest.fixture(scope="module")
def hub() -> Hub:
    return make_hub(HELD)


@pytest.fixture(scope="module")
def hubs() -> list[Hub]:
    """Machines, of which the last one may be alive."""
    return [make_hub(HELD)]


@pytest.fixture
def session() -> Session:
    made = Session()
    made.open(VERSION)
    return made


def drain(session: Session) -> list[Request | bytes]:
    return list(iter(session.next_event, None))


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("step", Step)
def test_a_session_takes_only_the_steps_of_its_table(state: State, step: Step) -> None:
    session = Session()
    session.state = state
    if (state, step) in TRANSITIONS:
        session._step(step)
        assert session.state is TRANSITIONS[state, step]
    else:
        with pytest.raises(SessionError, match=f"{state.value} cannot {step.value}"):
            session._step(step)


def test_a_session_opens_with_the_greeting_and_only_once() -> None:
    session = Session()
    assert session.open(VERSION) == (
        b'{"QMP": {"version": {"qemu": {"micro": 2, "minor": 0, "major": 10}, "package": ""}, "capabilities": ["oob"]}}'
        b"\r\n"
    )
    with pytest.raises(SessionError, match="negotiating cannot open"):
        session.open(VERSION)


def test_a_session_takes_no_bytes_before_its_greeting_nor_after_its_end(session: Session) -> None:
    with pytest.raises(SessionError, match="new takes no bytes"):
        Session().receive_data(b"{}")
    session.receive_data(NEGOTIATE * 2)
    session.close()
    assert drain(session) == []
    with pytest.raises(SessionError, match="closed takes no bytes"):
        session.receive_data(b"{}")


def test_a_session_keeps_at_most_so_much_that_nobody_asked_for(session: Session) -> None:
    session.receive_data(b" " * LARGEST_INPUT)
    with pytest.raises(SessionError, match="wait for next_event"):
        session.receive_data(b" ")
    assert session.next_event() is None
    session.receive_data(b" " * LARGEST_INPUT)


def test_bytes_are_only_kept_until_they_are_asked_for(session: Session) -> None:
    session.receive_data(NEGOTIATE)
    assert session.state is State.NEGOTIATING
    assert drain(session) == [b'{"return": {}}\r\n']
    assert session.state is State.READY


def test_a_request_has_its_name_arguments_and_id(session: Session) -> None:
    session.receive_data(NEGOTIATE + STATUS + b'{"id":null,"execute":"a","arguments":{"b":[1.5]}}')
    assert drain(session)[1:] == [Request("query-status"), Request("a", {"b": [1.5]}, None)]
    assert Request("query-status").id is ABSENT


def test_replies_carry_the_id_where_qemu_writes_it(session: Session) -> None:
    request = Request("x", None, {"b": 1, "a": [None]})
    assert session.answer(request, [1]) == b'{"return": [1], "id": {"a": [null], "b": 1}}\r\n'
    assert session.refuse(request, QemuError("d", "C")) == (
        b'{"id": {"a": [null], "b": 1}, "error": {"class": "C", "desc": "d"}}\r\n'
    )


def test_out_of_band_requests_are_told_apart_once_they_are_negotiated(session: Session) -> None:
    session.receive_data(b'{"execute":"qmp_capabilities","arguments":{"enable":["oob"]}}{"exec-oob":"yank","id":1}')
    assert drain(session)[1:] == [Request("yank", None, 1, oob=True)]
    assert session.oob


@st.composite
def cut_inputs(draw: st.DrawFn) -> tuple[bytes, list[bytes]]:
    cases = draw(st.lists(st.sampled_from([case for case in LIVES[0] if len(case.sent) < 400]), min_size=1, max_size=4))
    data = NEGOTIATE + b"".join(case.sent for case in cases)
    places = sorted(draw(st.lists(st.integers(0, len(data)), max_size=12)))
    return data, [data[begin:end] for begin, end in zip([0, *places], [*places, len(data)], strict=True)]


@settings(max_examples=150, deadline=None)
@given(cut_inputs())
def test_any_cutting_gives_the_same_answers(hub: Hub, cut: tuple[bytes, list[bytes]]) -> None:
    """The cases leave the machine as they found it."""
    data, pieces = cut
    assert answers(hub, pieces) == answers(hub, [data])


@settings(max_examples=300, deadline=None)
@given(st.lists(st.binary(max_size=60), max_size=5))
def test_after_any_bytes_a_correct_command_is_answered(hub: Hub, pieces: list[bytes]) -> None:
    assert answers(hub, [NEGOTIATE, *pieces, RESYNCHRONISE])[-1] == ALIVE


@st.composite
def damaged_inputs(draw: st.DrawFn) -> bytes:
    """Cases with some of their words left out, doubled or exchanged."""
    case = draw(st.sampled_from([case for case in LIVES[0] if case.kind == READY and len(case.sent) < 400]))
    words = WORDS.findall(case.sent)
    for _ in range(draw(st.integers(1, 3))):
        at, other = (draw(st.integers(0, len(words) - 1)) for _ in range(2))
        words[at] = draw(st.sampled_from([b"", words[at] * 2, words[other]]))
    return b"".join(words)


@settings(max_examples=300, deadline=None)
@given(damaged_inputs())
def test_after_a_damaged_command_the_server_is_alive_and_at_no_fault(hubs: list[Hub], data: bytes) -> None:
    if hubs[-1].ended is not None:
        hubs.append(make_hub(HELD))
    received = answers(hubs[-1], [NEGOTIATE, data, RESYNCHRONISE])
    assert received[-1] == ALIVE or hubs[-1].ended is not None  # a node number may have grown until it ends QEMU
    assert not [line for line in received if "the sandbox failed" in line]


def test_a_fault_in_a_command_is_one_error_reply(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(name: str, arguments: object = None) -> object:
        raise ZeroDivisionError

    client = Loopback(hub)
    client.send(NEGOTIATE)
    client.received()
    with monkeypatch.context() as patched:
        patched.setattr(hub._monitor, "execute", fail)
        client.send(STATUS)
    client.send(STATUS)
    assert lines_of(client.received()) == [
        '{"error": {"class": "GenericError", "desc": "the sandbox failed: ZeroDivisionError()"}}',
        '{"return": {"status": "prelaunch", "running": false}}',
    ]
    client.close()


def test_commands_and_types_that_are_not_modelled_are_refused(hub: Hub) -> None:
    unmodelled = {"qom-type": "authz-pam", "id": "s", "service": "qemu"}
    sent = Case(READY, command("query-mice") + command("object-add", unmodelled)).data
    said = "object-add: QEMU has the type 'authz-pam', but the sandbox does not model it"
    assert answers(hub, [sent])[2:] == [
        '{"error": {"class": "CommandNotFound", "desc": "The command query-mice has not been found"}}',
        f'{{"error": {{"class": "GenericError", "desc": "{said}"}}}}',
    ]
