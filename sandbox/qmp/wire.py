"""Messages as QEMU's QMP server writes them: one line each, ended by CR and LF.

Values and the data of events come with their members in QEMU's order; an id comes as the client wrote it.

Source: QEMU 10.0 behaviour.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sandbox.qapi.json_quick_writer import quick_json
from sandbox.qapi.json_writer import to_json

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.errors import QemuError

ABSENT: Final[Any] = object()
"""The ``id`` of a request that has none."""

DONE: Final = b'{"return": {}}\r\n'
CAPABILITIES: Final = ("oob",)


def greeting(version: object) -> bytes:
    """Return the first line of a connection; ``version`` is what ``query-version`` returns."""
    return f"{quick_json({'QMP': {'version': version, 'capabilities': list(CAPABILITIES)}})}\r\n".encode("ascii")


def reply(value: object, request_id: object = ABSENT) -> bytes:
    """Return the line of a reply.

    Raises:
        InputError: the value is none that JSON has.
    """
    return written_reply(quick_json(value), request_id)


def written_reply(text: str, request_id: object = ABSENT) -> bytes:
    """Return the line of a reply whose value is JSON already."""
    if request_id is not ABSENT:
        return f'{{"return": {text}, "id": {to_json(request_id)}}}\r\n'.encode("ascii")
    return DONE if text == "{}" else f'{{"return": {text}}}\r\n'.encode("ascii")


def error_reply(error: QemuError, request_id: object = ABSENT) -> bytes:
    """Return the line of an error reply."""
    said = quick_json({"class": error.error_class, "desc": error.desc})
    before = f'"id": {to_json(request_id)}, ' if request_id is not ABSENT else ""
    return f'{{{before}"error": {said}}}\r\n'.encode("ascii")


def event(name: str, data: Mapping[str, object] | None, microseconds: int) -> bytes:
    """Return the line of an event that happened so many microseconds after the start of 1970."""
    seconds, rest = divmod(microseconds, 1_000_000)
    members: dict[str, object] = {"timestamp": {"seconds": seconds, "microseconds": rest}, "event": name}
    if data is not None:
        members["data"] = dict(data)
    return f"{quick_json(members)}\r\n".encode("ascii")
