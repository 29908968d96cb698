"""Booting the machines of the tests that run: two at once, but one where several processes run tests."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from sandbox.errors import InputError
from sandbox.guest.boot import guest_kernel

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from concurrent.futures import Future

    from guest_machines import Machine

    from sandbox.guest.trial import Trial

AT_ONCE = 2


class Guests:
    """Boots machines; the first that is asked for starts all others of its kind behind it.

    Args:
        machines: the others.
        pool: what boots them.
    """

    def __init__(self, machines: list[Machine], pool: ThreadPoolExecutor) -> None:
        self._machines = machines
        self._pool = pool
        self._booted: dict[int, Future[Trial]] = {}

    def boot(self, machine: Machine, binary: Sequence[str]) -> Trial:
        """The forecast of a machine's guest, and what it saw; the test is skipped where its kernel was not fetched."""
        self.needs(machine.arch, machine.kernel)
        for other in [machine, *self._machines]:
            if other.arch == machine.arch and id(other) not in self._booted:
                self._booted[id(other)] = self._pool.submit(other.boot, binary)
        return self._booted[id(machine)].result()

    def needs(self, arch: str, kernel: str) -> None:
        """Skip a test whose kernel was not fetched."""
        try:
            guest_kernel(arch, kernel)
        except InputError as error:
            pytest.skip(str(error))


@pytest.fixture(scope="session")
def guests(request: pytest.FixtureRequest) -> Iterator[Guests]:
    """Real Linux guests on the machines of the tests that were selected."""
    parameters = [item.callspec.params for item in request.session.items if hasattr(item, "callspec")]
    machines = [found["machine"] for found in parameters if hasattr(found.get("machine"), "boot")]
    if hasattr(request.config, "workerinput"):
        machines = []  # the others are shared out among the processes, and nobody knows how
    pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="guest")
    yield Guests(machines, pool)
    pool.shutdown(cancel_futures=True)
