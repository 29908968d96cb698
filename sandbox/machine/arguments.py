"""QEMU's command line, cut into options.

An option is known by its name alone here; what its value means is the business of :mod:`sandbox.machine.config`.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Final, NoReturn

from sandbox.errors import MachineExit, QemuError, UnmodelledError
from sandbox.records import record

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sandbox.errors import Place

WITH_VALUE: Final = frozenset(
    """
    D L M accel acpitable action add-fd append audio audiodev bios blockdev boot cdrom chardev compat cpu d debugcon
    device dfilter display drive dtb dump-vmstate echr fda fdb fsdev fw_cfg g gdb global hda hdb hdc hdd icount incoming
    initrd iscsi k kernel loadvm m machine mem-path mon monitor msg mtdblock name net netdev nic numa object option-rom
    overcommit parallel pflash pidfile plugin prom-env qmp qmp-pretty qtest qtest-log readconfig rtc run-with sandbox sd
    seed semihosting-config serial set shim smbios smp spice tpmdev trace usbdevice uuid vga virtfs vnc watchdog-action
    xen-domid chroot runas singlestep tb-size watchdog
    """.split()
)
"""Options that take the next word as their value."""

WITHOUT_VALUE: Final = frozenset(
    """
    S daemonize enable-kvm enable-sync-profile full-screen help h jitdump mem-prealloc no-fd-bootchk no-reboot
    no-shutdown no-user-config nodefaults nographic old-param only-migratable perfmap preconfig s semihosting snapshot
    usb version win2k-hack xen-attach xen-domid-restrict no-acpi no-hpet async-teardown
    """.split()
)

MACHINE: Final = frozenset({"M", "machine"})
X86_PROGRAM: Final = "qemu-system-x86_64"
ARM_PROGRAM: Final = "qemu-system-aarch64"

TARGETS: Final = {
    "x86_64": "x86_64",
    "amd64": "x86_64",
    "i386": "x86_64",
    "aarch64": "aarch64",
    "arm64": "aarch64",
    "arm": "aarch64",
    "armel": "aarch64",
    "armhf": "aarch64",
}
"""By the name of a program behind ``qemu-system-``, the architecture whose machines it has."""

TARGETS_OF_32_BITS: Final = frozenset({"i386", "arm", "armel", "armhf"})

OTHER_TARGETS: Final = frozenset(
    """
    alpha avr cris hppa lm32 loongarch64 m68k microblaze microblazeel mips mips64 mips64el mipsel moxie nios2 or1k ppc
    ppc64 ppc64le riscv32 riscv64 rx s390x sh4 sh4eb sparc sparc64 tricore unicore32 xtensa xtensaeb
    """.split()
)
"""Likewise, those whose machines are not modelled."""


@record
class Option:
    """One option as it stands on the command line.

    Attributes:
        name: without its dashes; ``""`` for a word that is no option: the image of a first disk.
        value: its value, or None where the option takes none.
        text: the words as QEMU quotes them in messages.
    """

    name: str
    value: str | None
    text: str


@record
class CommandLine:
    """A command line.

    Attributes:
        program: the name under which QEMU speaks in its messages.
        options: in the order given.
    """

    program: str
    options: tuple[Option, ...]

    def fail(self, error: QemuError, option: Option | None = None) -> NoReturn:
        """End the machine with an error, named after the option that it came from.

        Raises:
            MachineExit: always; status 1.
        """
        where = f"{self.program}: {option.text}: " if option else f"{self.program}: "
        hint = f"\n{error.hint.rstrip()}" if error.hint else ""
        raise MachineExit(f"{where}{error.desc}{hint}") from error


def split_arguments(argv: Sequence[str]) -> CommandLine:
    """Cut a command line into options.

    Args:
        argv: the words. A first word that does not start with a dash and whose last path component starts with ``qemu``
            is taken for the program.

    Raises:
        MachineExit: an option is unknown or lacks its value; the message is QEMU's.
    """
    named, words = split_program(argv)
    program = named or program_for(words)
    options = []
    position = 0
    while position < len(words):
        word = words[position]
        position += 1
        if not word.startswith("-"):
            options.append(Option("", word, word))
            continue
        name = word[2:] if word.startswith("--") else word[1:]
        if name in WITHOUT_VALUE:
            options.append(Option(name, None, word))
        elif name not in WITH_VALUE:
            raise MachineExit(f"{program}: {word}: invalid option")
        elif position == len(words):
            raise MachineExit(f"{program}: {word}: requires an argument")
        else:
            options.append(Option(name, words[position], f"{word} {words[position]}"))
            position += 1
    return CommandLine(program, tuple(options))


def split_program(argv: Sequence[str]) -> tuple[str, tuple[str, ...]]:
    """Return the program that a command line starts with, "" if none, and the arguments behind it."""
    words = tuple(argv)
    if words and words[0].rpartition("/")[2].startswith("qemu"):
        return words[0], words[1:]
    return "", words


def target_of(program: str) -> str:
    """Return what a program is called behind ``qemu-system-``; "" if it is not called so."""
    return program.rpartition("/")[2].partition("qemu-system-")[2]


def refuse_other_targets(program: str, place: Place | None = None) -> None:
    """Do nothing with the QEMUs whose machines the sandbox has, and with programs of any other name.

    Raises:
        UnmodelledError: the program is a QEMU for another architecture.
    """
    target = target_of(program)
    if target in OTHER_TARGETS:
        raise UnmodelledError(f"machines of {target} are not modelled: the sandbox has pc, q35, and virt of Arm", place)


def program_for(words: Sequence[str]) -> str:
    """Return the QEMU that has the machine which arguments ask for: virt is Arm's here, all else x86."""
    machine = machine_named(value for option, value in pairwise(words) if option.lstrip("-") in MACHINE)
    return ARM_PROGRAM if machine.startswith("virt") else X86_PROGRAM


def program_of(argv: Sequence[str], place: Place | None = None) -> str:
    """Return the QEMU that a command line names, or else the one that has its machine.

    Args:
        argv: the words.
        place: where the command line stands, for messages.

    Raises:
        UnmodelledError: it is one for an architecture that the sandbox does not model.
    """
    program, words = split_program(argv)
    refuse_other_targets(program, place)
    return program or program_for(words)


def machine_named(values: Iterable[str]) -> str:
    """Return the machine that is named last, "" if none.

    Args:
        values: those of ``-machine`` and ``-M``, in order.
    """
    name = ""
    for value in values:
        for place, part in enumerate(value.split(",")):
            if part.startswith("type="):
                name = part.removeprefix("type=")
            elif place == 0 and "=" not in part:
                name = part or name
    return name


def is_paused(argv: Sequence[str]) -> bool:
    """Whether a command line has the machine wait for ``cont`` (``-S``), as far as it can be cut into options."""
    try:
        return any(option.name == "S" for option in split_arguments(argv).options)
    except MachineExit:
        return False
