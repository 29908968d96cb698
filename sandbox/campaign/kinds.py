"""The ways in which cases are run; a further one is a further entry here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from qom_types.dialects import V2
from sandbox.campaign.bench import Bench
from sandbox.campaign.cases import NATIVE, random_case
from sandbox.campaign.guests import GUEST, check_guest, check_kernels, guest_case
from sandbox.campaign.translated import check_translated, v2_case
from sandbox.records import record

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from sandbox.campaign.bench import Verdict
    from sandbox.campaign.case import Case
    from sandbox.campaign.target import Target


@record
class Kind:
    """A way to run cases.

    Attributes:
        name: as settings name it.
        draw: makes a case from the seed, its number and the QEMU.
        check: runs a case on both sides.
        ready: checks that what such cases need is there; raises InputError.
        most_shrink_runs: how many runs one difference is worth.
    """

    name: str
    draw: Callable[[int, int, Target], Case]
    check: Callable[[Bench, Case], Verdict]
    ready: Callable[[Sequence[Target]], None] = lambda _targets: None
    most_shrink_runs: int = 1000


KINDS: Final[Mapping[str, Kind]] = {
    NATIVE: Kind(NATIVE, random_case, Bench.check),
    V2: Kind(V2, v2_case, check_translated),
    GUEST: Kind(GUEST, guest_case, check_guest, check_kernels, most_shrink_runs=25),
}
"""``native``: the sandbox and QEMU get the same words, in the dialect that this QEMU speaks. ``v2``: words of the v2
series, which a released QEMU gets translated. ``guest``: a Linux is booted, and its view held against the forecast."""
