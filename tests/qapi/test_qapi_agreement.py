from __future__ import annotations

import pytest
from qapi_samples import sample_schema

from sandbox.errors import InputError, Place
from sandbox.qapi.agreement import Disagreement, disagreements
from sandbox.qapi.schema import parse_schema

OURS = """{ 'enum': 'Kind', 'data': [ 'gi', 'gp' ] }
{ 'struct': 'Gi', 'data': { 'pci-dev': 'str', 'node': 'uint32' } }
{ 'struct': 'Gp', 'data': { 'pci-bus': 'str', '*node': 'uint32' } }
{ 'union': 'Opts', 'base': { 'kind': 'Kind', 'id': 'str' }, 'discriminator': 'kind',
  'data': { 'gi': 'Gi', 'gp': 'Gp' } }
{ 'alternate': 'Ref', 'data': { 'o': 'Opts', 's': 'str' } }
{ 'command': 'add', 'data': 'Opts', 'boxed': true }
"""
NAMES = ("add", "Ref")


def told(theirs: str, names: tuple[str, ...] = NAMES) -> list[str]:
    return [str(found) for found in disagreements(parse_schema(OURS, "our"), parse_schema(theirs, "their"), names)]


def test_a_schema_agrees_with_itself() -> None:
    assert told(OURS) == []
    names = [definition.name for definition in sample_schema()]
    assert disagreements(sample_schema(), sample_schema(), names) == ()


def test_a_difference_has_its_place_in_both_files() -> None:
    theirs = parse_schema(
        OURS.replace("'node': 'uint32' } }\n{ 'struct': 'Gp'", "'node': 'uint16' } }\n{ 'struct': 'Gp'"), "their"
    )
    assert disagreements(parse_schema(OURS, "our"), theirs, ["add"]) == (
        Disagreement(
            "Gi",
            "member 'node' is of type 'uint32' in ours and 'uint16' in theirs",
            Place("our", 2, 47),
            Place("their", 2, 47),
        ),
    )


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("'pci-dev': 'str', 'node'", "'*pci-dev': 'str', 'node'",
         ["our:2:29: 'Gi': member 'pci-dev' is mandatory in ours and optional in theirs (their:2:29)"]),
        ("'pci-dev': 'str', 'node': 'uint32'", "'node': 'uint32', 'pci-dev': 'str'",
         [("our:2:1: 'Gi': the members come in another order: "
           "pci-dev, node in ours, node, pci-dev in theirs (their:2:1)")]),
        ("'pci-dev': 'str', ", "", ["our:2:29: 'Gi': theirs has no member 'pci-dev' (their:2:1)"]),
        ("'pci-dev': 'str', ", "'new': 'int', 'pci-dev': 'str', ",
         ["our:2:1: 'Gi': member 'new' is not in ours (their:2:29)"]),
        ("'gi', 'gp'", "'gp', 'gi'", ["our:1:1: 'Kind': the values come in another order (their:1:1)"]),
        ("{ 'gi': 'Gi', 'gp': 'Gp' }", "{ 'gi': 'Gp', 'gp': 'Gp' }",
         ["our:5:13: 'Opts': branch 'gi' is of type 'Gi' in ours and 'Gp' in theirs (their:5:13)"]),
        ("'o': 'Opts', 's': 'str'", "'o': 'Opts'", ["our:6:46: 'Ref': theirs has no branch 's'"]),
        ("'data': 'Opts', 'boxed': true", "'data': 'Gi'",
         ["our:7:1: 'add': the arguments are 'Opts' in ours and 'Gi' in theirs (their:7:1)"]),
        ("'boxed': true", "'boxed': true, 'returns': 'Gi'",
         ["our:7:1: 'add': it returns 'q_empty' in ours and 'Gi' in theirs (their:7:1)"]),
        ("{ 'alternate': 'Ref', 'data': { 'o': 'Opts', 's': 'str' } }", "{ 'struct': 'Ref', 'data': {} }",
         ["our:6:1: 'Ref': it is a AlternateType in ours and a ObjectType in theirs (their:6:1)"]),
        ("{ 'command': 'add', 'data': 'Opts', 'boxed': true }", "", ["our:7:1: 'add': theirs does not define it"]),
    ],
)  # fmt: skip
def test_differences_are_told(old: str, new: str, expected: list[str]) -> None:
    assert told(OURS.replace(old, new, 1)) == expected


def test_what_ours_lacks_of_an_enum_or_union_is_only_noted() -> None:
    theirs = OURS.replace("'gi', 'gp'", "'gi', 'other', 'gp'").replace("'gp': 'Gp' }", "'gp': 'Gp', 'other': 'Gp' }")
    found = disagreements(parse_schema(OURS, "our"), parse_schema(theirs, "their"), NAMES)
    assert [(str(one), one.informational) for one in found] == [
        ("their:5:37: 'Opts': branch 'other' is not in ours", True),
        ("their:1:35: 'Kind': value 'other' is not in ours", True),
    ]


def test_only_what_the_names_reach_is_compared() -> None:
    assert told(OURS.replace("'*node'", "'node'"), ("Gi",)) == []
    with pytest.raises(InputError):
        told(OURS, ("Nope",))
