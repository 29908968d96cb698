"""Hosts that the tests make up, and the command lines that they try there."""

from __future__ import annotations

import shlex
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

from sandbox.live.prepared import PRIVATE
from sandbox.live.standins import Host, prepare

LINES: Final = Path(__file__).parent / "command_lines"
"""Command lines as people, libvirt, Kata and Proxmox write them; they want more of a host than a test machine has."""

NAMES: Final = sorted(path.stem for path in LINES.glob("*.args"))


def words_of(name: str) -> list[str]:
    """Return the words of a command line."""
    return shlex.split((LINES / f"{name}.args").read_text(encoding="utf-8"))


def is_for_virt(words: list[str]) -> bool:
    """Whether a command line is for Arm's virt."""
    return any(option in ("-M", "-machine") and value.startswith("virt") for option, value in pairwise(words))


def bare_host(**facts: Any) -> Host:
    """Return a host with a little memory, and nothing that a command line could name; ``facts`` are otherwise."""
    known: dict[str, Any] = {
        "architecture": "x86_64",
        "size_of": lambda _name: None,
        "exists": lambda name: name in ("/dev/urandom", "/dev/random"),
        "has_kvm": lambda: False,
        "has_pci": lambda _address: False,
        "largest_memory": lambda: 8 << 30,
        "takes_unpromised": lambda: True,
    }
    return Host(**(known | facts))


def fit(text: str, *, firmware: str = "none", run_state: bool = False, **facts: Any) -> str:
    """Return the words that a command line becomes, as one text, with PRIVATE for the private directory."""
    prepared = prepare(shlex.split(text), host=bare_host(**facts), firmware=firmware, run_state=run_state)
    words = (word.replace(PRIVATE, "PRIVATE") for word in prepared.words)
    return " ".join(f"'{word}'" if " " in word else word for word in words)
