"""QEMU's JSON dialect: what its parser takes and says, how its replies are written.

    parse_json("{'id': 'gi0', 'node': 2}")       # single quotes will do: what -object and -device take
    to_json({"return": {}})                       # '{"return": {}}'
    JsonStream().feed(b'{"execute":"stop"} [1')   # [{'execute': 'stop'}]; the rest comes later

Integers that fit into 64 bits, signed or unsigned, are ints; all other numbers are floats.

Source: QEMU 10.0 behaviour.
"""

from __future__ import annotations

from sandbox.qapi.json_parser import JsonError, JsonValue
from sandbox.qapi.json_stream import QEMU_LIMITS, JsonLimits, TextAssembler
from sandbox.qapi.json_text import encode
from sandbox.qapi.json_writer import to_json

__all__ = ["JsonError", "JsonLimits", "JsonStream", "JsonValue", "parse_json", "to_json"]


class JsonStream:
    """Texts one after the other, in pieces of any size, with or without white space between them.

    An error does not end the stream: it goes on behind what was wrong, where QEMU goes on.
    """

    __slots__ = ("_assembler", "_quick")

    def __init__(self, limits: JsonLimits = QEMU_LIMITS) -> None:
        from sandbox.qapi.json_quick import QuickScanner

        self._assembler = TextAssembler(limits)
        self._quick = QuickScanner() if limits == QEMU_LIMITS else None

    def feed(self, data: bytes) -> list[JsonValue | JsonError]:
        """Take the next bytes, and return the values and errors that they complete, in order.

        A number, true, false and null are complete only when something follows them.
        """
        done: list[JsonValue | JsonError] = []
        for line in data.splitlines(keepends=True):
            rest = line
            if self._quick is not None and self._assembler.idle:
                values, end = self._quick.take(line)
                done += values
                rest = line[end:]
            if rest:
                done += self._assembler.feed(rest)
        return done

    def finish(self) -> list[JsonValue | JsonError]:
        """Return what is left at the end of the input; the stream is then as new."""
        return self._assembler.finish()


def parse_json(text: str | bytes) -> JsonValue:
    """Return the value of a whole text, as QEMU reads ``-object '{...}'``.

    Raises:
        JsonError: the text is no JSON value, or more than one; a QemuError with QEMU's words.
    """
    assembler = TextAssembler()
    data = text if isinstance(text, bytes) else encode(text)
    found = [*assembler.feed(data), *assembler.finish()]
    if not found:
        raise JsonError("Expecting a JSON value")
    first = found[0]
    if isinstance(first, JsonError):
        raise first
    if len(found) > 1:
        raise JsonError("Expecting at most one JSON value")
    return first
