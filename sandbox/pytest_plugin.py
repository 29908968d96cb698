"""Fixtures for test suites that want a QMP peer: a sandbox instead of a VM, or of a mock of canned replies.

Example::

    @pytest.mark.qom_sandbox("-M q35 -m 1G -device pci-testdev,id=dev0", dialect="10.0")
    def test_attach(qom_sandbox_path):
        attach_gpu(qom_sandbox_path)          # the code under test, which talks QMP to a socket

    def test_two_vms(qom_sandbox):
        left, right = qom_sandbox("-M q35"), qom_sandbox("-M virt")
        assert left.client().execute("query-status")["running"]

Nothing but this module is loaded until a test asks for one of the fixtures.
"""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sandbox.errors import MachineExit
    from sandbox.machine.tables import Tables
    from sandbox.qmp.client import QmpClient
    from sandbox.qmp.thread import ServerThread

MARKER = "qom_sandbox"
DEFAULT_ARGUMENTS = "-M q35 -m 1G"


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker."""
    config.addinivalue_line(
        "markers",
        f"{MARKER}(arguments, dialect=None, firmware='enumerated'): the QEMU command line of the fixtures "
        "qom_sandbox_path and qom_sandbox_client",
    )


class RunningSandbox:
    """A sandbox that answers QMP while a test runs.

    Attributes:
        path: the Unix socket of its monitor.
        paths: those of all its monitors.
    """

    def __init__(self, server: ServerThread, paths: tuple[str, ...], stack: ExitStack) -> None:
        self.path = paths[0]
        self.paths = paths
        self._server = server
        self._stack = stack

    def client(self, monitor: int = 0) -> QmpClient:
        """Return a client that has connected and negotiated; it hangs up at the end of the test.

        A monitor serves one client at a time: a second one waits until the first has been closed.
        """
        from sandbox.qmp.client import QmpClient

        return self._stack.enter_context(QmpClient(f"unix:{self.paths[monitor]}"))

    def tables(self) -> Tables:
        """Return the ACPI tables that firmware would read now."""
        return self._server.tables()

    def wait(self, seconds: float = 10.0) -> MachineExit:
        """Wait until the machine has ended; return how: the status and what QEMU writes to stderr.

        Raises:
            TimeoutError: it lives.
        """
        return self._server.wait(seconds)


@pytest.fixture
def qom_sandbox() -> Iterator[Callable[..., RunningSandbox]]:
    """Start sandboxes: call it with QEMU arguments (text or words), ``dialect``, ``firmware`` and ``monitors``."""
    import tempfile

    with ExitStack() as stack:
        # not tmp_path: the path of a Unix socket has at most 107 bytes
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="qom-"))
        count = 0

        def start(arguments: Any = DEFAULT_ARGUMENTS, *, monitors: int = 1, **settings: Any) -> RunningSandbox:
            from sandbox.qmp.thread import ServerThread

            nonlocal count
            count += 1
            paths = tuple(f"{folder}/{count}-{number}" for number in range(monitors))
            server = stack.enter_context(ServerThread(arguments, [f"unix:{path}" for path in paths], **settings))
            return RunningSandbox(server, paths, stack)

        yield start


@pytest.fixture
def qom_sandbox_path(_marked_sandbox: RunningSandbox) -> str:
    """The path of the QMP socket of the sandbox that the test's marker ``qom_sandbox`` describes."""
    return _marked_sandbox.path


@pytest.fixture
def qom_sandbox_client(_marked_sandbox: RunningSandbox) -> QmpClient:
    """A QMP client that is connected to the sandbox that the test's marker ``qom_sandbox`` describes."""
    return _marked_sandbox.client()


@pytest.fixture
def _marked_sandbox(request: pytest.FixtureRequest, qom_sandbox: Callable[..., RunningSandbox]) -> RunningSandbox:
    marker = request.node.get_closest_marker(MARKER)
    return qom_sandbox(*marker.args, **marker.kwargs) if marker is not None else qom_sandbox()
