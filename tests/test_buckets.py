import ctypes
import ctypes.util
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.buckets import BucketTable, string_hash


class GlibTable:
    """libglib's own hash table of strings, driven directly: the oracle of bucket order."""

    def __init__(self, lib: ctypes.CDLL) -> None:
        self.lib = lib
        self.alive: dict[str, ctypes.Array] = {}
        string_functions = (ctypes.cast(lib.g_str_hash, ctypes.c_void_p), ctypes.cast(lib.g_str_equal, ctypes.c_void_p))
        self.table = ctypes.c_void_p(lib.g_hash_table_new_full(*string_functions, None, None))

    def insert(self, key: str) -> None:
        buffer = self.alive.setdefault(key, ctypes.create_string_buffer(key.encode()))
        self.lib.g_hash_table_insert(self.table, buffer, buffer)

    def remove(self, key: str) -> None:
        self.lib.g_hash_table_remove(self.table, ctypes.create_string_buffer(key.encode()))
        self.alive.pop(key)

    def remove_through_iterator(self, key: str) -> None:
        for iterator, found in self._walk():
            if found == key:
                self.lib.g_hash_table_iter_remove(ctypes.byref(iterator))
                break
        self.alive.pop(key)

    def keys(self) -> list[str]:
        return [key for _, key in self._walk()]

    def _walk(self):
        iterator = (ctypes.c_char * 64)()
        self.lib.g_hash_table_iter_init(ctypes.byref(iterator), self.table)
        key, value = ctypes.c_void_p(), ctypes.c_void_p()
        while self.lib.g_hash_table_iter_next(ctypes.byref(iterator), ctypes.byref(key), ctypes.byref(value)):
            yield iterator, ctypes.string_at(key.value).decode()


@pytest.fixture(scope="session")
def glib() -> ctypes.CDLL:
    name = ctypes.util.find_library("glib-2.0") or "libglib-2.0.so.0"
    try:
        lib = ctypes.CDLL(name)
    except OSError:
        pytest.skip("libglib is not installed (Debian: libglib2.0-0)")
    lib.g_hash_table_new_full.restype = ctypes.c_void_p
    return lib


def test_hash_of_a_name_is_djb2():
    assert string_hash(b"") == 5381
    assert string_hash(b"gi0") == ((5381 * 33 + 103) * 33 + 105) * 33 + 48


def test_bytes_above_127_count_as_negative():
    assert string_hash("é".encode()) == ((5381 * 33 + 0xC3 - 256) * 33 + 0xA9 - 256) & 0xFFFFFFFF


def test_gi0_to_gi7_iterate_as_qemu_10_walked_them():
    table: BucketTable[int] = BucketTable()
    for number in range(8):
        table.insert(f"gi{number}", number + 2)
    table.insert("m0", 0)
    table.insert("m1", 1)
    assert [table[key] for key in table if key.startswith("gi")] == [7, 6, 5, 4, 3, 9, 2, 8]


def test_a_key_that_is_there_keeps_its_bucket_and_takes_the_value():
    table: BucketTable[str] = BucketTable()
    table.insert("gi0", "old")
    table.insert("gi1", "other")
    before = list(table)
    table.insert("gi0", "new")
    assert list(table) == before
    assert table["gi0"] == "new"


def test_removing_a_name_that_is_not_there_raises_key_error():
    with pytest.raises(KeyError):
        BucketTable().remove("gi0")


names = st.sampled_from([f"gi{i}" for i in range(40)] + ["m0", "m1", "pc.ram", "é", ""])
histories = st.lists(st.tuples(st.sampled_from(["insert", "insert", "remove", "iterator"]), names), max_size=200)


@given(histories)
def test_any_history_iterates_as_glib_does(glib, history):
    ours: BucketTable[str] = BucketTable()
    theirs = GlibTable(glib)
    for action, name in history:
        if action == "insert":
            ours.insert(name, name)
            theirs.insert(name)
        elif name in ours:
            ours.remove(name, may_resize=action == "remove")
            (theirs.remove if action == "remove" else theirs.remove_through_iterator)(name)
        assert list(ours) == theirs.keys()
    assert list(reversed(ours)) == theirs.keys()[::-1]
    assert ours.values() == theirs.keys()


@pytest.mark.parametrize("seed", range(6))
def test_long_histories_grow_and_shrink_as_glib_does(glib, seed):
    random = Random(seed)
    ours: BucketTable[int] = BucketTable()
    theirs = GlibTable(glib)
    alive: list[str] = []
    for turn in range(1500):
        if alive and random.random() < (0.3 if turn < 800 else 0.7):
            name = alive.pop(random.randrange(len(alive)))
            resizes = random.random() < 0.5
            ours.remove(name, may_resize=resizes)
            (theirs.remove if resizes else theirs.remove_through_iterator)(name)
        else:
            name = f"obj{random.randrange(10_000)}"
            if name not in ours:
                alive.append(name)
            ours.insert(name, turn)
            theirs.insert(name)
        if turn % 50 == 0:
            assert list(ours) == theirs.keys()
    assert list(ours) == theirs.keys()
