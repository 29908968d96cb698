"""Replies to ``qom-list`` of ``/objects`` and what is in it, kept as text as long as there are the same properties.

Clients ask for the same containers again and again, and the text is longer to write than anything else that is asked
for. A kept reply is used only if nothing was put into the object or taken out of it since, whoever did that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from sandbox.qapi.json_quick_writer import quick_json

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.monitor.monitor import Monitor
    from sandbox.qom.objects import QomObject

UNDER: Final = "/objects"
MOST_KEPT: Final = 64
LONGEST_PATH: Final = 256


class _Kept(NamedTuple):
    found: QomObject
    changes: int
    text: str


class Listings:
    """The kept replies of one monitor."""

    __slots__ = ("_kept", "_monitor")

    def __init__(self, monitor: Monitor) -> None:
        self._monitor = monitor
        self._kept: dict[str, _Kept] = {}

    def text(self, arguments: Mapping[str, Any] | None) -> str | None:
        """Return the JSON of the value that ``qom-list`` returns; None where its error or another rule is wanted."""
        if arguments is None or len(arguments) != 1:
            return None
        path = arguments.get("path")
        if type(path) is not str or not path.startswith(UNDER) or len(path) > LONGEST_PATH:
            return None
        found = self._monitor.machine.tree.resolve(path)
        if found is None:
            return None
        kept = self._kept.get(path)
        if kept is None or kept.found is not found or kept.changes != found.instance.changes:
            if len(self._kept) >= MOST_KEPT:
                self._kept.clear()
            text = quick_json(self._monitor.execute("qom-list", arguments))
            self._kept[path] = kept = _Kept(found, found.instance.changes, text)
        return kept.text

    def value(self, arguments: Mapping[str, Any] | None) -> object:
        """Return the value that :meth:`text` is the JSON of."""
        return self._monitor.execute("qom-list", arguments)
