"""The format as a JSON Schema (draft 2020-12), for editors and for other programs.

``scenario.schema.json`` beside this file is what :func:`schema_text` returns; ``qom-sandbox schema`` prints it. What no
JSON Schema can say, ``load`` alone checks: keys that stand twice, numbers with leading zeros, quotations without end.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.scenario.format import DEFINITIONS, SCENARIO

if TYPE_CHECKING:
    from sandbox.scenario.shapes import JsonSchema


def scenario_schema() -> JsonSchema:
    """Return the JSON Schema of the scenario format."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "qom-sandbox scenario",
        "description": "A QEMU command line, QMP commands and expectations on SRAT, SLIT and HMAT.",
        **SCENARIO.schema(),
        "$defs": {defined.name: defined.shape.schema() for defined in DEFINITIONS},
    }


def schema_text() -> str:
    """Return the JSON Schema as text, indented by two, with a line end."""
    import json

    return json.dumps(scenario_schema(), indent=2, ensure_ascii=False) + "\n"
