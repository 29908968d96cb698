"""The QEMUs that a campaign runs on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, cast

from sandbox.errors import InputError, QemuError
from sandbox.live.errors import LiveExit
from sandbox.live.session import DEFAULT_LIMITS
from sandbox.records import record

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sandbox.live.session import Limits, LiveSession

FAMILIES: Final = {"x86_64": ("q35", "pc"), "aarch64": ("virt",)}
"""The machines that the sandbox models, by the name of QEMU's target."""

FIRST_PORTS: Final = (9, 2, 0)


@record
class Target:
    """What a QEMU binary is; cases are drawn from this and from nothing else that the binary has.

    Attributes:
        arch: its target: ``x86_64`` or ``aarch64``.
        version: its major, minor and micro version.
        dialect: the dialect that it speaks.
        families: the machines to draw: ``q35``, ``pc``, ``virt``.
    """

    arch: str
    version: tuple[int, int, int]
    dialect: str
    families: tuple[str, ...]

    @property
    def program(self) -> str:
        """The name under which QEMU speaks."""
        return f"qemu-system-{self.arch}"

    @property
    def has_ports(self) -> bool:
        """Whether it has Generic Ports."""
        return self.dialect != "v2" and self.version >= FIRST_PORTS

    @property
    def label(self) -> str:
        """The name for people: ``x86_64 10.0.2``."""
        return f"{self.arch} {'.'.join(map(str, self.version))}"


def probe(
    command: Sequence[str],
    families: Sequence[str] = (),
    limits: Limits = DEFAULT_LIMITS,
    watch: Callable[[LiveSession], None] = lambda _session: None,
) -> Target:
    """Start a QEMU without a machine and ask it what it is.

    Args:
        command: the program and what goes before QEMU's arguments.
        families: the machines to draw; all that it has, if empty.
        limits: how long to wait for it.
        watch: told of the session once the program is launched.

    Raises:
        InputError: there is no such program, it ends as no QEMU would, it is too old, or it has none of the machines.
        LiveTimeout: it runs and does not answer.
        LiveError: it speaks no QMP, or the library ``qemu.qmp`` is missing.
    """
    from sandbox.live import launch
    from sandbox.live.identity import identify

    name = " ".join(command)
    try:
        with launch(command, ["-M", "none"], limits=limits) as session:
            watch(session)
            session.connect()
            identity = identify(session)
            arch = str(cast("dict[str, Any]", session.execute("query-target"))["arch"])
    except (LiveExit, QemuError) as error:
        raise InputError(f"{name} cannot be used as a QEMU; name another with --qemu: {error}") from error
    if arch not in FAMILIES:
        raise InputError(f"{name} is a QEMU for {arch}; the sandbox has machines of {', '.join(FAMILIES)}")
    chosen = tuple(family for family in FAMILIES[arch] if not families or family in families)
    if not chosen:
        raise InputError(f"{name} has none of the machines {', '.join(families)}")
    return Target(arch, identity.version, identity.dialect, chosen)
