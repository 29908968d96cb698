"""The names that monitors take among the objects, in the order in which QEMU 11.1.3 makes them."""

from __future__ import annotations

import pytest

from sandbox.machine.arguments import split_arguments
from sandbox.machine.monitors import monitor_names


@pytest.mark.parametrize(
    ("words", "names"),
    [
        ("", "0"),
        ("-nodefaults", ""),
        ("-monitor none", ""),
        ("-qmp null -monitor null", "0 1"),
        ("-serial mon:null", "0"),
        ("-serial mon:null -mon c -monitor null -qmp null", "2 0 1 3"),
        ("-mon c,id=ZZ -serial mon:null -monitor null -qmp null", "ZZ 0 1 2"),
        ("-mon c,id=ZZ -mon d,id=YY -serial mon:null -parallel mon:null -qmp null", "ZZ YY 0 1 2"),
        ("-qmp null -mon c -monitor null -mon d,id=YY -qmp null", "0 3 1 YY 2"),
    ],
)
def test_monitors_come_in_the_order_of_options_and_those_on_ports_last(words, names):
    expected = (name if name.isalpha() else f"compat_monitor{name}" for name in names.split())
    assert monitor_names(split_arguments(words.split()).options) == tuple(expected)
