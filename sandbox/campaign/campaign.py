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
from sandbox.campaign.results import ResultsFile, Unkept
from sandbox.campaign.summary import summarise
from sandbox.campaign.target import probe
from sandbox.campaign.worker import ERROR
from sandbox.errors import InputError
from sandbox.live.errors import LiveError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from sandbox.campaign.progress import Progress
    from sandbox.campaign.results import Result
    from sandbox.campaign.settings import Settings
    from sandbox.campaign.summary import Summary
    from sandbox.campaign.target import Target
    from sandbox.live.session import LiveSession


def run_campaign(settings: Settings, progress: Progress | None = None) -> Summary:
    """Run random machines and histories on the sandbox and on live QEMUs.

    SIGINT and SIGTERM end it: the QEMUs that run are ended, and the results so far are kept. Where it goes on with
    results, errors among them are done again.

    Args:
        settings: what to do.
        progress: told of each result; :class:`sandbox.campaign.progress.Bar` draws one for people.

    Raises:
        InputError: a setting is wrong, a binary cannot be used, what a kind of cases needs is not there, or the
            results there are not to be gone on with.
        LiveError: a binary cannot be spoken to, or stays silent.
        SandboxError: a worker cannot go on.
    """
    settings.check()
    progress = progress or Silent()
    wanted = settings.numbers
    with Interruption() as interruption:
        try:
            targets = _probed(settings, interruption)
        except (InputError, LiveError):
            if not interruption.requested:
                raise
            return summarise((), wanted=len(wanted), interrupted=True, elapsed=0.0, ran=0, jobs=settings.jobs)
        for kind in settings.kinds:
            KINDS[kind].ready(targets)
        with _results_file(settings, targets) as file:
            results = {
                number: found
                for number, found in file.earlier.results.items()
                if number in wanted and found.outcome != ERROR
            }
            todo = [number for number in wanted if number not in results]
            progress.start(len(wanted), len(results))
            began = time.monotonic()
            run = _in_processes if settings.jobs > 1 else _here
            for result in run(settings, targets, todo, _Shrinking(settings, results.values()), interruption):
                file.append(result)
                results[result.number] = result
                progress.update(result)
            elapsed = time.monotonic() - began
    return summarise(
        results.values(),
        wanted=len(wanted),
        interrupted=len(results) < len(wanted),
        elapsed=elapsed,
        ran=sum(number in results for number in todo),
        jobs=settings.jobs,
    )


def _probed(settings: Settings, interruption: Interruption) -> list[Target]:
    """Ask each binary what it is; an interruption ends the one that is asked."""

    def watch(session: LiveSession) -> None:
        interruption.call(session.interrupt)

    return [probe(command, settings.families, settings.limits, watch) for command in settings.binaries]


def _results_file(settings: Settings, targets: Sequence[Target]) -> ResultsFile | Unkept:
    if settings.only:
        return Unkept()
    return ResultsFile(settings.results_file, settings.header(targets), resume=settings.resume)


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
    with Pool(settings, targets, lambda: interruption.requested) as pool:
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
