"""Running one case on both sides: a QEMU that starts while the sandbox computes its answers."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final, TypeVar

from sandbox.campaign.live_side import live_history
from sandbox.campaign.ran import Ran, killed_by, what_ran
from sandbox.campaign.sides import Difference, first_difference, run
from sandbox.errors import DecodeError, InputError, SandboxError
from sandbox.live.errors import LiveError
from sandbox.records import record

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sandbox.campaign.case import Case
    from sandbox.campaign.sides import Did, MakeOurs
    from sandbox.campaign.target import Target
    from sandbox.compare.result import Comparison
    from sandbox.guest.boot.cache import GuestKernel
    from sandbox.guest.trial import Trial
    from sandbox.live.session import Limits, LiveSession
    from sandbox.scenario.model import Scenario


T = TypeVar("T")

STILL_STARTING_SECONDS: Final = 0.003
"""If QEMU is waited for longer than this after our side is computed, the computing took no time of its own."""
NOTHING_RAN: Final = Ran()


@record
class Verdict:
    """What a case came to.

    Attributes:
        outcome: ``equal``, ``different``, or ``error`` where a side could not be asked to the end.
        difference: the first difference.
        error: what went wrong with QEMU, its stderr at the end.
        seconds: wall time.
        own_seconds: the part of it in which QEMU waited for us: our processor time but for what ran beside its start.
        theirs: what QEMU did, as far as it is a history of the same commands.
        ran: the same for counts.
    """

    outcome: str
    difference: Difference | None = None
    error: str = ""
    seconds: float = 0.0
    own_seconds: float = 0.0
    theirs: tuple[Did, ...] = ()
    ran: Ran = NOTHING_RAN


class Interrupted(SandboxError):
    """The campaign is to end; the case that ran has no verdict."""


class Bench:
    """Runs cases on one QEMU binary, one after the other, and can be told to stop from a signal handler.

    Args:
        command: the program and what goes before QEMU's arguments.
        target: what it is.
        limits: how long to wait for it.
        ours: makes the sandbox's side.
        on_launch: told the process id and the private directory of each QEMU.
    """

    def __init__(
        self,
        command: Sequence[str],
        target: Target,
        limits: Limits,
        ours: MakeOurs,
        on_launch: Callable[[int, str], None] = lambda _pid, _directory: None,
    ) -> None:
        self.target = target
        self._command = tuple(command)
        self._limits = limits
        self._ours = ours
        self._on_launch = on_launch
        self._session: LiveSession | None = None
        self._stopped = False

    def stop(self) -> None:
        """End the QEMU that runs; the case raises Interrupted, and so does every later one."""
        self._stopped = True
        if self._session is not None:
            self._session.interrupt()

    def ours(self, case: Case, added: Sequence[str] = ()) -> tuple[tuple[Did, ...], Difference | None]:
        """Return what the sandbox does, and as a difference what it should not do: fail, or not model something.

        Args:
            case: the case.
            added: arguments that QEMU gets behind the case's own.
        """
        words = (self.target.program, *case.arguments, *added)
        try:
            return run(lambda: self._ours(words, self.target.dialect), case.commands), None
        except InputError as error:
            return (), Difference(f"refused: {type(error).__name__}", 0, str(error))
        except Exception as error:  # noqa: BLE001 - whatever the sandbox raises on a random machine is a finding
            return (), Difference(f"raised: {type(error).__name__}", 0, f"{type(error).__name__}: {error}")

    def check(self, case: Case) -> Verdict:
        """Run a case on both sides.

        Raises:
            Interrupted: the campaign is to end.
        """
        from sandbox.live import launch

        began = time.monotonic()
        self._check_stopped()
        before = time.thread_time()
        session = self._session = launch(self._command, case.arguments, limits=self._limits)
        launched = time.thread_time()
        theirs: list[Did] = []
        error = ""
        try:
            self._on_launch(session.pid, str(session.exchange[0]))
            self._check_stopped()
            ours, wrong = self.ours(case, session.arguments[len(case.arguments) :])
            computed = time.thread_time()
            waiting = time.monotonic()
            for did in live_history(session, case.commands):
                theirs.append(did)  # noqa: PERF402 - what came before a failure is kept
        except (LiveError, DecodeError) as failure:
            error = str(failure)
        finally:
            session.discard()
            self._session = None
        self._check_stopped()
        ended = time.thread_time()
        own = ended - before
        if began + session.start_seconds - waiting > STILL_STARTING_SECONDS:
            own -= computed - launched
        difference = None
        if not error:
            difference = wrong or first_difference(ours, theirs, case.commands)
        if difference is not None and theirs and (killed := killed_by(theirs[-1])):
            # a crash that the sandbox foresees is no difference, and so does not come here
            difference, error = None, f"QEMU was ended by {killed}\n{session.stderr}".rstrip()
            theirs.pop()
        outcome = "error" if error else "different" if difference else "equal"
        seconds = time.monotonic() - began
        return Verdict(outcome, difference, error, seconds, own, tuple(theirs), what_ran(case, theirs))

    def compare(self, scenario: Scenario) -> Comparison:
        """Compare a scenario as the command ``compare`` does.

        Raises:
            Interrupted: the campaign is to end.
            SandboxError: a side could not be asked to the end.
        """
        from sandbox.live.bridge import compare_live
        from sandbox.live.running import LiveQemu

        target = LiveQemu(self._command, limits=self._limits)
        return self._watched(lambda: compare_live(scenario, target, self._watch))

    def boot(self, scenario: Scenario, kernel: GuestKernel) -> Trial:
        """Boot the guest of a scenario and compare it with its forecast, as the command ``guest --boot`` does.

        Raises:
            Interrupted: the campaign is to end.
            SandboxError: the guest could not be booted.
        """
        from sandbox.guest.trial import try_guest

        return self._watched(lambda: try_guest(scenario, kernel, self._command, watch=self._watch))

    def _watched(self, run: Callable[[], T]) -> T:
        self._check_stopped()
        try:
            return run()
        except LiveError:
            self._check_stopped()
            raise
        finally:
            self._session = None

    def _watch(self, session: LiveSession) -> None:
        self._session = session
        self._on_launch(session.pid, str(session.exchange[0]))
        self._check_stopped()

    def _check_stopped(self) -> None:
        if self._stopped:
            raise Interrupted("the campaign was interrupted")
