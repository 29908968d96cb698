"""The archives that a kernel unpacks; whether it does is seen by booting one."""

from __future__ import annotations

import shutil
import stat
import subprocess

import pytest

from sandbox.guest.boot.cpio import archive, character_device, directory, file, symlink
from sandbox.guest.boot.initramfs import initramfs, table_archive

ONE_FILE = (
    "070701"
    "00000001" "000081ED" "00000000" "00000000" "00000001" "00000000" "00000003"
    "00000000" "00000000" "00000000" "00000000" "00000005" "00000000"
    "init\0\0abc\0"
    "070701"
    "00000000" "00000000" "00000000" "00000000" "00000001" "00000000" "00000000"
    "00000000" "00000000" "00000000" "00000000" "0000000B" "00000000"
    "TRAILER!!!\0\0\0\0"
)  # fmt: skip
"""Written down from the format's description: one executable of three bytes."""


def members(data: bytes) -> dict[str, tuple[int, bytes]]:
    """What an archive holds: mode and data by name."""
    found = {}
    at = 0
    while at < len(data):
        assert data[at : at + 6] == b"070701"
        fields = [int(data[at + 6 + 8 * number : at + 14 + 8 * number], 16) for number in range(13)]
        mode, size, name_size = fields[1], fields[6], fields[11]
        name = data[at + 110 : at + 110 + name_size - 1].decode()
        at = -(-(at + 110 + name_size) // 4) * 4
        found[name] = (mode, data[at : at + size])
        at = -(-(at + size) // 4) * 4
    return found


def test_an_archive_is_as_the_format_says():
    assert archive([file("init", b"abc", executable=True)]) == ONE_FILE.encode()


def test_members_keep_their_kind():
    made = archive([directory("dev"), character_device("dev/console", 5, 1), symlink("sh", "busybox"), file("x", b"")])
    kinds = {name: (stat.S_IFMT(mode), data) for name, (mode, data) in members(made).items()}
    assert kinds == {
        "dev": (stat.S_IFDIR, b""),
        "dev/console": (stat.S_IFCHR, b""),
        "sh": (stat.S_IFLNK, b"busybox"),
        "x": (stat.S_IFREG, b""),
        "TRAILER!!!": (0, b""),
    }


@pytest.mark.skipif(shutil.which("cpio") is None, reason="needs cpio")
def test_cpio_lists_an_archive(tmp_path):
    made = archive([directory("dev"), symlink("sh", "busybox"), file("init", b"abcde", executable=True)])
    done = subprocess.run(["cpio", "-t"], input=made, capture_output=True, check=True)
    assert done.stdout.decode().split() == ["dev", "sh", "init"]


def test_the_first_file_system_runs_our_init_by_busybox():
    found = members(initramfs(b"\x7fELF"))
    assert found["bin/busybox"] == (stat.S_IFREG | 0o755, b"\x7fELF")
    assert found["bin/sh"][1] == b"busybox"
    assert found["init"][0] == stat.S_IFREG | 0o755
    assert found["init"][1].startswith(b"#!/bin/sh\n")
    assert {name for name, (mode, _) in found.items() if stat.S_ISDIR(mode)} == {"bin", "dev", "proc", "sys", "tmp"}
    assert initramfs(b"\x7fELF") == initramfs(b"\x7fELF")


def test_tables_lie_where_linux_looks_for_them():
    found = members(table_archive({"SRAT": b"SRAT...", "SLIT": b"SLIT"}))
    assert list(found) == [
        "kernel",
        "kernel/firmware",
        "kernel/firmware/acpi",
        "kernel/firmware/acpi/srat.aml",
        "kernel/firmware/acpi/slit.aml",
        "TRAILER!!!",
    ]
    assert found["kernel/firmware/acpi/srat.aml"][1] == b"SRAT..."


def test_without_tables_there_is_no_archive_for_them():
    assert table_archive({}) == b""


@pytest.mark.skipif(shutil.which("sh") is None, reason="needs sh")
def test_init_is_a_shell_script_without_mistakes_of_grammar():
    script = members(initramfs(b""))["init"][1]
    subprocess.run(["sh", "-n"], input=script, check=True)
