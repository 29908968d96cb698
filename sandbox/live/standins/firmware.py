"""Firmware: the user's in a copy, one that does nothing, or none, and the flash that it comes in.

Where processors never run, what firmware holds is all the same; where they run and no real firmware may, they idle. A
real one is copied, since QEMU locks what it opens and may write to it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sandbox.errors import InputError
from sandbox.live.prepared import PRIVATE
from sandbox.live.standins.accelerators import with_machine_accelerator
from sandbox.live.standins.run import changed, read_machine
from sandbox.machine.arguments import MACHINE
from sandbox.machine.cpu_models import ARM_32BIT

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.live.standins.run import Rule, Run, Words
    from sandbox.machine.arguments import Option

IDLE: Final = "idle.bin"
X86_SIZE: Final = 64 * 1024
X86_RESET_VECTOR: Final = X86_SIZE - 16
X86_CODE: Final = bytes.fromhex("fa f4 eb fd")
"""Interrupts off, halt, and back to the halt."""
A64_CODE: Final = bytes.fromhex("7f 20 03 d5 ff ff ff 17")
A32_CODE: Final = bytes.fromhex("03 f0 20 e3 fd ff ff ea")
"""Wait for an interrupt, and back."""

DEFAULT_CPU: Final = "cortex-a15"
"""What virt has where no ``-cpu`` says otherwise. Source: QEMU 10.0 behaviour."""

VIRT_FLASH: Final = 64 << 20
PC_FLASH: Final = 1 << 20
"""The size of an empty flash, bytes: virt takes no other; pc and q35 take any up to 8 MiB in all."""

NO_FIRMWARE: Final = "no firmware runs in this test run"
GONE_FROM_MACHINE: Final = frozenset(
    {"kernel", "initrd", "append", "dtb", "shim", "dumpdtb", "confidential-guest-support", "memory-encryption"}
)
"""Machine properties that name files or protections that a test run does not have."""


def idle_image(run: Run) -> bytes:
    """Return a firmware image in which the processors idle from their reset on."""
    if run.target == "x86_64":
        return bytes(X86_RESET_VECTOR) + X86_CODE + bytes(16 - len(X86_CODE))
    return A32_CODE if cpu_model(run) in ARM_32BIT else A64_CODE


def cpu_model(run: Run) -> str:
    """Return the name of virt's CPU model, that which it has by default if none is given."""
    return ([DEFAULT_CPU, *((option.value or "").split(",")[0] for option in run.named("cpu"))])[-1]


def lay_idle_image(run: Run) -> str:
    """Put the idle image into the private directory; return its name as QEMU is given it."""
    run.files[IDLE] = idle_image(run)
    return f"{PRIVATE}/{IDLE}"


def copy_image(run: Run, option: Option, name: str, role: str) -> str:
    """Have an image of the user's copied; return the copy's name as QEMU is given it.

    Args:
        run: the run.
        option: where the image is named.
        name: the image as QEMU knows it.
        role: what to call the copy.

    Raises:
        InputError: there is no such file.
    """
    if run.host.size_of(name) is None:
        raise InputError(f"{option.text}: there is no file {name}: name one that is there, or leave it out")
    run.files[role] = run.host.path_of(name)
    run.change(option, "firmware runs from a copy")
    return f"{PRIVATE}/{role}"


def flash_size(run: Run) -> int:
    """Return the size of an empty flash, in bytes."""
    return VIRT_FLASH if run.target == "aarch64" else PC_FLASH


def has_firmware(run: Run) -> bool:
    """Whether the user gives firmware."""
    in_flash = any(value.get("if") == "pflash" for value in run.values(None, "drive"))
    named = run.machine_value("firmware") or run.machine_value("pflash0")
    return bool(run.named("bios", "pflash") or in_flash or named)


def replaces_first_flash(run: Run) -> bool:
    """Whether an idle image in place of the first flash is given as -bios: virt's flash takes no smaller image."""
    return run.idles and run.target == "aarch64"


def added_firmware(run: Run) -> tuple[Words, Words]:
    """Return what is added where the user gives no firmware: for QEMU, and for the machine that the run is to equal.

    Raises:
        InputError: virt is to run firmware and there is none.
    """
    given = has_firmware(run)
    if run.idles:
        in_flash = given and not run.named("bios") and not run.machine_value("firmware")
        if run.target == "x86_64" and not given:
            run.changes.append(f"-bios is added: {NO_FIRMWARE}, processors idle")
            return ("-bios", lay_idle_image(run)), ()
        if run.target == "aarch64" and in_flash:
            run.changes.append(f"-bios takes the place of the first flash: {NO_FIRMWARE}, processors idle")
            return ("-bios", lay_idle_image(run)), ()
        return (), ()
    if run.firmware != "enumerated" or run.target == "x86_64" or given:
        return (), ()
    if cpu_model(run) in ARM_32BIT:
        raise InputError(
            f"virt's firmware here is for 64-bit processors, and {cpu_model(run)} is none: give another with -cpu, or "
            "firmware for it with -bios FILE"
        )
    name = run.host.find_edk2()
    if name is None:
        raise InputError(
            "virt has no firmware of its own, and none was found: install the package qemu-efi-aarch64, or give one "
            "with -bios FILE or in the variable AAVMF"
        )
    run.changes.append(f"-bios {name} is added: virt has no firmware of its own")
    if run.host.root is None or run.host.size_of(name) is None:
        return ("-bios", name), ("-bios", name)
    run.files["edk2.fd"] = run.host.path_of(name)
    return ("-bios", f"{PRIVATE}/edk2.fd"), ("-bios", name)


def _image(run: Run, option: Option, name: str) -> str | None:
    """Return what to name instead of a firmware image; None for one of QEMU's own."""
    if run.firmware == "none":
        run.change(option, f"an empty image takes its place: {NO_FIRMWARE}")
        return lay_idle_image(run)
    if run.host.size_of(name) is None and "/" not in name:
        return None
    return copy_image(run, option, name, "firmware.bin")


def _bios(run: Run, option: Option) -> Words | None:
    name = _image(run, option, option.value or "")
    return None if name is None else changed(option, name)


def _machine(run: Run, option: Option) -> Words | None:
    value = read_machine(option)
    kept = with_machine_accelerator(run, option, value)
    gone = {name for name, _ in kept.pairs} & GONE_FROM_MACHINE
    if gone:
        run.change(option, f"{', '.join(sorted(gone))} left out: a test run has no such thing")
        kept = kept.without(*gone)
    if kept.text_of("firmware"):
        name = _image(run, option, kept.text_of("firmware"))
        kept = kept if name is None else kept.with_(firmware=name)
    if replaces_first_flash(run) and kept.get("pflash0") is not None:
        kept = kept.without("pflash0")
    return None if kept == value else changed(option, kept)


RULES: Final[Mapping[str, Rule]] = {"bios": _bios, **dict.fromkeys(MACHINE, _machine)}
