"""Replies and events of the sandbox and of a live QEMU to the same commands."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sandbox.app import Sandbox
from sandbox.errors import MachineExit, QemuError, UnmodelledError
from sandbox.machine.command_line import parse_arguments
from sandbox.machine.machine import Machine
from sandbox.monitor.monitor import Monitor

if TYPE_CHECKING:
    from collections.abc import Iterable

sys.path.insert(0, str(Path(__file__).parents[1] / "machine" / "pci"))

DATA = Path(__file__).parents[1] / "data" / "monitor"
UNMODELLED = {"unmodelled": True}
PATIENCE_SECONDS = 5.0

Asked = tuple[str, dict[str, Any]]


def own_words(words: list[str]) -> list[str]:
    """The arguments of a machine, the program first, with those that the live driver adds."""
    return [words[0], "-accel", "tcg", "-display", "none", "-qmp", "stdio", *words[1:], "-S"]


def own_replies(words: list[str], commands: Iterable[Asked], **options: Any) -> list[dict[str, Any]]:
    """What a sandbox answers."""
    vm = Sandbox(own_words(words), dialect=options.pop("dialect", "10.0"), **options)
    return [own_reply(vm, *command) for command in commands]


def own_reply(vm: Sandbox, name: str, arguments: dict[str, Any]) -> dict[str, Any]:
    try:
        return {"return": vm.execute(name, arguments)}
    except QemuError as error:
        return {"error": {"class": error.error_class, "desc": error.desc}}
    except UnmodelledError:
        return UNMODELLED


def own_session(words: list[str], commands: Iterable[Asked], lengths: list[int] | None = None) -> list[dict[str, Any]]:
    """Events and replies of a sandbox, in the order in which they would stand on the wire.

    How many there are after each command is added to ``lengths``.
    """
    wire: list[dict[str, Any]] = []

    def emit(name: str, data: Any) -> None:
        wire.append({"event": name} if data is None else {"event": name, "data": data})

    monitor = Monitor(Machine(parse_arguments(own_words(words), "10.0"), "none"), emit)
    for name, arguments in commands:
        try:
            wire.append({"return": monitor.execute(name, arguments)})
        except QemuError as error:
            wire.append({"error": {"class": error.error_class, "desc": error.desc}})
        except MachineExit as end:
            wire.append({"end": end.status})
        monitor.after_reply()
        if lengths is not None:
            lengths.append(len(wire))
    return wire


def live_replies(words: list[str], commands: Iterable[Asked]) -> list[dict[str, Any]]:
    """What a live QEMU answers."""
    from pci_live import LiveQemu

    with LiveQemu(target_of(words), words[1:]) as qemu:
        return [qemu.call(name, arguments) for name, arguments in commands]


def live_session(words: list[str], commands: Iterable[Asked], wanted: list[int]) -> list[dict[str, Any]]:
    """Events and replies of a live QEMU, without the times; ``wanted`` is how many are expected after each command.

    Events that QEMU emits when it has cleaned up come a little later than the reply: where some are still missing, the
    next command waits for them.
    """
    from pci_live import LiveQemu

    class Session(LiveQemu):
        def note(self, reply: dict[str, Any]) -> dict[str, Any]:
            reply.pop("timestamp", None)
            wire.append(reply)
            return reply

        def exchange(self, name: str, arguments: dict[str, Any]) -> None:
            assert self._process.stdin is not None
            self._process.stdin.write(json.dumps({"execute": name, "arguments": arguments}).encode() + b"\n")
            while "event" in self.note(self._line()):
                pass

        def settle(self) -> None:
            """Wait for late events: a query between them must not overtake them."""
            time.sleep(0.08)
            self.exchange("query-status", {})
            wire.pop()

    wire: list[dict[str, Any]] = []
    with Session(target_of(words), words[1:]) as qemu:
        wire.clear()
        for (name, arguments), length in zip(commands, wanted, strict=True):
            qemu.exchange(name, arguments)
            if name in ("device_del", "system_reset"):
                qemu.settle()
            deadline = time.monotonic() + PATIENCE_SECONDS
            while len(wire) < length and time.monotonic() < deadline:
                qemu.settle()
    return wire


def target_of(words: list[str]) -> str:
    return "aarch64" if words[0].endswith("aarch64") else "x86_64"


def load(name: str) -> Any:
    """A recording."""
    return json.loads((DATA / name).read_text(encoding="utf-8"))


def save(name: str, recording: dict[str, Any]) -> None:
    """Write a recording: one machine on a line."""
    DATA.mkdir(parents=True, exist_ok=True)
    machines = ",\n".join(json.dumps(machine) for machine in recording.pop("machines"))
    head = json.dumps(recording, indent=1).removesuffix("\n}")
    (DATA / name).write_text(f'{head},\n "machines": [\n{machines}\n]}}\n', encoding="utf-8")
