import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.scenario.scalars import resolve_scalar


@pytest.mark.parametrize(
    "text", ["on", "off", "yes", "no", "y", "tRUE", "00:04.0", "0000:00:04.0", "1:30", ".inf", "1_000"]
)
def test_words_that_yaml_1_1_takes_for_something_else_stay_text(text: str) -> None:
    assert resolve_scalar(text) == text


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0", 0),
        ("-7", -7),
        ("+7", 7),
        ("0x1F", 31),
        ("0o17", 15),
        ("1.5", 1.5),
        (".5", 0.5),
        ("1e3", 1000.0),
        ("5.", 5.0),
    ],
)
def test_numbers_are_read(text: str, value: float) -> None:
    assert resolve_scalar(text) == value
    assert type(resolve_scalar(text)) is type(value)


@pytest.mark.parametrize("text", ["", "~", "null", "Null", "NULL"])
def test_null_has_five_forms(text: str) -> None:
    assert resolve_scalar(text) is None


@pytest.mark.parametrize("text", ["true", "True", "TRUE"])
def test_true_has_three_forms(text: str) -> None:
    assert resolve_scalar(text) is True


@pytest.mark.parametrize("text", ["010", "00", "-01", "04.0", "01e3", "1e400", "-1e400", "9" * 401, "0x" + "f" * 400])
def test_number_that_may_be_meant_otherwise_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="quotes"):
        resolve_scalar(text)


@pytest.mark.parametrize(
    ("number", "is_integer"), [(2**64 - 1, True), (2**64, False), (-(2**63), True), (-(2**63) - 1, False)]
)
def test_integer_beyond_64_bits_becomes_a_float_as_in_qemu(number: int, is_integer: bool) -> None:
    value = resolve_scalar(str(number))
    assert value == (number if is_integer else float(number))
    assert isinstance(value, int) == is_integer


@settings(deadline=None)
@given(st.text())
def test_any_scalar_is_a_value_or_refused(text: str) -> None:
    try:
        value = resolve_scalar(text)
    except ValueError:
        return
    assert value == text or not isinstance(value, str)
    assert not isinstance(value, float) or math.isfinite(value)


@settings(deadline=None)
@given(st.integers(-(2**63), 2**64 - 1))
def test_integers_of_64_bits_are_exact(number: int) -> None:
    assert resolve_scalar(str(number)) == number
