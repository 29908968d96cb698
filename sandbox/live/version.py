"""Which QEMU a program is."""

from __future__ import annotations

import re
import subprocess
from typing import TYPE_CHECKING, Final

from sandbox.errors import InputError
from sandbox.live.errors import LiveError, LiveTimeout
from sandbox.live.process import as_command

if TYPE_CHECKING:
    from collections.abc import Sequence

VERSION_LINE: Final = re.compile(r"QEMU emulator version (\d+)\.(\d+)\.(\d+)")
PATIENCE_SECONDS: Final = 20.0


def qemu_version(binary: Sequence[str], seconds: float = PATIENCE_SECONDS) -> tuple[int, int, int]:
    """Return major, minor and micro version of the QEMU that ``binary`` starts.

    Args:
        binary: the program and what goes before QEMU's arguments, as for :func:`sandbox.live.start.start`.
        seconds: how long it may take.

    Raises:
        InputError: there is no such program.
        LiveTimeout: it does not end.
        LiveError: it does not say that it is a QEMU.
    """
    command = as_command(binary)
    try:
        done = subprocess.run(  # noqa: S603 - the user names the program; no shell reads it
            (*command, "--version"),
            capture_output=True,
            stdin=subprocess.DEVNULL,
            timeout=seconds,
            check=False,
        )
    except OSError as error:
        raise InputError(f"cannot run {command[0]}: {error.strerror}") from error
    except subprocess.TimeoutExpired as error:
        raise LiveTimeout(f"{' '.join(command)} --version", seconds) from error
    found = VERSION_LINE.search(done.stdout.decode(errors="replace"))
    if found is None:
        raise LiveError(f"{' '.join(command)} is no QEMU: --version does not say so")
    return int(found[1]), int(found[2]), int(found[3])
