from __future__ import annotations

import ctypes
import ctypes.util

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.qapi.leftovers import first_left
from sandbox.qapi.qdict import bucket, walk_order

NAMES = st.lists(st.text(st.sampled_from("abcdefgé-0"), max_size=4), unique=True, max_size=60)


@pytest.fixture(scope="module")
def glib() -> ctypes.CDLL:
    name = ctypes.util.find_library("glib-2.0")
    if name is None:
        pytest.skip("no libglib-2.0: install libglib2.0-0")
    library = ctypes.CDLL(name)
    library.g_hash_table_new.restype = ctypes.c_void_p
    return library


def first_in_glib(glib: ctypes.CDLL, names: list[str], visited: list[str]) -> str | None:
    table = ctypes.c_void_p(
        glib.g_hash_table_new(*(ctypes.cast(call, ctypes.c_void_p) for call in (glib.g_str_hash, glib.g_str_equal)))
    )
    buffers = {name: ctypes.create_string_buffer(name.encode()) for name in names}
    for buffer in buffers.values():
        glib.g_hash_table_insert(table, buffer, None)
    for name in visited:
        glib.g_hash_table_remove(table, buffers[name])
    iterator = (ctypes.c_char * 64)()
    key = ctypes.c_void_p()
    glib.g_hash_table_iter_init(ctypes.byref(iterator), table)
    found = glib.g_hash_table_iter_next(ctypes.byref(iterator), ctypes.byref(key), None)
    name = ctypes.cast(key, ctypes.c_char_p).value if found else None
    glib.g_hash_table_destroy(table)
    return None if name is None else name.decode()


@given(NAMES, st.data())
def test_the_reported_name_is_the_first_that_glib_has_left(
    glib: ctypes.CDLL, names: list[str], data: st.DataObject
) -> None:
    shuffled = data.draw(st.permutations(names))
    visited = shuffled[: data.draw(st.integers(0, len(names)))]
    assert first_left(names, visited) == first_in_glib(glib, names, visited)


def test_no_name_is_reported_when_all_were_visited() -> None:
    assert first_left(["a", "b"], ["b", "a"]) is None
    assert first_left([], []) is None


def test_members_walk_in_the_order_of_their_buckets() -> None:
    # Source: the order of members in replies of QEMU 10.0.2
    assert walk_order(["major", "minor", "micro"]) == ["micro", "minor", "major"]
    assert walk_order(["name", "type", "description"]) == ["name", "description", "type"]
    assert walk_order(["id", "error"]) == ["id", "error"]
    assert walk_order(["id", "return"]) == ["return", "id"]


def test_of_two_members_in_one_bucket_the_later_comes_first() -> None:
    names = {bucket(name): name for name in map(str, range(600))}
    later, earlier = next((name, names[bucket(name)]) for name in map(str, range(600)) if names[bucket(name)] != name)
    assert walk_order([earlier, later]) == [later, earlier]
    assert walk_order([later, earlier]) == [earlier, later]
