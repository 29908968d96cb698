"""One client's QMP session, without I/O: bytes in, requests out; answers in, bytes out.

    session = Session()
    send(session.open({"qemu": {"micro": 2, "minor": 0, "major": 10}, "package": ""}))
    session.receive_data(data)
    while (happened := session.next_event()) is not None:
        if isinstance(happened, Request):
            send(session.answer(happened, execute(happened.name, happened.arguments)))
        else:
            send(happened)    # what the session answers by itself

Source: QEMU 10.0 behaviour, for what is checked in which order, and the words.
"""

from __future__ import annotations

from collections import deque
from enum import Enum
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from sandbox.errors import QemuError, SandboxError
from sandbox.qapi.json import JsonError, JsonLimits, JsonStream
from sandbox.qapi.json_stream import QEMU_LIMITS
from sandbox.qapi.qdict import walk_order
from sandbox.qmp import wire
from sandbox.qmp.wire import ABSENT

if TYPE_CHECKING:
    from collections.abc import Mapping

LARGEST_INPUT: Final = 1 << 20
"""How many bytes may wait for :meth:`Session.next_event`. A text that is not complete yet is bounded by its limits."""


class State(Enum):
    """Where a session stands."""

    NEW = "new"
    NEGOTIATING = "negotiating"
    READY = "ready"
    CLOSED = "closed"


class Step(Enum):
    """What takes a session from one state to another."""

    OPEN = "open"
    NEGOTIATE = "negotiate"
    CLOSE = "close"


TRANSITIONS: Final[Mapping[tuple[State, Step], State]] = {
    (State.NEW, Step.OPEN): State.NEGOTIATING,
    (State.NEGOTIATING, Step.NEGOTIATE): State.READY,
    **{(state, Step.CLOSE): State.CLOSED for state in State},
}


class SessionError(SandboxError):
    """The caller did with a session what its state does not allow, or gave it more at once than it takes."""


class Request(NamedTuple):
    """A command that the session leaves to others.

    Attributes:
        name: the command.
        arguments: what stands under ``arguments``; None where there are none.
        id: the request's id, any JSON value; ``ABSENT`` where there is none.
        oob: whether it is to run out of band.
    """

    name: str
    arguments: dict[str, Any] | None = None
    id: Any = ABSENT
    oob: bool = False


class Session:
    """The state of one connection, from its greeting to its end.

    Attributes:
        state: where it stands.
        oob: whether the client has asked for out-of-band execution.
    """

    __slots__ = ("_data", "_stream", "_values", "oob", "state")

    def __init__(self, limits: JsonLimits = QEMU_LIMITS) -> None:
        self.state = State.NEW
        self.oob = False
        self._data = b""
        self._stream = JsonStream(limits)
        self._values: deque[Any] = deque()

    def open(self, version: object) -> bytes:
        """Begin; return the greeting."""
        self._step(Step.OPEN)
        return wire.greeting(version)

    def close(self) -> None:
        """End: what has come in and was not asked for is dropped, and nothing goes out any more."""
        self._step(Step.CLOSE)
        self._data = b""
        self._values.clear()

    def receive_data(self, data: bytes) -> None:
        """Keep bytes for :meth:`next_event`.

        Raises:
            SessionError: more than ``LARGEST_INPUT`` bytes would wait; or the session is not open.
        """
        if self.state is State.NEW or self.state is State.CLOSED:
            raise SessionError(f"a session that is {self.state.value} takes no bytes")
        if len(self._data) + len(data) > LARGEST_INPUT:
            raise SessionError(f"more than {LARGEST_INPUT} bytes wait for next_event()")
        self._data = self._data + data if self._data else data

    def next_event(self) -> Request | bytes | None:
        """Return the next request, or the bytes of what the session answers by itself; None: more bytes are needed."""
        if not self._values:
            if not self._data:
                return None
            self._values.extend(self._stream.feed(self._data))
            self._data = b""
            if not self._values:
                return None
        value = self._values.popleft()
        if type(value) is dict:
            name, arguments = value.get("execute"), value.get("arguments")
            known = 1 + ("arguments" in value) + ("id" in value)
            if type(name) is str and len(value) == known and (type(arguments) is dict or "arguments" not in value):
                return self._requested(Request(name, arguments, value.get("id", ABSENT)))
        return self._unusual(value)

    def answer(self, request: Request, value: object) -> bytes:
        """Return the reply to a request."""
        return wire.reply(value, request.id)

    def refuse(self, request: Request, error: QemuError) -> bytes:
        """Return the error reply to a request."""
        return wire.error_reply(error, request.id)

    def _unusual(self, value: Any) -> Request | bytes:
        """Return what any text leads to: the rule, of which :meth:`next_event` knows the usual case."""
        if isinstance(value, JsonError):
            return wire.error_reply(value)
        if not isinstance(value, dict):
            return wire.error_reply(QemuError("QMP input must be a JSON object"))
        try:
            command = _command_member(value, oob=self.oob)
        except QemuError as error:
            return wire.error_reply(error, value.get("id", ABSENT))
        request = Request(value[command], value.get("arguments"), value.get("id", ABSENT), command == "exec-oob")
        return self._requested(request)

    def _requested(self, request: Request) -> Request | bytes:
        if request.name != "qmp_capabilities":
            if self.state is State.READY:
                return request
            what = "Expecting capabilities negotiation with 'qmp_capabilities'"
            return wire.error_reply(QemuError(what, "CommandNotFound"), request.id)
        try:
            self._negotiate(request)
        except QemuError as error:
            return wire.error_reply(error, request.id)
        return wire.reply({}, request.id)

    def _negotiate(self, request: Request) -> None:
        if request.oob:
            raise QemuError(f"The command {request.name} does not support OOB")
        enabled: list[str] = []
        if request.arguments:
            from sandbox.qapi.visit import visit_arguments
            from sandbox.qmp.schema import SESSION, load_schema

            enabled = visit_arguments(load_schema(SESSION), request.name, request.arguments).get("enable", [])
        if self.state is State.READY:
            raise QemuError("Capabilities negotiation is already complete, command ignored", "CommandNotFound")
        self.oob = "oob" in enabled
        self._step(Step.NEGOTIATE)

    def _step(self, step: Step) -> None:
        try:
            self.state = TRANSITIONS[self.state, step]
        except KeyError:
            raise SessionError(f"a session that is {self.state.value} cannot {step.value}") from None


def _command_member(value: Mapping[str, object], *, oob: bool) -> str:
    """Return which member names the command: ``execute`` or ``exec-oob``.

    Raises:
        QemuError: the object is no request; of several faults the first in QEMU's walking order is named.
    """
    found = ""
    for name in walk_order(value.keys()):
        member = value[name]
        if name == "execute" or (oob and name == "exec-oob"):
            if not isinstance(member, str):
                raise QemuError(f"QMP input member '{name}' must be a string")
            if found:
                raise QemuError(f"QMP input member '{name}' clashes with '{found}'")
            found = name
        elif name == "arguments":
            if not isinstance(member, dict):
                raise QemuError("QMP input member 'arguments' must be an object")
        elif name != "id":
            raise QemuError(f"QMP input member '{name}' is unexpected")
    if not found:
        raise QemuError("QMP input lacks member 'execute'")
    return found
