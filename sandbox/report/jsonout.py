"""The same for programs: plain values (dicts, lists, text, numbers, booleans, None) that ``json.dumps`` takes.

The shapes are stable: keys may be added; none is renamed, dropped or ever missing. Bytes are hexadecimal text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.acpi.fields import describe
from sandbox.report.summary import summarise
from sandbox.scenario.transcript import Returned

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sandbox.acpi.difference import Side
    from sandbox.errors import Place
    from sandbox.report.summary import DeviceRow
    from sandbox.scenario.origins import Origin
    from sandbox.scenario.tables import Tables
    from sandbox.scenario.transcript import Record, Reply, Transcript

JsonObject = dict[str, Any]


def transcript_json(transcript: Transcript) -> JsonObject:
    """Return a replay.

    Returns:
        ``file``, ``name``, ``dialect`` (None if QEMU refused the command line), ``dialect_reason``, ``firmware``,
        ``ignored``: options that move no table, ``passed``, ``records``: see :func:`record_json`, ``tables``: see
        :func:`tables_json`, None if firmware never read any.
    """
    scenario = transcript.scenario
    return {
        "file": scenario.file,
        "name": scenario.name,
        "dialect": transcript.dialect or None,
        "dialect_reason": transcript.dialect_reason,
        "firmware": scenario.firmware,
        "ignored": list(transcript.ignored),
        "passed": transcript.passed,
        "records": [record_json(record) for record in transcript.records],
        "tables": tables_json(transcript.tables, transcript.origins) if transcript.tables else None,
    }


def record_json(record: Record) -> JsonObject:
    """Return the start, a step or the end of a replay.

    Returns:
        ``title``, ``place``: ``file``, ``line``, ``column``, or None; ``outcome``: ``passed``, ``failed`` or
        ``not run``; ``sent``: ``execute`` and ``arguments``, or None; ``reply``: ``return``, or ``error`` with
        ``class`` and ``desc``, or None; ``ended``: ``status`` and ``stderr``, or None; ``changed``: names of tables;
        ``checks``: each with ``what``, ``passed`` and ``differences``, and those with ``path``, ``expected`` and
        ``found`` as text.
    """
    sent, ended = record.sent, record.ended
    return {
        "title": record.title,
        "place": place_json(record.place),
        "outcome": record.outcome.value,
        "sent": None if sent is None else {"execute": sent.name, "arguments": sent.arguments},
        "reply": reply_json(record.reply),
        "ended": None if ended is None else {"status": ended.status, "stderr": ended.stderr},
        "changed": list(record.changed),
        "checks": [
            {
                "what": check.what,
                "passed": check.passed,
                "differences": [
                    {"path": found.path, "expected": found.expected, "found": found.actual}
                    for found in check.differences
                ],
            }
            for check in record.checks
        ],
    }


def place_json(place: Place | None) -> JsonObject | None:
    """Return a place: ``file``, ``line`` and ``column``."""
    return None if place is None else {"file": place.file, "line": place.line, "column": place.column}


def reply_json(reply: Reply | None) -> JsonObject | None:
    """Return a reply: ``return``, or ``error`` with ``class`` and ``desc``."""
    if reply is None:
        return None
    if isinstance(reply, Returned):
        return {"return": reply.value}
    return {"error": {"class": reply.error_class, "desc": reply.desc}}


def tables_json(tables: Tables, origins: Sequence[Origin] = ()) -> JsonObject:
    """Return a set of tables.

    Returns:
        ``srat``, ``slit`` and ``hmat``: None, or ``length``, ``structures``: how many of each kind, ``problem``: why
        it does not decode, or None, and ``bytes``; ``initiators`` and ``ports``: each with ``pxm``, ``device``: the
        handle as the specification reads it, ``swapped``: with the bytes of bus and devfn exchanged, None where that
        makes no difference, ``enabled``, and ``object``, ``object_type``, ``device_id``, ``device_type``: None where
        that is not known; ``distances``: the rows of SLIT.
    """
    summary = summarise(tables, origins)
    result: JsonObject = {}
    for table in summary.tables:
        data = getattr(tables, table.name)
        result[table.name] = None if data is None else {
            "length": table.length,
            "structures": dict(table.structures),
            "problem": table.problem or None,
            "bytes": data.hex(),
        }  # fmt: skip
    result["initiators"] = [_device(row) for row in summary.initiators]
    result["ports"] = [_device(row) for row in summary.ports]
    result["distances"] = [list(row) for row in summary.distances]
    return result


def _device(row: DeviceRow) -> JsonObject:
    origin = row.origin
    return {
        "pxm": row.pxm,
        "device": row.device,
        "swapped": row.swapped or None,
        "enabled": row.enabled,
        "object": origin.object_id if origin else None,
        "object_type": origin.typename if origin else None,
        "device_id": (origin.device_id or None) if origin else None,
        "device_type": (origin.device_type or None) if origin else None,
    }


def table_json(data: bytes) -> JsonObject:
    """Return a table field by field.

    Returns:
        ``signature``, ``name``, ``length``, ``structures``: each with ``path``, ``type`` (None where there is no such
        number), ``name``, ``offset``, ``length``, ``summary`` and ``fields``; those each with ``path``, ``name``,
        ``offset``, ``length``, ``bytes``, ``value`` and ``meaning``; ``problems``: each with ``what`` and ``offset``.
    """
    described = describe(data)
    return {
        "signature": described.signature,
        "name": described.name,
        "length": len(data),
        "structures": [
            {
                "path": structure.path,
                "type": structure.type,
                "name": structure.name,
                "offset": structure.offset,
                "length": structure.length,
                "summary": structure.summary,
                "fields": [
                    {
                        "path": field.path,
                        "name": field.name,
                        "offset": field.offset,
                        "length": field.length,
                        "bytes": field.raw.hex(),
                        "value": _value(field.value),
                        "meaning": field.meaning,
                    }
                    for field in structure.fields
                ],
            }
            for structure in described.structures
        ],
        "problems": [{"what": problem.what, "offset": problem.offset} for problem in described.problems],
    }


def diff_json(a: bytes, b: bytes) -> list[JsonObject]:
    """Return how two tables differ; an empty list if they are the same bytes.

    Returns:
        For each difference ``kind``: ``changed``, ``added``, ``removed`` or ``moved``; ``name``; ``consequent``:
        whether it only follows from others; ``a`` and ``b``: None, or ``path``, ``offset``, ``length``, ``value``,
        ``meaning``.
    """
    from sandbox.acpi.difference import diff_tables

    return [
        {
            "kind": found.kind.value,
            "name": found.name,
            "consequent": found.consequent,
            "a": _side(found.a),
            "b": _side(found.b),
        }
        for found in diff_tables(a, b)
    ]


def _side(side: Side | None) -> JsonObject | None:
    if side is None:
        return None
    return {
        "path": side.path,
        "offset": side.offset,
        "length": side.length,
        "value": _value(side.value),
        "meaning": side.meaning,
    }


def _value(value: int | str | bytes) -> int | str:
    return value.hex() if isinstance(value, bytes) else value
