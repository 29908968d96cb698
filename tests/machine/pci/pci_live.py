"""The smallest QMP client that the live PCI tests and the recorders need: QEMU on a pipe, one command at a time."""

from __future__ import annotations

import json
import select
import shutil
import subprocess
import tempfile
import time
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

BINARIES = {"x86_64": "qemu-system-x86_64", "aarch64": "qemu-system-aarch64"}


class QemuDiedError(Exception):
    """QEMU ended, or did not answer in time; ``stderr`` is all that it wrote there."""

    def __init__(self, status: int | str, stderr: str) -> None:
        super().__init__(status, stderr)
        self.status = status
        self.stderr = stderr.strip()


def missing_binary(target: str) -> str | None:
    """What a test says when it skips for want of this target's QEMU; None when it is there."""
    name = BINARIES[target]
    return None if shutil.which(name) else f"{name} is not on PATH (make qemu)"


def target_of(machine: str) -> str:
    return "aarch64" if machine.startswith("virt") else "x86_64"


class LiveQemu:
    """A QEMU with QMP on its standard streams; ``with`` ends it."""

    def __init__(self, target: str, args: Sequence[str], *, paused: bool = True, timeout: float = 20) -> None:
        self.timeout = timeout
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the process
        command = [BINARIES[target], "-accel", "tcg", "-display", "none", "-qmp", "stdio", *args]
        if paused:
            command.append("-S")
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._errors, bufsize=0
        )
        self._rest = b""
        try:
            self._line()
            self.execute("qmp_capabilities")
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def stderr(self) -> str:
        self._errors.seek(0)
        return self._errors.read().decode(errors="replace").strip()

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout, self._errors):
            if stream is not None:
                stream.close()

    def _line(self) -> Any:
        assert self._process.stdout is not None
        deadline = time.monotonic() + self.timeout
        while b"\n" not in self._rest or not self._rest.startswith(b"{"):
            if b"\n" in self._rest:  # QEMU's own words, which go to the same stream
                self._rest = self._rest.partition(b"\n")[2]
                continue
            ready, _, _ = select.select([self._process.stdout], [], [], max(0.0, deadline - time.monotonic()))
            if not ready:
                raise QemuDiedError("timeout", self.stderr)
            chunk = self._process.stdout.read(1 << 16)
            if not chunk:
                raise QemuDiedError(self._process.wait(), self.stderr)
            self._rest += chunk
        line, self._rest = self._rest.split(b"\n", 1)
        return json.loads(line)

    def call(self, name: str, arguments: dict[str, Any] | None = None) -> dict[str, Any]:
        """The whole reply, be it a return or an error."""
        assert self._process.stdin is not None
        message = {"execute": name, "arguments": arguments or {}}
        try:
            self._process.stdin.write(json.dumps(message).encode() + b"\n")
        except BrokenPipeError:
            raise QemuDiedError(self._process.wait(), self.stderr) from None
        while True:
            reply = self._line()
            if "event" not in reply:
                return dict(reply)

    def execute(self, name: str, **arguments: Any) -> Any:
        """The ``return`` of a command that must succeed."""
        reply = self.call(name, {key.replace("_", "-"): value for key, value in arguments.items()})
        if "error" in reply:
            raise AssertionError(f"{name}: {reply['error']['desc']}")
        return reply["return"]

    def error(self, name: str, arguments: dict[str, Any]) -> str | None:
        """The error's desc; None when the command succeeded."""
        reply = self.call(name, arguments)
        return str(reply["error"]["desc"]) if "error" in reply else None

    def hmp(self, line: str) -> str:
        return str(self.execute("human-monitor-command", command_line=line))

    def property(self, path: str, name: str) -> Any:
        return self.call("qom-get", {"path": path, "property": name}).get("return")

    def children(self, path: str) -> list[tuple[str, str]]:
        """(name, typename) of every QOM child of ``path``."""
        listed = self.call("qom-list", {"path": path}).get("return", [])
        return [(entry["name"], entry["type"][6:-1]) for entry in listed if entry["type"].startswith("child<")]


def secondary_numbers(devices: Sequence[dict[str, Any]]) -> dict[str, int]:
    """From one bus of query-pci downward: a bridge's id -> the number of the bus behind it."""
    found: dict[str, int] = {}
    for device in devices:
        bridge = device.get("pci_bridge")
        if bridge is not None:
            if device["qdev_id"]:
                found[device["qdev_id"]] = bridge["bus"]["secondary"]
            found |= secondary_numbers(bridge.get("devices", []))
    return found


def numbers_after_firmware(
    machine: str, args: Sequence[str], ids: Sequence[str], *, done: Sequence[str], log: Path, limit: float
) -> tuple[dict[str, int], dict[str, int]] | None:
    """Bus numbers after firmware has written one of ``done`` into ``log``; None if it never does.

    The first dictionary has the number of the bus that each device of ``ids`` is on, the second the number of the bus
    behind each bridge that query-pci reaches. The two agree for devices and bridges whose ids are unique.
    """
    deadline = time.monotonic() + limit
    with LiveQemu(target_of(machine), ["-M", machine, *args], paused=False) as qemu:
        while time.monotonic() < deadline:
            text = log.read_text(errors="replace") if log.exists() else ""
            if any(mark in text for mark in done):
                on_bus = {name: qemu.property(f"/machine/peripheral/{name}", "busnr") for name in ids}
                behind: dict[str, int] = {}
                for bus in qemu.execute("query-pci"):
                    behind |= secondary_numbers(bus["devices"])
                return on_bus, behind
            time.sleep(0.05)
    return None
