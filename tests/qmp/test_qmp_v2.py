"""The exchanges recorded from a QEMU that carries the v2 series, over the server's sockets."""

from __future__ import annotations

import json
import shlex
import tempfile
from pathlib import Path
from typing import Any, Final

import pytest

from sandbox.qmp.client import QmpClient
from sandbox.qmp.thread import ServerThread

DATA: Final = Path(__file__).parents[1] / "data" / "v2" / "recorded.json"
CASES: Final = [case for case in json.loads(DATA.read_text(encoding="utf-8"))["cases"] if case["qmp"]]
LEFT_OUT: Final = {"06f-object-add-errors-some": ("g", "h")}
"""Objects that a recording's later replies know, but whose own exchange is not in the recording."""


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["case"])
def test_v2_exchanges_over_the_wire_are_as_recorded(case: dict[str, Any]) -> None:
    words = shlex.split(case["cmdline"])
    with (
        tempfile.TemporaryDirectory(prefix="qom-") as folder,
        ServerThread(words, [f"unix:{folder}/qmp"], dialect="v2") as server,
        QmpClient(server.addresses[0]) as client,
    ):
        for object_id in LEFT_OUT.get(case["case"], ()):
            left_out = {"qom-type": "acpi-generic-initiator", "id": object_id, "device": "nope", "node": 2}
            client.execute("object-add", left_out)
        answered = [client.message(found["request"]) for found in case["qmp"]]
    assert answered == [found["reply"] for found in case["qmp"]]
