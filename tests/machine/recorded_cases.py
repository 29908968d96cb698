"""What QEMUs of several dialects gave for cases of a kind: a folder for the kind, a file for each dialect."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


def without_warnings(stderr: str) -> str:
    """The last words of a QEMU that ends: the sandbox tells warnings about devices of machines that live."""
    return "\n".join(line for line in stderr.splitlines() if ": warning: " not in line)


class Recorded:
    """The recordings of a kind of cases."""

    def __init__(self, kind: str) -> None:
        self._folder = Path(__file__).parents[1] / "data" / kind

    def load(self, dialect: str) -> dict[str, Any]:
        """What was recorded from a QEMU, by case."""
        return dict(json.loads((self._folder / f"{dialect}.json").read_text(encoding="utf-8")))

    def save(self, dialect: str, found: dict[str, Any]) -> None:
        """Write what a QEMU gave, a line for each case."""
        self._folder.mkdir(parents=True, exist_ok=True)
        lines = ",\n".join(f"{json.dumps(case)}: {json.dumps(outcome)}" for case, outcome in found.items())
        (self._folder / f"{dialect}.json").write_text("{\n" + lines + "\n}\n", encoding="utf-8")
