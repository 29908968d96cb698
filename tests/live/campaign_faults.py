"""Faults that are put into the sandbox on purpose, to see whether a campaign finds them."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING, Any

from sandbox.campaign.sides import emulated
from sandbox.errors import MachineExit
from sandbox.machine.tables import Tables

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

GENERIC_INITIATOR = 5
FIRST_ENTRY = 48
NODE_AT = 4


class Faulty:
    """The sandbox's machine, but for its SRAT."""

    def __init__(self, words: Sequence[str], dialect: str, spoil: Callable[[list[bytes]], list[bytes]]) -> None:
        self._machine = emulated(words, dialect)
        self._spoil = spoil

    def execute(self, name: str, arguments: dict[str, Any] | None) -> object:
        return self._machine.execute(name, arguments)

    def tables(self) -> Tables:
        right = self._machine.tables()
        if right.srat is None:
            return right
        header, entries = split(right.srat)
        return Tables(with_checksum(header + b"".join(self._spoil(entries))), right.slit, right.hmat)


def split(srat: bytes) -> tuple[bytes, list[bytes]]:
    entries, at = [], FIRST_ENTRY
    while at < len(srat):
        entries.append(srat[at : at + srat[at + 1]])
        at += srat[at + 1]
    return srat[:FIRST_ENTRY], entries


def with_checksum(table: bytes) -> bytes:
    data = bytearray(table)
    data[9] = 0
    data[9] = -sum(data) & 0xFF
    return bytes(data)


def is_initiator(entry: bytes) -> bool:
    return entry[0] == GENERIC_INITIATOR


def flip_a_bit(entries: list[bytes]) -> list[bytes]:
    """One bit of the device handle of the first Generic Initiator."""
    first = next((place for place, entry in enumerate(entries) if is_initiator(entry)), None)
    return [
        entry[:10] + bytes([entry[10] ^ 8]) + entry[11:] if place == first else entry
        for place, entry in enumerate(entries)
    ]


def sort_by_node(entries: list[bytes]) -> list[bytes]:
    """The order rule is lost: Generic Initiators stand in the order of their nodes."""
    ordered = iter(sorted((entry for entry in entries if is_initiator(entry)), key=lambda e: e[NODE_AT : NODE_AT + 4]))
    return [next(ordered) if is_initiator(entry) else entry for entry in entries]


def one_flipped_bit(words: Sequence[str], dialect: str) -> Faulty:
    return Faulty(words, dialect, flip_a_bit)


def order_of_nodes(words: Sequence[str], dialect: str) -> Faulty:
    return Faulty(words, dialect, sort_by_node)


def dies_at_once(_words: Sequence[str], _dialect: str) -> Faulty:
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError


def crashes(_words: Sequence[str], _dialect: str) -> Faulty:
    raise MachineExit("", -signal.SIGSEGV)
