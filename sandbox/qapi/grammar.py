"""Which keys the definitions of a schema have, and which values its flags.

Source: QEMU's docs/devel/qapi-code-gen.rst, "Schema syntax"; the same from QEMU 8.1 on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

COMMON: Final = ("if", "features")
KEYS: Final[Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]]] = {
    "enum": (("enum", "data"), ("prefix", *COMMON)),
    "struct": (("struct", "data"), ("base", *COMMON)),
    "union": (("union", "base", "discriminator", "data"), COMMON),
    "alternate": (("alternate", "data"), COMMON),
    "command": (
        ("command",),
        ("data", "returns", "boxed", "gen", "success-response", "allow-oob", "allow-preconfig", "coroutine", *COMMON),
    ),
    "event": (("event",), ("data", "boxed", *COMMON)),
}
"""Which keys a definition of each kind must and may have."""

WRITTEN_VALUE: Final[Mapping[str, bool]] = {
    "boxed": True,
    "gen": False,
    "success-response": False,
    "allow-oob": True,
    "allow-preconfig": True,
    "coroutine": True,
}
"""The flags, and the one value that each may be written with; left out, a flag has the other."""
