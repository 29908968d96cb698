"""QEMU's own schema, where its source is at hand: QEMU_SOURCE in the environment names the folder."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

import pytest

from sandbox.errors import InputError
from sandbox.qapi.agreement import disagreements
from sandbox.qapi.introspect import introspection
from sandbox.qapi.model import Command
from sandbox.qapi.schema import Schema, parse_schema
from sandbox.qapi.visit import visit_json

SOURCE: Final = os.environ.get("QEMU_SOURCE", "")
MAIN: Final = Path(SOURCE) / "qapi" / "qapi-schema.json"
FRAGMENTS: Final = Path(__file__).parents[2] / "qom_types"

pytestmark = pytest.mark.skipif(
    not SOURCE or not MAIN.exists(), reason="needs QEMU's source: unpack it and set QEMU_SOURCE to the folder"
)


def read(path: str) -> str:
    return Path(path).read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def real_schema() -> Schema:
    return parse_schema(read(str(MAIN)), str(MAIN), read)


def test_the_object_types_of_the_whole_schema_can_be_visited(real_schema: Schema) -> None:
    value = {"qom-type": "memory-backend-ram", "id": "m", "size": 1, "host-nodes": [0]}
    assert real_schema.lookup_as(Command, "object-add").arg_type == "ObjectOptions"
    assert visit_json(real_schema, "ObjectOptions", value)["host-nodes"] == [0]


def test_everything_told_of_the_whole_schema_is_defined_there(real_schema: Schema) -> None:
    infos = introspection(real_schema)
    names = {info["name"] for info in infos}
    assert len(names) == len(infos) > 1000
    for info in infos:
        assert names >= {info[key] for key in ("arg-type", "ret-type", "element-type") if key in info}


def test_our_fragment_for_that_version_agrees_with_the_whole_schema(real_schema: Schema) -> None:
    file = FRAGMENTS / "merged" / "qom.json"
    version = tuple(map(int, read(f"{SOURCE}/VERSION").split(".")[:2]))
    known = ((8, 1), (8, 2), (9, 0), (9, 1), (9, 2), (10, 0), (10, 1), (10, 2), (11, 0), (11, 1))
    symbols = [f"QEMU_{major}_{minor}" for major, minor in known if (major, minor) <= version]
    ours = parse_schema(read(str(file)), str(file), read, defined=symbols)
    found = disagreements(ours, real_schema, ["ObjectOptions"])
    assert [str(one) for one in found if not one.informational] == []
    assert any(one.informational for one in found)


def test_every_schema_that_qemu_tests_against_is_judged_as_qemu_judges_it() -> None:
    cases = sorted((Path(SOURCE) / "tests" / "qapi-schema").glob("*.json"))
    documentation = ("doc-", "features-too-many")
    judged = 0
    for case in cases:
        expected = case.with_suffix(".err")
        if case.name.startswith(documentation) or not expected.exists():
            continue
        try:
            parse_schema(
                case.read_text(encoding="utf-8"), case.name, lambda path, case=case: read(str(case.parent / path))
            )
            refused = False
        except InputError as error:
            refused = error.place is not None and error.place.line is not None
        assert refused == bool(expected.read_text(encoding="utf-8")), case.name
        judged += 1
    assert judged > 150
