"""Reading what a guest wrote to its console: what it tells of itself (see ``init.sh``), or how it ended.

The console is bytes of several writers: firmware with its control sequences, the kernel, our /init.
"""

from __future__ import annotations

import binascii
import re
from typing import TYPE_CHECKING, Final

from sandbox.errors import SandboxError
from sandbox.guest.boot.view import Access, GuestNode, GuestView, PciDevice
from sandbox.records import record

if TYPE_CHECKING:
    from collections.abc import Iterator

CONTROL: Final = re.compile(r"\x1b\[[0-9;=?]*[A-Za-z]")
"""What firmware sends to a terminal."""

TOLD: Final = re.compile(r"== (\S+) ?(.*)")
KERNEL_LINE: Final = re.compile(r"\[ *\d+\.\d{6}\](?:\[ *[TC]\d+\])? (.*)")
PANIC: Final = re.compile(r"Kernel panic - not syncing: .*|PANIC: early exception .*")
CAUSE: Final = re.compile(r"BUG: .*|Unable to handle kernel .*|kernel BUG at .*")
OF_INTEREST: Final = re.compile(
    r"SRAT|SLIT|HMAT|NUMA|NODE_DATA|proximity|PXM|table upgrade|Initmem setup|initiator", re.IGNORECASE
)


class Untold(SandboxError):
    """A guest ended, and neither told what it sees nor panicked; ``what`` says what is missing."""

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.what = what


@record
class Panic:
    """How a kernel died.

    Attributes:
        message: the line of the panic, without its time stamp.
        cause: the line of the fault that led to it; "" if none was seen.
        said: what it had said before about nodes and tables.
    """

    message: str
    cause: str = ""
    said: tuple[str, ...] = ()


def clean_lines(console: str) -> tuple[str, ...]:
    """Return the lines of a console without control sequences."""
    return tuple(line.rstrip("\r") for line in CONTROL.sub("", console).split("\n"))


def kernel_lines(console: str) -> tuple[str, ...]:
    """Return what the kernel wrote to a console, without time stamps."""
    return tuple(found[1] for line in clean_lines(console) if (found := KERNEL_LINE.search(line)))


def read_console(console: str) -> GuestView | Panic:
    """Return what a guest saw, or its panic.

    Raises:
        Untold: it did neither, or lines got lost on the way.
    """
    lines = clean_lines(console)
    told = [(found[1], found[2].strip()) for line in lines if (found := TOLD.fullmatch(line))]
    if not told or told[-1][0] != "end":
        panic = find_panic(lines)
        if panic is None:
            raise Untold("it did not come to the end of what it had to tell" if told else "it told nothing of itself")
        return panic
    *told, (_, count) = told
    if count != str(len(told)):
        raise Untold(f"of {count} lines that it told {len(told)} came through")
    try:
        return _view(told)
    except (ValueError, IndexError, KeyError) as error:
        raise Untold(f"what it told cannot be read: {error}") from error


def find_panic(lines: tuple[str, ...]) -> Panic | None:
    """Return the panic that stands in a console; None if there is none."""
    found = next((match for line in lines if (match := PANIC.search(line))), None)
    if found is None:
        return None
    cause = next((match[0] for line in lines if (match := CAUSE.search(line))), "")
    said = tuple(line for line in lines if KERNEL_LINE.fullmatch(line) and OF_INTEREST.search(line))
    return Panic(found[0].rstrip(), cause.rstrip(), said)


class _Told:
    """What was told, by kind."""

    def __init__(self, told: list[tuple[str, str]]) -> None:
        self._told = told

    def of(self, kind: str) -> Iterator[list[str]]:
        return (text.split() for found, text in self._told if found == kind)

    def texts(self, kind: str) -> tuple[str, ...]:
        return tuple(text for found, text in self._told if found == kind)

    def named(self, kind: str) -> dict[str, str]:
        """Return the values of lines with a name and perhaps a value."""
        return {words[0]: " ".join(words[1:]) for words in self.of(kind)}


def _view(lines: list[tuple[str, str]]) -> GuestView:
    told = _Told(lines)
    tables: dict[str, str] = {}
    for signature, encoded in told.of("table"):
        tables[signature] = tables.get(signature, "") + encoded
    return GuestView(
        release=told.texts("kernel")[0],
        machine=told.texts("machine")[0],
        masks=told.named("mask"),
        cpus=told.named("cpus"),
        nodes=_nodes(told),
        pci=tuple(PciDevice(at, identity, kind, int(node)) for at, identity, kind, node in told.of("pci")),
        tables={signature: binascii.a2b_base64(text, strict_mode=True) for signature, text in tables.items()},
        said=told.texts("said"),
    )


def _nodes(told: _Told) -> tuple[GuestNode, ...]:
    cpus, distances, memory = told.named("cpulist"), told.named("distance"), told.named("memory")
    numbers = sorted(int(number) for number in told.texts("node"))
    return tuple(
        GuestNode(
            node=number,
            cpus=cpus[str(number)],
            memory_kib=int(memory[str(number)]),
            distances=tuple(int(distance) for distance in distances[str(number)].split()),
            access=_access(told, str(number)),
        )
        for number in numbers
    )


def _access(told: _Told, node: str) -> tuple[Access, ...]:
    numbers = [words[1] for words in told.of("access") if words[0] == node]
    return tuple(
        Access(
            int(number),
            _others(told, "initiator", node, number),
            _others(told, "target", node, number),
            {name: int(value) for *where, name, value in told.of("performance") if where == [node, number]},
        )
        for number in sorted(numbers, key=int)
    )


def _others(told: _Told, kind: str, node: str, number: str) -> tuple[int, ...]:
    return tuple(sorted(int(other) for *where, other in told.of(kind) if where == [node, number]))
