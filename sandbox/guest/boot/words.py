"""The command line of a guest that is booted to be looked at: the machine of the user's, our kernel and our console.

What decides what is booted is taken out of the user's words, and so is what would show the guest to a person; what
needs the host has stand-ins; the rest of the machine, its devices and nodes, stays.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sandbox.errors import InputError, QemuError
from sandbox.live.prepared import PRIVATE, Prepared
from sandbox.live.standins.run import words_of
from sandbox.machine.arguments import split_arguments
from sandbox.machine.cpu_models import ARM_32BIT
from sandbox.qapi.opts import parse_opts
from sandbox.records import replace

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from sandbox.guest.boot.cache import GuestKernel
    from sandbox.live.standins import Host
    from sandbox.machine.arguments import Option

CONSOLE_ID: Final = "qom-sandbox-console"

BOOTS_OTHERWISE: Final = frozenset({"kernel", "initrd", "append", "dtb", "shim", "bios", "pflash", "option-rom"})
"""What the user boots: our kernel takes its place."""

NOT_HERE: Final = frozenset({"nographic", "no-shutdown", "no-reboot", "action", "watchdog-action", "daemonize"})
"""What decides who sees the guest, when it starts and how it ends."""

FIRMWARE_MEMBERS: Final = frozenset({"kernel", "initrd", "append", "dtb", "firmware", "pflash0", "pflash1"})
"""Members of ``-machine`` that say what is booted."""

GUEST_CPU: Final = "cortex-a57"
"""Stands in for a processor on which no arm64 kernel runs; the tables are the same."""

INITIATORS: Final = frozenset({"acpi-generic-initiator", "nvidia-acpi-generic-initiator", "acpi-generic-port"})

KERNEL_WORDS: Final = {
    "x86": "console=ttyS0 earlyprintk=ttyS0 loglevel=7 oops=panic panic=-1 nokaslr",
    "arm64": "console=ttyAMA0 earlycon loglevel=7 oops=panic panic=-1 nokaslr",
}
"""The early console shows a panic that comes before the real one is there; after a panic the guest resets, which ends
QEMU. A kernel that goes on after a fault of its own would hang sooner or later. One at a random place would take its
memory from a random node."""

WITHOUT_KVM: Final = "a guest is booted without KVM, with a clock that counts instructions"

STEADY_CLOCK: Final = ("-icount", "shift=3,sleep=off")
"""The guest's clock counts instructions, 8 ns each, and leaps where it would wait. Where the load of the host makes the
clock jump, now and then a timer of the guest's is lost, and the boot hangs or panics."""


def prepare_boot(words: Sequence[str], arch: str, host: Host | None = None) -> Prepared:
    """Return a machine that a guest can be booted on: with nothing of the user's to boot, and nothing of the host's.

    Args:
        words: QEMU's arguments, with or without the program.
        arch: the guest's architecture: ``x86`` or ``arm64``.
        host: where it is to run; by default here.

    Raises:
        MachineExit: QEMU would not know an option.
        InputError: an option cannot be read, or hides others from us.
    """
    from sandbox.live.standins import prepare, probe_host

    changes: list[str] = []
    kept: list[str] = []
    options = split_arguments(words).options
    for option in options:
        kept += _booted(option, arch, changes)
    if arch == "arm64" and not any(option.name == "cpu" for option in options):
        changes.append(f"-cpu {GUEST_CPU} is added: no arm64 kernel runs on the machine's default")
        kept += ("-cpu", GUEST_CPU)
    here = replace(host or probe_host(), has_kvm=lambda: False, without_kvm=WITHOUT_KVM)
    found = prepare(kept, host=here, firmware="none")
    return replace(found, changes=(*changes, *found.changes))


