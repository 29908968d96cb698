"""The recorded facts of sandbox/monitor/data against live QEMUs.

``pytest --record tests/monitor/test_monitor_data_live.py`` writes them anew.
"""

from __future__ import annotations

import monitor_data_from_qemu as source
import pci_headers_from_qemu as headers
import pytest

from sandbox.live import qemu_version
from sandbox.monitor.data import rows

pytestmark = pytest.mark.live

SAMPLE = 9
"""Every so manieth type of device is held against QEMU; all of them when they are recorded."""


@pytest.fixture(autouse=True)
def _has_version(qemu_x86, qemu_arm):
    for binary in (qemu_x86, qemu_arm):
        if qemu_version(binary) != (10, 0, 2):
            pytest.skip("the data are those of QEMU 10.0.2; install it with `make qemu`")


@pytest.mark.parametrize("names", [names for names in source.HARVESTS if len(names) == 1], ids="".join)
def test_lists_are_those_of_a_live_qemu(names, request):
    for name, found in zip(names, source.HARVESTS[names](), strict=True):
        if request.config.getoption("--record"):
            (source.DATA / name).write_text(source.as_file(found), encoding="utf-8")
            rows.cache_clear()
        assert list(found.items()) == list(rows(name).items())


def test_devices_are_those_of_a_live_qemu(request):
    names = ("pci_headers.json", "pci_values.json")
    if request.config.getoption("--record"):
        for name, found in zip(names, headers.harvest(), strict=True):
            (source.DATA / name).write_text(source.as_file(found), encoding="utf-8")
        rows.cache_clear()
    types = [name for name in headers.creatable("x86_64") if name in rows("pci_headers.json")]
    for name in types[::SAMPLE]:
        found = headers.found_of(name, "x86_64")
        assert found is not None, name
        assert headers.as_text(found[0]) == rows("pci_headers.json")[name]
        assert source.json.dumps(found[1]) == rows("pci_values.json").get(name, "{}")
