"""QEMU's older option syntax, ``key=value,...`` without nesting: that of ``-object``, ``-device``, ``-numa``, ``-m``.

``,,`` is a comma in a value; a key may come again; a bare ``foo`` means ``foo=on``, ``nofoo`` means ``foo=off``.

Source: QEMU 10.0 behaviour.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from sandbox.errors import QemuError

IDENTIFIER: Final = re.compile(r"[A-Za-z][A-Za-z0-9._-]*")
IDENTIFIER_HINT: Final = "Identifiers consist of letters, digits, '-', '.', '_', starting with a letter.\n"

_HELP: Final = ("help", "?")
_FIRST_WORD: Final = re.compile(r"[^=,]*")
_VALUE: Final = re.compile(r"(?:[^,]++|,,)*+")


class Flag(NamedTuple):
    """A key without a value, a form that QEMU calls deprecated.

    Attributes:
        key: the key that it sets.
        value: ``on`` or ``off``.
        written: what stands in the text, ``foo`` or ``nofoo``.
    """

    key: str
    value: str
    written: str

    @property
    def warning(self) -> str:
        """What QEMU prints about it, behind ``warning: ``: two lines."""
        instead = f"{self.key}={self.value}"
        if self.key == "delay":
            instead = f"nodelay={'off' if self.value == 'on' else 'on'}"
        return f"short-form boolean option '{self.written}' deprecated\nPlease use {instead} instead"


class Options(NamedTuple):
    """What an option's text says.

    Attributes:
        pairs: keys and values in the order of the text, without ``id``.
        id: the id, or None.
        flags: the keys that have no value, but not ``help``.
        wants_help: whether a bare ``help`` or ``?`` stands in the text, other than as the value of the implied key.
    """

    pairs: tuple[tuple[str, str], ...]
    id: str | None
    flags: tuple[Flag, ...]
    wants_help: bool


def parse_opts(text: str, implied_key: str | None = None) -> tuple[tuple[str, str], ...]:
    """Return the keys and values of an option, in order; the id comes last.

    Args:
        text: the text.
        implied_key: the key of a first value that has none: ``qom-type``, ``driver``, ``type``, ``size``.

    Raises:
        QemuError: the id is no identifier.
    """
    options = read_opts(text, implied_key)
    return options.pairs if options.id is None else (*options.pairs, ("id", options.id))


def read_opts(text: str, implied_key: str | None = None) -> Options:
    """Return what an option's text says.

    Raises:
        QemuError: the id is no identifier.
    """
    found_id = next((value for key, value, _ in _entries(text, None) if key == "id"), None)
    if found_id is not None:
        check_id(found_id)
    entries = _entries(text, implied_key)
    flags = tuple(
        Flag(key, value, written) for key, value, written in entries if written is not None and written not in _HELP
    )
    wants_help = any(written in _HELP for _, _, written in entries)
    return Options(tuple((key, value) for key, value, _ in entries if key != "id"), found_id, flags, wants_help)


def check_id(text: str) -> None:
    """Check that ``text`` may be the id of an object or a device.

    Raises:
        QemuError: it is no identifier.
    """
    if not IDENTIFIER.fullmatch(text):
        raise QemuError("Parameter 'id' expects an identifier", hint=IDENTIFIER_HINT)


def _entries(text: str, implied_key: str | None) -> list[tuple[str, str, str | None]]:
    """Return key and value of each entry, and what is written where that is a flag, else None."""
    entries: list[tuple[str, str, str | None]] = []
    at = 0
    while at < len(text):
        word = _FIRST_WORD.match(text, at)
        key = written = word[0] if word else ""
        end = at + len(key)
        if text[end : end + 1] == "=" or (implied_key is not None and at == 0):
            start = end + 1 if text[end : end + 1] == "=" else at
            found = _VALUE.match(text, start)
            end = found.end() if found else start
            if start == at:
                key = implied_key or ""
            entries.append((key, text[start:end].replace(",,", ","), None))
        elif key.startswith("no"):
            entries.append((key[2:], "off", written))
        else:
            entries.append((key, "on", written))
        at = end + 1
    return entries