def boot_words(
    prepared: Prepared,
    kernel: GuestKernel,
    initrd: bytes,
    console: str,
    *,
    initiators: bool = True,
    copied: bool = False,
) -> Prepared:
    """Return the command line that boots a guest.

    Args:
        prepared: a command line that can be started.
        kernel: what is booted.
        initrd: the first file system, with the archive of tables in front of it if there is one.
        console: the socket, as QEMU sees it, to which the first serial port goes.
        initiators: whether objects that contribute to SRAT stay; where tables are given to the guest they need not,
            and a released QEMU may not know them.
        copied: whether kernel and firmware must be copied to where QEMU sees them.

    Raises:
        MachineExit: QEMU would refuse the words.
        InputError: an option cannot be read.
    """
    changes = list(prepared.changes)
    options = split_arguments(prepared.words).options
    kept: list[str] = []
    for option in options:
        if not initiators and is_initiator(option):
            changes.append(f"{option.text}: left out, the guest is given its tables")
        else:
            kept += words_of(option)
    files: dict[str, bytes | Path] = {**prepared.files, "initrd": initrd}

    def named(name: str, path: Path) -> str:
        if not copied:
            return str(path.resolve())
        files[name] = path
        return f"{PRIVATE}/{name}"

    # ahead of the user's, because it is to be the first port
    first = ("-chardev", f"socket,id={CONSOLE_ID},path={_escaped(console)}", "-serial", f"chardev:{CONSOLE_ID}")
    boots = ["-kernel", named("kernel", kernel.image), "-initrd", f"{PRIVATE}/initrd"]
    boots += ["-append", KERNEL_WORDS[kernel.arch]]
    if kernel.firmware is not None:
        boots += ["-bios", named("firmware", kernel.firmware)]
    clock = () if _has_a_clock(options) else STEADY_CLOCK
    return Prepared((*first, *kept, *clock, *boots), files, tuple(changes))


def _has_a_clock(options: Sequence[Option]) -> bool:
    """Whether the user's words decide how the guest's clock runs, or forbid ours."""
    return any(
        option.name == "icount" or (option.name == "accel" and "thread=multi" in (option.value or ""))
        for option in options
    )


def is_initiator(option: Option) -> bool:
    """Whether an option makes an object that contributes to SRAT."""
    return option.name == "object" and dict(_parsed(option.value or "", "qom-type")).get("qom-type") in INITIATORS


def _booted(option: Option, arch: str, changes: list[str]) -> tuple[str, ...]:
    """Return what becomes of an option in a guest that is booted."""
    value = option.value or ""
    if option.name in NOT_HERE or _is_flash(option):
        return ()
    if option.name in BOOTS_OTHERWISE:
        changes.append(f"{option.text}: left out, our kernel is booted")
        return ()
    if option.name in ("M", "machine"):
        return (words_of(option)[0], _without(value, FIRMWARE_MEMBERS, "type"))
    if option.name == "cpu" and arch == "arm64" and value.partition(",")[0] in ARM_32BIT:
        changes.append(f"{option.text}: {GUEST_CPU}, since no arm64 kernel runs on it")
        return ("-cpu", GUEST_CPU)
    return words_of(option)


def _parsed(text: str, implied: str) -> tuple[tuple[str, str], ...]:
    """Return the members of an option, also of one that is written as JSON."""
    if text.startswith("{"):
        from json import loads

        try:
            found = loads(text)
        except ValueError as error:
            raise InputError(f"{text}: no JSON: {error}") from None
        return tuple((key, str(value)) for key, value in found.items())
    try:
        return parse_opts(text, implied)
    except QemuError as error:
        raise InputError(f"{text}: {error}") from None


def _without(text: str, members: frozenset[str], implied: str) -> str:
    found: Sequence[tuple[str, str]] = _parsed(text, implied)
    if not any(key in members for key, _ in found):
        return text
    return ",".join(f"{key}={_escaped(value)}" for key, value in found if key not in members)


def _is_flash(option: Option) -> bool:
    return option.name == "drive" and dict(_parsed(option.value or "", "")).get("if") == "pflash"


def _escaped(value: str) -> str:
    return value.replace(",", ",,")
