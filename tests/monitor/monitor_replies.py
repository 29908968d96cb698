"""Replies of the sandbox and of a live QEMU to the same commands."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from sandbox.app import Sandbox
from sandbox.errors import QemuError

DATA = Path(__file__).parents[1] / "data" / "monitor"

Asked = tuple[str, dict[str, Any]]


def own_replies(words: list[str], commands: list[Asked], **options: Any) -> list[dict[str, Any]]:
    """What a sandbox answers; ``words`` starts with the program."""
    vm = Sandbox([words[0], "-display", "none", "-qmp", "stdio", *words[1:], "-S"], dialect="10.0", **options)
    return [own_reply(vm, *command) for command in commands]


def own_reply(vm: Sandbox, name: str, arguments: dict[str, Any]) -> dict[str, Any]:
    try:
        return {"return": vm.execute(name, arguments)}
    except QemuError as error:
        return {"error": {"class": error.error_class, "desc": error.desc}}


def live_replies(words: list[str], commands: list[Asked]) -> list[dict[str, Any]]:
    """What a live QEMU answers."""
    from pci_live import LiveQemu

    target = "aarch64" if words[0].endswith("aarch64") else "x86_64"
    with LiveQemu(target, words[1:]) as qemu:
        return [qemu.call(name, arguments) for name, arguments in commands]


def load(name: str) -> Any:
    """A recording."""
    return json.loads((DATA / name).read_text(encoding="utf-8"))


def save(name: str, recording: dict[str, Any]) -> None:
    """Write a recording: one machine on a line."""
    DATA.mkdir(parents=True, exist_ok=True)
    machines = ",\n".join(json.dumps(machine) for machine in recording.pop("machines"))
    head = json.dumps(recording, indent=1).removesuffix("\n}")
    (DATA / name).write_text(f'{head},\n "machines": [\n{machines}\n]}}\n', encoding="utf-8")
