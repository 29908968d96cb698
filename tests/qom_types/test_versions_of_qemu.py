"""Which dialect a QEMU speaks follows from its version."""

import pytest

from qom_types.dialects import DIALECTS
from qom_types.meant import dialect_of_version
from sandbox.errors import InputError


@pytest.mark.parametrize(
    ("version", "dialect"),
    [
        ((9, 0, 0), "9.0"),
        ((9, 0, 3), "9.0"),
        ((9, 0, 4), "9.2"),
        ((9, 1, 3), "9.0"),
        ((9, 2, 0), "9.2"),
        ((9, 2, 4), "9.2"),
        ((10, 0, 2), "10.0"),
        ((10, 2, 0), "10.0"),
        ((11, 0, 0), "11.1"),
        ((11, 1, 3), "11.1"),
        ((12, 0, 0), "11.1"),
    ],
)
def test_the_version_of_a_qemu_tells_its_dialect(version, dialect):
    assert dialect_of_version(version)[0] == dialect
    assert dialect in DIALECTS


def test_late_9_0_releases_are_said_to_lack_the_ports_of_9_2():
    assert dialect_of_version((9, 0, 4))[1] == "QEMU 9.0.4 writes handles as 9.2 does, but has no Generic Ports"


def test_an_older_qemu_is_told_which_one_is_needed():
    with pytest.raises(InputError, match=r"QEMU 8\.2\.1 has no Generic Initiators: 9\.0 or later is needed"):
        dialect_of_version((8, 2, 1))
