"""What the tests share: live QEMUs, recorded tables, and the rule that a required test does not skip.

* ``REQUIRE_LIVE=1`` in the environment: a test marked ``live`` or ``guest`` that skips has failed.
* ``--record``: tests that hold a live QEMU against recorded tables write the recordings instead.
* ``QEMU_PREFIX`` in the environment: what goes before the names of the QEMUs, such as ``chroot DIR``, so that the live
  tests run on another version than that on PATH.
"""

from __future__ import annotations

import os
import shlex
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from collections.abc import Generator

# how long an example takes says something about the machine, and nothing about what is tested
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")

LEAST_VERSION: Final = (9, 2, 0)
LIVE_FIXTURES: Final = frozenset({"qemu_x86", "qemu_arm"})
REQUIRED_MARKERS: Final = ("live", "guest")
DATA: Final = Path(__file__).parent / "data"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--record", action="store_true", help="write the recorded tables of the tests that run")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        used = LIVE_FIXTURES.intersection(getattr(item, "fixturenames", ()))
        if used and item.get_closest_marker("live") is None:
            raise pytest.UsageError(f"{item.nodeid} uses {', '.join(sorted(used))} and is not marked live")


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    required = any(item.get_closest_marker(name) for name in REQUIRED_MARKERS)
    if required and report.skipped and not hasattr(report, "wasxfail"):
        _fail_if_required(report, item.nodeid)
    return report


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """A module that skips as a whole has no items whose markers could be seen: its text must do."""
    report = yield
    if report.skipped and isinstance(collector, pytest.Module):
        text = collector.path.read_text(encoding="utf-8")
        if any(f"mark.{name}" in text for name in REQUIRED_MARKERS):
            _fail_if_required(report, collector.nodeid)
    return report


def _fail_if_required(report: pytest.TestReport | pytest.CollectReport, name: str) -> None:
    if os.environ.get("REQUIRE_LIVE", "") not in {"", "0"}:
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = f"{name} must not skip under REQUIRE_LIVE: {reason}"


@pytest.fixture(scope="session")
def qemu_x86() -> tuple[str, ...]:
    """The command that starts a live x86 QEMU."""
    return _find_qemu("qemu-system-x86_64")


@pytest.fixture(scope="session")
def qemu_arm() -> tuple[str, ...]:
    """The command that starts a live Arm QEMU."""
    return _find_qemu("qemu-system-aarch64")


def _find_qemu(name: str) -> tuple[str, ...]:
    remedy = "install one with `make qemu`"
    pytest.importorskip("qemu.qmp", reason="needs the library qemu.qmp: pip install qemu.qmp")
    binary = (*shlex.split(os.environ.get("QEMU_PREFIX", "")), name)
    if shutil.which(binary[0]) is None:
        pytest.skip(f"no {binary[0]} on PATH: {remedy}")
    from sandbox.errors import SandboxError
    from sandbox.live import qemu_version

    try:
        version = qemu_version(binary)
    except SandboxError as error:
        pytest.skip(f"{error}: {remedy}")
    if version < LEAST_VERSION:
        found, least = (".".join(map(str, numbers)) for numbers in (version, LEAST_VERSION))
        pytest.skip(f"{name} on PATH is {found}, older than {least}: {remedy}")
    return binary


class Recordings:
    """Recorded tables: ``NAME.dat`` in tests/data, beside it ``NAME.txt`` for people."""

    def __init__(self, folder: Path, *, write: bool) -> None:
        self._folder = folder
        self._write = write

    def read(self, name: str) -> bytes:
        """Return a recording; a missing one fails the test."""
        path = self._path(name, ".dat")
        if not path.exists():
            pytest.fail(f"{path} is not recorded: run the live tests once with --record")
        return path.read_bytes()

    def check(self, name: str, data: bytes, text: str = "") -> None:
        """Hold what a live QEMU gave against its recording, or with ``--record`` make it the recording."""
        if self._write:
            path = self._path(name, ".dat")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
            if text:
                self._path(name, ".txt").write_text(text, encoding="utf-8")
        assert data == self.read(name)

    def _path(self, name: str, suffix: str) -> Path:
        return self._folder / f"{name}{suffix}"


@pytest.fixture
def recorded(request: pytest.FixtureRequest) -> Recordings:
    """The recorded tables of tests/data."""
    return Recordings(DATA, write=bool(request.config.getoption("--record")))
