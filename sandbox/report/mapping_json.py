"""The same for programs: plain values, whose shapes are those of :mod:`sandbox.report.jsonout`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.report.mapping_text import handle_text

if TYPE_CHECKING:
    from sandbox.compare.mapping import MappedEntry, Mapping

JsonObject = dict[str, Any]


def mapping_json(mapping: Mapping) -> JsonObject:
    """Return a mapping.

    Returns:
        ``title``; ``passed``; ``differences`` and ``notes``: sentences; ``entries``: each with ``pxm``, ``object``,
        ``device_id``, ``v2`` and ``merged``, ``problem``: how the two do not correspond, or None, and ``excused``: why
        there can be no merged entry, or None. ``v2`` has ``index``, ``handle``: 16 bytes, and ``device``: the handle as
        the specification reads it. ``merged`` has ``object``, ``index``, ``handle``, ``device``, and
        ``expected_handle``; each is None where there is no such thing.
    """
    return {
        "title": mapping.title,
        "passed": mapping.passed,
        "entries": [_entry(entry) for entry in mapping.entries],
        "differences": list(mapping.differences),
        "notes": list(mapping.notes),
    }


def _entry(entry: MappedEntry) -> JsonObject:
    return {
        "pxm": entry.pxm,
        "object": entry.object_id,
        "device_id": entry.device_id,
        "v2": {
            "index": entry.v2_index,
            "handle": entry.v2_handle.hex(),
            "device": handle_text(entry.v2_handle) or None,
        },
        "merged": {
            "object": entry.merged_id or None,
            "index": entry.merged_index,
            "handle": entry.found_handle.hex() or None,
            "device": handle_text(entry.found_handle) or None,
            "expected_handle": entry.merged_handle.hex() or None,
        },
        "problem": entry.problem or None,
        "excused": entry.excused or None,
    }
