"""Which QEMU answers: its version, and the dialect that it speaks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qom_types.dialects import V2
from qom_types.meant import FIRST_MERGED, dialect_of_version
from sandbox.live.errors import LiveError
from sandbox.records import record

if TYPE_CHECKING:
    from sandbox.live.session import LiveSession


@record
class Identity:
    """Which QEMU it is.

    Attributes:
        version: major, minor, micro.
        package: what the distribution calls it; "" if nothing, or if that is not known.
        dialect: the name of its dialect.
        reason: why it is this one, in one phrase.
    """

    version: tuple[int, int, int]
    package: str
    dialect: str
    reason: str

    @property
    def note(self) -> str:
        """What is to be said of the dialect; "" where the version says it all."""
        says_it_all = self.reason == f"QEMU {'.'.join(map(str, self.version))}"
        return "" if says_it_all else f"dialect {self.dialect}: {self.reason}"


def identify(session: LiveSession) -> Identity:
    """Ask a connected QEMU.

    Raises:
        InputError: it has no Generic Initiators.
        LiveExit, LiveTimeout: it ends, or does not answer.
        LiveError: it tells no version.
    """
    version, package = read_version(session.execute("query-version"))
    if version < FIRST_MERGED and _carries_v2(session):
        return Identity(version, package, V2, "it has the object nvidia-acpi-generic-initiator")
    return Identity(version, package, *dialect_of_version(version))


def read_version(told: Any) -> tuple[tuple[int, int, int], str]:
    """Return version and package from the value of ``query-version``.

    Raises:
        LiveError: there is no version in it.
    """
    try:
        numbers = told["qemu"]
        return (int(numbers["major"]), int(numbers["minor"]), int(numbers["micro"])), str(told.get("package", ""))
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise LiveError(f"no version in the reply to query-version: {told!r}") from error


def _carries_v2(session: LiveSession) -> bool:
    """Whether a QEMU has the objects of the v2 series."""
    found = session.execute("qom-list-types", {"implements": "acpi-generic-initiator"})
    return isinstance(found, list) and any(info.get("name") == "nvidia-acpi-generic-initiator" for info in found)
