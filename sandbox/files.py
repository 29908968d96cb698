"""Reading and writing the files that a user names, ``-`` for standard input; what goes wrong names the file.

Without pathlib, whose import would cost each short command more than its reading.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Final

from sandbox.errors import InputError, Place

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.acpi.dump import RawTable
    from sandbox.guest.sysfs import FileTree
    from sandbox.scenario.tables import Tables

STANDARD_INPUT: Final = "-"


def read_included(name: str) -> str:
    """Return the text of a file that another one includes; what goes wrong is the including one's to tell."""
    with open(name, encoding="utf-8") as file:
        return file.read()


def read_bytes(name: str) -> bytes:
    """Return the bytes of a file; those of standard input come only once."""
    with open(0, "rb", closefd=False) if name == STANDARD_INPUT else open(name, "rb") as file:
        return file.read()


def read_raw(name: str) -> bytes:
    """Return the bytes of a file.

    Raises:
        InputError: it cannot be read.
    """
    try:
        return read_bytes(name)
    except OSError as error:
        raise InputError(os.strerror(error.errno or 0), Place(name)) from None


def read_raw_tables(name: str) -> tuple[RawTable, ...]:
    """Return the tables of a raw file or of acpidump's text.

    Raises:
        InputError: it cannot be read, or holds none.
    """
    from sandbox.acpi.dump import read_tables
    from sandbox.errors import DecodeError

    try:
        return read_tables(read_raw(name))
    except DecodeError as error:
        raise InputError(str(error), Place(name)) from None


def list_folder(folder: str) -> list[str]:
    """Return the paths of what a folder holds, by name.

    Raises:
        InputError: it is no folder, or cannot be read.
    """
    try:
        return [os.path.join(folder, name) for name in sorted(os.listdir(folder))]
    except OSError as error:
        raise InputError(os.strerror(error.errno or 0), Place(folder)) from None


def read_text(name: str) -> str:
    """Return the text of a file.

    Raises:
        InputError: it cannot be read, or is not UTF-8.
    """
    try:
        return read_raw(name).decode() if name == STANDARD_INPUT else read_included(name)
    except OSError as error:
        raise InputError(os.strerror(error.errno or 0), Place(name)) from None
    except UnicodeDecodeError as error:
        raise InputError(f"not UTF-8 at byte {error.start}", Place(name)) from None


def write_text(name: str, text: str) -> None:
    """Write a text file.

    Raises:
        InputError: it cannot be written.
    """
    try:
        with open(name, "w", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise InputError(os.strerror(error.errno or 0), Place(name)) from None


def write_raw(name: str, data: bytes) -> None:
    """Write bytes to a file.

    Raises:
        InputError: it cannot be written.
    """
    try:
        with open(name, "wb") as file:
            file.write(data)
    except OSError as error:
        raise InputError(os.strerror(error.errno or 0), Place(name)) from None


def write_folder(folder: str, contents: Mapping[str, bytes], owned: re.Pattern[str]) -> None:
    """Write files into a folder; others in it that are named as ours are removed, lest an old one deceive.

    Args:
        folder: made if it is not there.
        contents: the bytes of each file by name.
        owned: the names of files that are removed where ``contents`` does not have them.

    Raises:
        InputError: the folder cannot be written.
    """
    try:
        os.makedirs(folder, exist_ok=True)
        for name in os.listdir(folder):
            if name not in contents and owned.fullmatch(name):
                os.remove(os.path.join(folder, name))
        for name, data in contents.items():
            with open(os.path.join(folder, name), "wb") as file:
                file.write(data)
    except OSError as error:
        raise InputError(os.strerror(error.errno or 0), Place(folder)) from None


def write_tables(folder: str, made: Tables) -> None:
    """Write the tables that there are; files of tables that there are not are removed, lest an old one deceive.

    Raises:
        InputError: the folder cannot be written.
    """
    from sandbox.scenario.tables import TABLE_NAMES

    tables = {f"{name}.dat": getattr(made, name) for name in TABLE_NAMES}
    present = {file: data for file, data in tables.items() if data is not None}
    write_folder(folder, present, re.compile("|".join(map(re.escape, tables))))


def write_tree(folder: str, tree: FileTree) -> None:
    """Write a tree of files into a folder that is new or empty.

    Raises:
        InputError: there is something in the folder, or it cannot be written.
    """
    try:
        os.makedirs(folder, exist_ok=True)
        if os.listdir(folder):
            raise InputError("the folder is not empty; the tree needs one of its own", Place(folder))
        for path, text in tree.files.items():
            _make_room(folder, path)
            with open(os.path.join(folder, path), "w", encoding="utf-8") as file:
                file.write(text)
        for path, target in tree.links.items():
            _make_room(folder, path)
            os.symlink(target, os.path.join(folder, path))
    except OSError as error:
        raise InputError(os.strerror(error.errno or 0), Place(folder)) from None


def _make_room(folder: str, path: str) -> None:
    os.makedirs(os.path.join(folder, os.path.dirname(path)), exist_ok=True)
