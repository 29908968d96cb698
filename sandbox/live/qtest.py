"""A client of the qtest protocol: QEMU reads and writes ports and guest memory on request, one text line each.

Source: QEMU 10.0 behaviour. A command is a line; its answer a line ``OK``, ``OK <value>`` or ``ERR <why>``. Values of
the sized accesses are numbers in the byte order of the target, which is little-endian for every machine read here.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Final

from sandbox.live.errors import ConnectionLost, LiveError, LiveTimeout

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterable

RECEIVE_SIZE: Final = 256 * 1024


class QtestConnection:
    """One qtest session over a connected socket, which it owns; closed by :meth:`close`.

    Every method raises :class:`ConnectionLost` if QEMU hangs up, :class:`LiveTimeout` if it stays silent and
    :class:`LiveError` if it refuses.
    """

    def __init__(self, connected: socket.socket, seconds: float) -> None:
        connected.settimeout(seconds)
        self._socket = connected
        self._seconds = seconds
        self._received = bytearray()

    def close(self) -> None:
        """Hang up; may be called again."""
        self._socket.close()

    def run(self, commands: Iterable[str]) -> list[str]:
        """Send commands in one piece and return what stands behind each ``OK``; the first refusal raises."""
        lines = list(commands)
        try:
            self._socket.sendall("".join(f"{line}\n" for line in lines).encode())
            return [self._answer(line) for line in lines]
        except TimeoutError as error:
            raise LiveTimeout(f"qtest {lines[0]}", self._seconds) from error
        except OSError as error:
            raise ConnectionLost("QEMU closed the qtest connection") from error

    def _answer(self, command: str) -> str:
        line = self._line()
        while line.startswith("IRQ "):  # comes unasked where interrupts are intercepted
            line = self._line()
        word, _, value = line.partition(" ")
        if word != "OK":
            raise LiveError(f"qtest {command}: {line}")
        return value

    def _line(self) -> str:
        searched = 0
        while (end := self._received.find(b"\n", searched)) < 0:
            searched = len(self._received)
            data = self._socket.recv(RECEIVE_SIZE)
            if not data:
                raise ConnectionLost("QEMU closed the qtest connection")
            self._received += data
        line = self._received[:end].decode(errors="replace")
        del self._received[: end + 1]
        return line

    def _number(self, command: str) -> int:
        return int(self.run((command,))[0], 0)

    def inb(self, port: int) -> int:
        """Read one byte from an x86 I/O port."""
        return self._number(f"inb {port:#x}")

    def inw(self, port: int) -> int:
        """Read 16 bits from an x86 I/O port."""
        return self._number(f"inw {port:#x}")

    def inl(self, port: int) -> int:
        """Read 32 bits from an x86 I/O port."""
        return self._number(f"inl {port:#x}")

    def outb(self, port: int, value: int) -> None:
        """Write one byte to an x86 I/O port."""
        self.run((f"outb {port:#x} {value:#x}",))

    def outw(self, port: int, value: int) -> None:
        """Write 16 bits to an x86 I/O port."""
        self.run((f"outw {port:#x} {value:#x}",))

    def outl(self, port: int, value: int) -> None:
        """Write 32 bits to an x86 I/O port."""
        self.run((f"outl {port:#x} {value:#x}",))

    def readb(self, address: int) -> int:
        """Read one byte at a guest physical address."""
        return self._number(f"readb {address:#x}")

    def readw(self, address: int) -> int:
        """Read 16 bits at a guest physical address."""
        return self._number(f"readw {address:#x}")

    def readl(self, address: int) -> int:
        """Read 32 bits at a guest physical address."""
        return self._number(f"readl {address:#x}")

    def readq(self, address: int) -> int:
        """Read 64 bits at a guest physical address."""
        return self._number(f"readq {address:#x}")

    def writeb(self, address: int, value: int) -> None:
        """Write one byte at a guest physical address."""
        self.run((f"writeb {address:#x} {value:#x}",))

    def writew(self, address: int, value: int) -> None:
        """Write 16 bits at a guest physical address."""
        self.run((f"writew {address:#x} {value:#x}",))

    def writel(self, address: int, value: int) -> None:
        """Write 32 bits at a guest physical address."""
        self.run((f"writel {address:#x} {value:#x}",))

    def writeq(self, address: int, value: int) -> None:
        """Write 64 bits at a guest physical address."""
        self.run((f"writeq {address:#x} {value:#x}",))

    def read_memory(self, address: int, length: int) -> bytes:
        """Read ``length`` bytes of guest memory."""
        return decode_memory(self.run((memory_read(address, length),))[0]) if length else b""

    def write_memory(self, address: int, data: bytes) -> None:
        """Write bytes to guest memory."""
        if data:
            self.run((memory_write(address, data),))


def memory_read(address: int, length: int) -> str:
    """Return the command that reads ``length`` bytes of guest memory; its answer is for :func:`decode_memory`."""
    return f"b64read {address:#x} {length:#x}"


def memory_write(address: int, data: bytes) -> str:
    """Return the command that writes ``data`` to guest memory."""
    return f"b64write {address:#x} {len(data):#x} {base64.b64encode(data).decode()}"


def decode_memory(answer: str) -> bytes:
    """Return the bytes in the answer to :func:`memory_read`."""
    return base64.b64decode(answer)
