"""What the rules of this package share while they go through one command line."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Final, Literal

from sandbox.errors import QemuError
from sandbox.live.standins.values import Value, read_value
from sandbox.machine.arguments import MACHINE, WITH_VALUE, WITHOUT_VALUE, Option
from sandbox.records import replace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from sandbox.live.standins.host import Host
    from sandbox.machine.pci.catalog import Target

    Firmware = Literal["none", "enumerated"]
    Words = tuple[str, ...]
    Rule = Callable[["Run", Option], Words | None]
    """Takes an option; returns the words in its place, or None to leave it as it is."""


class Run:
    """A command line on its way to a test run.

    Attributes:
        options: the user's options in order; one that nobody knows has its next word as value if that is no option.
        host: what is known about the host.
        firmware: ``none`` or ``enumerated``.
        run_state: whether processors run although ``firmware`` is ``none``.
        files: what is to lie in the private directory.
        changes: what was changed so far.
    """

    def __init__(self, words: Sequence[str], host: Host, firmware: str, *, run_state: bool) -> None:
        self.options: Final = tuple(read_options(words))
        self.host: Final = host
        self.firmware: Final = firmware
        self.run_state: Final = run_state
        self.files: Final[dict[str, bytes | Path]] = {}
        self.changes: Final[list[str]] = []

    @property
    def target(self) -> Target:
        """The architecture of the QEMU that has the machine."""
        return "aarch64" if self.machine_value("type").startswith("virt") else "x86_64"

    @property
    def idles(self) -> bool:
        """Whether processors run and no firmware may."""
        return self.firmware == "none" and self.run_state

    def change(self, option: Option, what: str) -> None:
        """Note what became of an option."""
        self.changes.append(f"{option.text}: {what}")

    def named(self, *names: str) -> tuple[Option, ...]:
        """Return the options of some names, in order."""
        return tuple(option for option in self.options if option.name in names)

    @cached_property
    def objects(self) -> tuple[Value, ...]:
        """The values of ``-object``, in order."""
        return tuple(self.values("qom-type", "object"))

    def values(self, implied: str | None, *names: str) -> Iterator[Value]:
        """Yield the values of the options of some names, without those that QEMU does not take."""
        for option in self.named(*names):
            try:
                yield read_value(option.value or "", implied)
            except QemuError:
                continue

    def machine_value(self, name: str) -> str:
        """Return a property that ``-machine`` gives, ``""`` where it does not."""
        found = [text for option in self.named(*MACHINE) if (text := read_machine(option).text_of(name))]
        return found[-1] if found else ""


def read_options(words: Sequence[str]) -> Iterator[Option]:
    """Cut words into options, those that nobody knows too: it is for QEMU to refuse them."""
    at = 0
    while at < len(words):
        word = words[at]
        name = (word[2:] if word.startswith("--") else word[1:]) if word.startswith("-") else ""
        at += 1
        following = words[at] if at < len(words) else None
        if not word.startswith("-"):
            yield Option("", word, word)
        elif following is None or name in WITHOUT_VALUE or (name not in WITH_VALUE and following.startswith("-")):
            yield Option(name, None, word)
        else:
            yield Option(name, following, f"{word} {following}")
            at += 1


def read_machine(option: Option) -> Value:
    """Read the value of ``-machine``, whose names may have ``_`` for ``-``; QEMU says what is wrong with it."""
    try:
        value = read_value(option.value or "", "type")
    except QemuError:
        return Value((), "type")
    return replace(value, pairs=tuple((name.replace("_", "-"), given) for name, given in value.pairs))


def words_of(option: Option) -> Words:
    """Return an option as it stands on the command line."""
    if option.value is None or not option.name:
        return (option.text,)
    return (option.text.removesuffix(option.value)[:-1], option.value)


def changed(option: Option, value: Value | str) -> Words:
    """Return an option with another value."""
    return (words_of(option)[0], str(value))
