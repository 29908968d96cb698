"""Runs without gaps in numbers, and numbers as sysfs, numactl and libvirt write them: ``0-1,4``."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


def runs(numbers: Iterable[int]) -> Iterator[range]:
    """Give the runs in numbers, ascending, however those come; each number counts once."""
    run: range | None = None
    for number in sorted(set(numbers)):
        if run is not None and run.stop == number:
            run = range(run.start, number + 1)
            continue
        if run is not None:
            yield run
        run = range(number, number + 1)
    if run is not None:
        yield run


def list_text(numbers: Iterable[int]) -> str:
    """Return numbers as text: ascending, each run as a range; "" for none."""
    return ",".join(str(run.start) if len(run) == 1 else f"{run.start}-{run.stop - 1}" for run in runs(numbers))
