import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.scenario.command_line import fold_command_line, split_command_line, unsplittable


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", ()),
        ("-M virt\n-smp 4\n", ("-M", "virt", "-smp", "4")),
        ("-M virt \\\n  -smp 4 \\\n", ("-M", "virt", "-smp", "4")),
        ("-object a,\\\nb=c", ("-object", "a,b=c")),
        ("# the machine\n-M virt\n   # more\n-S", ("-M", "virt", "-S")),
        ("-M virt \\\n# between joined lines\n-S", ("-M", "virt", "-S")),
        ("-append 'a  b' -name \"x y\"", ("-append", "a  b", "-name", "x y")),
        ("-device a#b", ("-device", "a#b")),
        ("-name 'a\nb'", ("-name", "a\nb")),
        ("-name a\\\\\n-S", ("-name", "a\\", "-S")),
        ('-object \'{"qom-type": "secret"}\'', ("-object", '{"qom-type": "secret"}')),
    ],
)
def test_text_is_cut_into_words_as_in_a_shell(text: str, words: tuple[str, ...]) -> None:
    assert split_command_line(text) == words


@pytest.mark.parametrize("text", ["-M 'virt", '-M "virt'])
def test_quotation_without_end_is_reported(text: str) -> None:
    assert unsplittable(text) == "no closing quotation"


def test_backslash_at_the_end_joins_nothing() -> None:
    assert split_command_line("-S \\") == ("-S",)


@settings(deadline=None)
@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\n\r"))))
def test_folded_words_are_cut_into_the_same_words(words: list[str]) -> None:
    assert split_command_line(fold_command_line(words)) == tuple(words)
