"""Guest memory made of a few pieces, tables laid into it, and a monitor that shows it over QMP."""

from __future__ import annotations

import contextlib
import json
import socket
import struct
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator


def table(signature: bytes, body: bytes) -> bytes:
    plain = struct.pack("<4sIBB", signature, 36 + len(body), 1, 0) + bytes(26) + body
    return plain[:9] + bytes([-sum(plain) & 0xFF]) + plain[10:]


def rsdp(root: int, *, wide: bool) -> bytes:
    """An RSDP with right checksums (ACPI 6.5, 5.2.5.3)."""
    short = bytearray(struct.pack("<8sB6sBI", b"RSD PTR ", 0, b"TEST  ", 2 if wide else 0, 0 if wide else root))
    short[8] = -sum(short) & 0xFF
    if not wide:
        return bytes(short)
    whole = short + struct.pack("<IQI", 36, root, 0)
    whole[32] = -sum(whole) & 0xFF
    return bytes(whole)


def root_table(addresses: list[int], *, wide: bool) -> bytes:
    width = "Q" if wide else "I"
    return table(b"XSDT" if wide else b"RSDT", struct.pack(f"<{len(addresses)}{width}", *addresses))


class FakeMemory:
    """Zeros, with bytes laid into them; reading elsewhere than in ``parts`` (start, size) or below 1 MiB fails."""

    def __init__(self, parts: list[tuple[int, int]]) -> None:
        self.parts = [(0, 1 << 20), *parts]
        self.pieces: dict[int, bytes] = {}
        self.reads: list[tuple[int, int]] = []

    def lay(self, address: int, data: bytes) -> None:
        self.pieces[address] = data

    def lay_tables(self, rsdp_at: int, tables_at: int, tables: list[bytes], *, wide: bool) -> None:
        """Lay a root table and tables behind one another, and an RSDP that leads to them."""
        addresses = []
        at = tables_at + 0x1000
        for item in tables:
            addresses.append(at)
            self.lay(at, item)
            at += len(item)
        self.lay(tables_at, root_table(addresses, wide=wide))
        self.lay(rsdp_at, rsdp(tables_at, wide=wide))

    def read(self, address: int, size: int) -> bytes:
        assert any(start <= address and address + size <= start + length for start, length in self.parts), hex(address)
        self.reads.append((address, size))
        data = bytearray(size)
        for start, piece in self.pieces.items():
            low, high = max(start, address), min(start + len(piece), address + size)
            if low < high:
                data[low - address : high - address] = piece[low - start : high - start]
        return bytes(data)


GREETING = {"QMP": {"version": {"qemu": {"micro": 2, "minor": 0, "major": 10}, "package": ""}, "capabilities": ["oob"]}}


def _values(client: socket.socket) -> Iterator[dict[str, Any]]:
    """The JSON values that a client sends, one behind the other with nothing between them."""
    text = ""
    while data := client.recv(65536):
        text = (text + data.decode()).lstrip()
        with contextlib.suppress(json.JSONDecodeError):
            while text:
                value, end = json.JSONDecoder().raw_decode(text)
                yield value
                text = text[end:].lstrip()


class FakeMonitor:
    """A QMP server of one client on a Unix socket; what it was sent stands in ``wire``."""

    def __init__(self, path: Path, memory: FakeMemory, replies: dict[str, Any]) -> None:
        self.wire: list[dict[str, Any]] = []
        self.saved: list[str] = []
        self._memory = memory
        self._replies = replies
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        self._listener.listen(1)
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._listener.close()
        self._thread.join(5)

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            client, _ = self._listener.accept()
            with client:
                self._send(client, GREETING)
                for command in _values(client):
                    self.wire.append(command)
                    self._send(client, self._answer(command) | {key: command[key] for key in ("id",) if key in command})

    def _send(self, client: socket.socket, message: dict[str, Any]) -> None:
        client.sendall(json.dumps(message).encode() + b"\r\n")

    def _answer(self, command: dict[str, Any]) -> dict[str, Any]:
        name = command["execute"]
        if name == "pmemsave":
            asked = command["arguments"]
            self.saved.append(asked["filename"])
            Path(asked["filename"]).write_bytes(self._memory.read(asked["val"], asked["size"]))
        elif name in self._replies:
            return {"return": self._replies[name]}
        return {"return": {}}
