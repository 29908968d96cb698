"""How tools/install-qemu derives an apt source for another suite; the hosts are invented."""

from __future__ import annotations

import shutil
import subprocess
import textwrap
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "tools" / "install-qemu"

pytestmark = pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")


def call(function: str, *arguments: object, environment: dict[str, str] | None = None) -> str:
    command = ["bash", "-c", 'source "$1"; shift; "$@"', "bash", str(SCRIPT), function, *map(str, arguments)]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout


def derive(function: str, tmp_path: Path, text: str) -> str:
    source = tmp_path / "source"
    source.write_text(textwrap.dedent(text))
    return call(function, "bookworm", "bookworm-backports", source)


def test_a_stanza_keeps_everything_but_suites_and_types(tmp_path):
    text = """\
        # the security archive
        Types: deb
        URIs: http://mirror.example/security
        Suites: bookworm-security
        Components: main

        # the archive
        Types: deb deb-src
        URIs: http://mirror.example/debian
        Suites: bookworm bookworm-updates
        Components: main contrib
        Signed-By:
         -----BEGIN KEY-----
         .
         abc
         -----END KEY-----
    """
    assert derive("derive_stanza", tmp_path, text) == textwrap.dedent("""\
        Types: deb
        URIs: http://mirror.example/debian
        Suites: bookworm-backports
        Components: main contrib
        Signed-By:
         -----BEGIN KEY-----
         .
         abc
         -----END KEY-----
    """)


def test_suites_on_lines_of_their_own_are_found(tmp_path):
    text = "Types: deb\nURIs: http://mirror.example/debian\nSuites:\n bookworm-updates\n bookworm\nComponents: main\n"
    derived = derive("derive_stanza", tmp_path, text)
    assert derived == ("Types: deb\nURIs: http://mirror.example/debian\nSuites: bookworm-backports\nComponents: main\n")


@pytest.mark.parametrize("change", ["Enabled: no\n", "Types: deb-src\n", "Suites: trixie\n"])
def test_a_stanza_that_serves_no_packages_of_the_suite_is_passed_over(tmp_path, change):
    fields = {"Types": "deb\n", "URIs": "http://mirror.example/debian\n", "Suites": "bookworm\n"}
    name, _, value = change.partition(": ")
    text = "".join(f"{field}: {content}" for field, content in {**fields, name: value}.items())
    assert derive("derive_stanza", tmp_path, text) == ""


def test_a_line_keeps_its_options(tmp_path):
    text = """\
        deb-src http://mirror.example/debian bookworm main
        deb [ arch=amd64 signed-by=/keys/k.gpg ] http://mirror.example/debian bookworm main contrib
    """
    assert derive("derive_line", tmp_path, text) == (
        "deb [ arch=amd64 signed-by=/keys/k.gpg ] http://mirror.example/debian bookworm-backports main contrib\n"
    )
    assert derive("derive_line", tmp_path, "deb http://mirror.example/debian bookworm-updates main\n") == ""


@pytest.mark.parametrize(
    ("version", "answer"), [("9.2", 0), ("10.0.2", 0), ("9.10.1", 0), ("7.2", 1), ("9.1.9", 1), ("", 1)]
)
def test_versions_are_compared_as_numbers(version, answer):
    command = ["bash", "-c", 'source "$1"; new_enough "$2"', "bash", str(SCRIPT), version]
    assert subprocess.run(command, check=False).returncode == answer


def test_the_newest_version_of_a_package_is_taken_from_whatever_suite(tmp_path):
    listing = (
        "qemu-efi-aarch64 | 2022.11-6+deb12u2 | http://mirror.example/debian bookworm/main amd64 Packages",
        "qemu-efi-aarch64 | 2025.02-8~bpo12+1 | http://mirror.example/debian bookworm-backports/main amd64 Packages",
        "qemu-efi-aarch64 | 2022.11-6+deb12u10 | http://mirror.example/security bookworm-security/main amd64 Packages",
    )
    program = tmp_path / "apt-cache"
    program.write_text("#!/bin/sh\n" + "".join(f"echo '{line}'\n" for line in listing))
    program.chmod(0o755)
    environment = {"PATH": f"{tmp_path}:/usr/bin:/bin"}
    assert call("newest_version", "qemu-efi-aarch64", environment=environment) == "2025.02-8~bpo12+1\n"


def test_an_edk2_that_the_user_names_comes_first(tmp_path):
    mine = tmp_path / "mine.fd"
    mine.write_bytes(b"")
    environment = {"PATH": "/usr/bin:/bin", "AAVMF": str(mine)}
    assert call("find_edk2", environment=environment) == f"{mine}\n"


def test_where_there_is_no_edk2_there_is_no_answer(tmp_path):
    script = 'source "$1"; edk2_files=("$2"); find_edk2'
    command = ["bash", "-c", script, "bash", str(SCRIPT), str(tmp_path / "none")]
    done = subprocess.run(command, env={"PATH": "/usr/bin:/bin"}, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, "")
