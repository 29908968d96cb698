"""Running a campaign from its settings to its summary.

Example::

    settings = Settings((("qemu-system-x86_64",), ("qemu-system-aarch64",)), Path("out"), count=200, seed=1, jobs=2)
    summary = run_campaign(settings)
    summary.passed
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from sandbox.campaign.bench import Interrupted
from sandbox.campaign.interruption import Interruption
from sandbox.campaign.kinds import KINDS
from sandbox.campaign.progress import Silent
from sandbox.campaign.results import ResultsFile
from sandbox.campaign.summary import summarise
from sandbox.campaign.target import probe

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from sandbox.campaign.progress import Progress
    from sandbox.campaign.results import Result
    from sandbox.campaign.settings import Settings
    from sandbox.campaign.summary import Summary
    from sandbox.campaign.target import Target


def run_campaign(settings: Settings, progress: Progress | None = None) -> Summary:
    """Run random machines and histories on the sandbox and on live QEMUs.

    SIGINT and SIGTERM end it: the QEMUs that run are ended, and the results so far are kept.

    Args:
        settings: what to do.
        progress: told of each result; :class:`sandbox.campaign.progress.Bar` draws one for people.

    Raises:
        InputError: a setting is wrong, a binary cannot be used, what a kind of cases needs is not there, or the
            results there are not to be gone on with.
        LiveError: a binary is no QEMU that can be spoken to.
    """
    settings.check()
    progress = progress or Silent()
    with Interruption() as interruption:
        targets = [probe(command, settings.families) for command in settings.binaries]
        for kind in settings.kinds:
            KINDS[kind].ready(targets)
        with ResultsFile(settings.results_file, settings.header(targets), resume=settings.resume) as file:
            results = {number: found for number, found in file.earlier.results.items() if number < settings.count}
            todo = [number for number in range(settings.count) if number not in results]
            progress.start(settings.count, len(results))
            began = time.monotonic()
            run = _in_processes if settings.jobs > 1 else _here
            for result in run(settings, targets, todo, _Shrinking(settings, results.values()), interruption):
                file.append(result)
                results[result.number] = result
                progress.update(result)
            elapsed = time.monotonic() - began
    return summarise(
        results.values(),
        wanted=settings.count,
        interrupted=len(results) < settings.count,
        elapsed=elapsed,
        ran=sum(number in results for number in todo),
        jobs=settings.jobs,
    )


class _Shrinking:
    """Whether one more difference is made smaller."""

    def __init__(self, settings: Settings, results: Iterable[Result]) -> None:
        self._left = settings.most_shrunk
        for result in results:
            self.note(result)

    def note(self, result: Result) -> None:
        self._left -= bool(result.shrink_runs)

    @property
    def allowed(self) -> bool:
        return self._left > 0


def _here(
    settings: Settings,
    targets: Sequence[Target],
    todo: Sequence[int],
    shrinking: _Shrinking,
    interruption: Interruption,
) -> Iterator[Result]:
    """Do the cases in this process, one after the other."""
    from sandbox.campaign.worker import Worker

    worker = Worker(settings, targets)
    interruption.call(worker.stop)
    for number in todo:
        try:
            result = worker.do(number, may_shrink=shrinking.allowed)
        except Interrupted:
            return
        shrinking.note(result)
        yield result


def _in_processes(
    settings: Settings,
    targets: Sequence[Target],
    todo: Sequence[int],
    shrinking: _Shrinking,
    interruption: Interruption,
) -> Iterator[Result]:
    """Do the cases in several processes, in the order in which they get ready."""
    from sandbox.campaign.pool import Pool

    waiting = iter(todo)
    with Pool(settings, targets) as pool:
        while not interruption.requested:
            for member in pool.idle:
                number = next(waiting, None)
                if number is not None:
                    member.give(number, may_shrink=shrinking.allowed)
            if not pool.is_busy:
                return
            for result in pool.wait():
                shrinking.note(result)
                yield result
