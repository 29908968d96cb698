"""Random machines and QMP histories: tables and replies equal to a live QEMU's, byte for byte and word for word."""

import pytest

from sandbox.app import Sandbox
from sandbox.campaign.cases import random_case
from sandbox.errors import MachineExit, QemuError
from sandbox.live import LiveExit, dump, qemu_version

pytestmark = pytest.mark.live

SEEDS_A_TEST = 12
DIALECTS = {(9, 2): "9.2", (10, 0): "10.0", (11, 1): "11.1"}


def reply_of(sandbox: Sandbox, name: str, arguments) -> dict:
    try:
        return {"return": sandbox.execute(name, arguments)}
    except QemuError as error:
        return {"error": {"class": error.error_class, "desc": error.desc}}


def assert_ends_alike(end: LiveExit, case, dialect: str) -> None:
    with pytest.raises(MachineExit) as caught:
        Sandbox([case.binary, *case.arguments], dialect=dialect, firmware="none").tables()
    last_words = [text.strip().splitlines()[-1] for text in (caught.value.stderr, end.stderr)]
    assert (caught.value.status, last_words[0]) == (end.status, last_words[1]), case


@pytest.mark.parametrize("first", range(0, 240, SEEDS_A_TEST))
def test_a_random_machine_has_the_tables_of_a_live_qemu(qemu_x86, qemu_arm, first):
    dialect = DIALECTS.get(qemu_version(qemu_x86)[:2])
    if dialect is None:
        pytest.skip(f"no dialect for this QEMU; install one of {', '.join(DIALECTS.values())}")
    for seed in range(first, first + SEEDS_A_TEST):
        case = random_case(seed)
        binary = qemu_arm if case.family == "virt" else qemu_x86
        try:
            live = dump(binary, case.arguments, case.commands)
        except LiveExit as end:
            assert_ends_alike(end, case, dialect)
            continue
        ours = Sandbox(live.arguments, dialect=dialect, firmware="none")
        replies = [reply_of(ours, name, arguments) for name, arguments in case.commands]
        ours.reset()
        tables = ours.tables()
        told = f"seed {seed}: {' '.join(case.arguments)} {case.commands}"
        assert replies == [reply.raw for reply in live.replies], told
        assert (tables.srat, tables.slit) == (live.tables.srat, live.tables.slit), told
