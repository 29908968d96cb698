"""Hosts that the tests make up, and the command lines that they try there."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any, Final

from sandbox.live.standins import Host

LINES: Final = Path(__file__).parent / "command_lines"
"""Command lines as people, libvirt, Kata and Proxmox write them; they want more of a host than a test machine has."""

NAMES: Final = sorted(path.stem for path in LINES.glob("*.args"))


def words_of(name: str) -> list[str]:
    """Return the words of a command line."""
    return shlex.split((LINES / f"{name}.args").read_text(encoding="utf-8"))


def is_for_virt(words: list[str]) -> bool:
    """Whether a command line is for Arm's virt."""
    return any(
        option in ("-M", "-machine") and value.startswith("virt")
        for option, value in zip(words, words[1:], strict=False)
    )


def bare_host(**facts: Any) -> Host:
    """Return a host with a little memory, and nothing that a command line could name; ``facts`` are otherwise."""
    known: dict[str, Any] = {
        "architecture": "x86_64",
        "size_of": lambda name: None,
        "exists": lambda name: name in ("/dev/urandom", "/dev/random"),
        "has_kvm": lambda: False,
        "has_pci": lambda address: False,
        "largest_memory": lambda: 8 << 30,
        "takes_unpromised": lambda: True,
    }
    return Host(**(known | facts))
