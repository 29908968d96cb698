"""The recorded cases of tests/data/qapi: what was given to a live QEMU 10.0.2, and what it answered.

Each file says how it was recorded. To add a case, write its input into the file with any output, and run the live tests
with ``--record``; they write the outputs. Without it they fail if QEMU answers otherwise than recorded.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable

DATA: Final = Path(__file__).parents[1] / "data" / "qapi"


def cases(name: str) -> list[dict[str, Any]]:
    """Return the cases of a file."""
    return json.loads((DATA / f"{name}.json").read_text(encoding="ascii"))["cases"]


def check_live(
    name: str,
    answer: Callable[[dict[str, Any]], object],
    key: str,
    *,
    record: bool,
    mask: Callable[[object], object] = lambda output: output,
) -> None:
    """Ask ``answer`` for the output, under ``key``, of every case, and hold it against the file, or write it there.

    ``mask`` takes away from both outputs what the QEMU at hand is known to say in other words.
    """
    path = DATA / f"{name}.json"
    content = json.loads(path.read_text(encoding="ascii"))
    answered = [{**case, key: answer(case)} for case in content["cases"]]
    if record:
        lines = ",\n".join("    " + json.dumps(case) for case in answered)
        text = f'{{\n  "how": {json.dumps(content["how"])},\n  "cases": [\n{lines}\n  ]\n}}\n'
        path.write_text(text, encoding="ascii")
    recorded = cases(name)
    assert [{**case, key: mask(case[key])} for case in answered] == [
        {**case, key: mask(case[key])} for case in recorded
    ]
