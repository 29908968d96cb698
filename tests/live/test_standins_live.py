"""Command lines that no test machine could run, made fit for a live QEMU: it starts, and its tables are the user's."""

from __future__ import annotations

import time
from contextlib import contextmanager

import pytest
from standin_hosts import NAMES, bare_host, is_for_virt, words_of

from sandbox.app import Sandbox
from sandbox.live import launch, read_tables
from sandbox.live.standins import prepare, probe_host

pytestmark = pytest.mark.live


@contextmanager
def running(binary, prepared):
    session = launch(binary, prepared.words, files=prepared.files)
    try:
        session.connect()
        yield session
    finally:
        session.kill()


def names_of(objects):
    return [found["name"] for found in objects]


def own_tables(words):
    tables = Sandbox(words, dialect="10.0", firmware="none").tables()
    return tables.srat, tables.slit, tables.hmat


@pytest.fixture(params=NAMES)
def line(request, qemu_x86, qemu_arm):
    words = words_of(request.param)
    return words, (qemu_arm if is_for_virt(words) else qemu_x86)


def test_tables_and_objects_are_those_of_the_users_own_command_line(line):
    words, binary = line
    prepared = prepare(words, host=bare_host(), firmware="none")
    with running(binary, prepared) as session:
        found = read_tables(session)
        objects = session.execute("qom-list", {"path": "/objects"})
    assert (found.srat, found.slit, found.hmat) == own_tables(words) == own_tables(prepared.own_words)
    own = Sandbox(prepared.own_words, dialect="10.0", firmware="none")
    assert names_of(objects) == names_of(own.execute("qom-list", {"path": "/objects"}))
