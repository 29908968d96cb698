"""The machines of QEMU's own table tests on a live QEMU; ``--record`` keeps their tables."""

import json
import shlex
from pathlib import Path

import pytest

from sandbox.acpi.fields import describe
from sandbox.live import dump

pytestmark = pytest.mark.live

MACHINES = json.loads((Path(__file__).parents[1] / "data" / "table-tests" / "machines.json").read_text())["machines"]


def readable(data: bytes) -> str:
    if not data:
        return "no such table\n"
    fields = describe(data).fields
    return "".join(f"{field.offset:5} {field.path} = {field.value} {field.meaning}\n" for field in fields)


@pytest.mark.parametrize("name", MACHINES)
def test_a_live_qemu_gives_the_recorded_tables(name, qemu_x86, qemu_arm, recorded, tmp_path):
    words = shlex.split(MACHINES[name])
    for image in ("disk.img", "code.fd", "vars.fd"):
        (tmp_path / image).write_bytes(bytes(1 << (26 if image.endswith(".fd") else 20)))
    words = [word.replace("file=", f"file={tmp_path}/") for word in words]
    live = dump(qemu_arm if name.startswith("virt") else qemu_x86, words)
    for table in ("srat", "slit", "hmat"):
        data = getattr(live.tables, table) or b""
        recorded.check(f"table-tests/{name}-{table}", data, readable(data))
