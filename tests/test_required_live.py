"""The rules of tests/conftest.py, tried on a small project of their own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

CONFTEST = Path(__file__).with_name("conftest.py")

SETTINGS = "[pytest]\nmarkers =\n    live: l\n    guest: g\n"

SKIPPING = """
import pytest

@pytest.fixture
def absent():
    pytest.skip("no program here")

@pytest.mark.live
def test_in_fixture(absent): pass

@pytest.mark.live
def test_in_body(): pytest.skip("nothing to boot")

@pytest.mark.guest
@pytest.mark.skip(reason="no kernel")
def test_by_marker(): pass

@pytest.mark.live
@pytest.mark.xfail(reason="known")
def test_expected_failure(): assert False

@pytest.mark.skip(reason="elsewhere")
def test_unmarked(): pass

@pytest.mark.live
def test_good(): pass
"""

SKIPPING_MODULE = """
import pytest

pytestmark = pytest.mark.live
pytest.importorskip("no_such_library")

def test_a(): pass
"""


@pytest.fixture
def project(tmp_path):
    """Runs pytest with our conftest.py on the given test modules; returns exit status and output."""

    def run(modules: dict[str, str], *arguments: str, **environment: str) -> tuple[int, str]:
        (tmp_path / "conftest.py").write_text(CONFTEST.read_text())
        (tmp_path / "pytest.ini").write_text(SETTINGS)
        for name, text in modules.items():
            (tmp_path / f"test_{name}.py").write_text(text)
        env = {name: value for name, value in os.environ.items() if not name.startswith(("REQUIRE_LIVE", "PYTEST"))}
        env["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"  # conftest.py needs none, and loading them takes most of the time
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-rA", "-p", "no:cacheprovider", *arguments],
            cwd=tmp_path,
            env={**env, **environment},
            capture_output=True,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout + done.stderr

    return run


def test_a_live_test_may_skip_where_it_is_not_required(project):
    status, output = project({"skipping": SKIPPING, "module": SKIPPING_MODULE})
    assert status == 0, output
    assert "1 passed, 5 skipped, 1 xfailed" in output


def test_a_required_live_test_that_skips_has_failed(project):
    status, output = project({"skipping": SKIPPING}, REQUIRE_LIVE="1")
    assert status == 1, output
    assert "1 failed, 1 passed, 1 skipped, 1 xfailed, 2 errors" in output
    for name, reason in [
        ("in_fixture", "no program here"),
        ("in_body", "nothing to boot"),
        ("by_marker", "no kernel"),
    ]:
        assert f"test_skipping.py::test_{name} must not skip under REQUIRE_LIVE: Skipped: {reason}" in output


def test_a_required_live_module_that_skips_has_failed(project):
    status, output = project({"module": SKIPPING_MODULE}, REQUIRE_LIVE="1")
    assert status not in {0, 5}, output
    assert "test_module.py must not skip under REQUIRE_LIVE" in output


def test_a_test_that_uses_a_live_qemu_unmarked_is_refused(project):
    status, output = project({"unmarked": "def test_a(qemu_arm): pass\n"})
    assert status == 4
    assert "test_unmarked.py::test_a uses qemu_arm and is not marked live" in output


def test_without_a_qemu_the_remedy_is_named(project):
    text = "import pytest\n@pytest.mark.live\ndef test_a(qemu_x86): pass\n"
    status, output = project({"live": text}, PATH="")
    assert status == 0, output
    assert "no qemu-system-x86_64 on PATH: install one with `make qemu`" in output


def test_a_recording_is_written_only_on_request(project, tmp_path):
    modules = {"recorded": "def test_a(recorded): recorded.check('pc/one', b'xyz', 'text')\n"}
    status, output = project(modules)
    assert status == 1
    assert "one.dat is not recorded: run the live tests once with --record" in output
    assert not (tmp_path / "data").exists()
    assert project(modules, "--record")[0] == 0
    assert (tmp_path / "data/pc/one.dat").read_bytes() == b"xyz"
    assert (tmp_path / "data/pc/one.txt").read_text() == "text"
    assert project(modules)[0] == 0
    (tmp_path / "data/pc/one.dat").write_bytes(b"abc")
    assert project(modules)[0] == 1
