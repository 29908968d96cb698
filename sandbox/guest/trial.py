"""A forecast put to the test: the machine is foretold, then a real guest is booted on it, and both are compared.

The simplest use::

    from sandbox.guest.given import scenario_of
    from sandbox.guest.trial import try_guest

    trial = try_guest(scenario_of("-M q35 -m 1G -numa node".split(), None), guest_kernel("x86"))
    [check for check in trial.checks if not check.passed]
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from qom_types.meant import dialect_of_version
from sandbox.guest.boot.plan import BINARIES, boot_scenario, must_be_given
from sandbox.guest.boot.runner import MOST_SECONDS
from sandbox.guest.boot.upgrade import fitting, upgrades
from sandbox.guest.boot.words import prepare_boot
from sandbox.guest.facts import facts_of
from sandbox.guest.forecast import forecast
from sandbox.guest.forecast_json import forecast_json
from sandbox.guest.given import given_by
from sandbox.guest.kernels import find_kernel, nearest_kernel, sized
from sandbox.guest.observe import observe, observe_tables, observe_unforeseen, seen
from sandbox.guest.result import PANICS
from sandbox.guest.versions import choose_version
from sandbox.live.standins import probe_host
from sandbox.live.start import chroot_socket_root
from sandbox.live.version import qemu_version
from sandbox.machine.arguments import split_arguments
from sandbox.records import record, replace

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sandbox.guest.boot.cache import GuestKernel
    from sandbox.guest.boot.console import Progress
    from sandbox.guest.boot.runner import Boot, Watch
    from sandbox.guest.facts import GuestMachine
    from sandbox.guest.given import Given
    from sandbox.guest.kernels import Kernel
    from sandbox.guest.result import Forecast
    from sandbox.live.prepared import Prepared
    from sandbox.scenario.checks import Check
    from sandbox.scenario.model import Scenario
    from sandbox.scenario.tables import Tables

RELEASE: Final = re.compile(r"Linux version (\d[\w.+~-]*)")
UNKNOWN: Final = "0"


@record
class Trial:
    """A forecast, and the guest that was booted to see whether it is right.

    Attributes:
        forecast: the forecast.
        machine: the machine as its guest finds it.
        boot: the boot.
        checks: what was compared, item by item; a difference has the forecast as ``expected``.
        qemu: the version of the QEMU that ran it.
        notes: what was assumed, for people.
        dialect: the name of that in which the machine is read; "" if it is not told.
        given: whether the guest has tables that were given in place of the machine's.
    """

    forecast: Forecast
    machine: GuestMachine
    boot: Boot
    checks: tuple[Check, ...]
    qemu: str
    notes: tuple[str, ...] = ()
    dialect: str = ""
    given: bool = False

    @property
    def passed(self) -> bool:
        """Whether the guest is as forecast in every item."""
        return all(check.passed for check in self.checks)


def try_guest(
    scenario: Scenario,
    kernel: GuestKernel,
    binary: Sequence[str] = (),
    *,
    version: str | None = None,
    max_nodes: int | None = None,
    tables: Tables | None = None,
    seconds: float = MOST_SECONDS,
    progress: Progress | None = None,
    watch: Watch | None = None,
) -> Trial:
    """Forecast what the guest of a scenario sees, boot it, and compare.

    The forecast is that of the machine that is booted: without KVM, with one monitor more where the user has none, with
    the firmware that boots it. A guest whose tables no QEMU makes that could boot it is given
    them by its initrd.

    Args:
        scenario: the machine and what happens to it.
        kernel: what is booted.
        binary: the QEMU, as for :func:`sandbox.live.start.start`; by default the one on PATH.
        version: of the kernel whose rules are forecast; by default that of the kernel that is booted, or of a kernel of
            the user's own the nearest that is known.
        max_nodes: how many nodes that kernel is built for; None: as many as Debian's.
        tables: tables that the guest is given in place of the machine's; where there is none it has the machine's own.
        seconds: how long the boot may take.
        progress: called with what is going on, in a few words.
        watch: told of each QEMU once it is launched.

    Raises:
        MachineExit: QEMU would refuse to start, or end on the way.
        InputError: something is not modelled, or cannot be given to a guest.
        LiveError: QEMU ended or does not answer, or the guest told nothing.
        DecodeError: an SRAT that is given is too short to have a header.
    """
    binary = tuple(binary) or (BINARIES[kernel.arch],)
    qemu = qemu_version(binary)
    dialect = choose_version(scenario).given.dialect
    must_give = tables is not None or must_be_given(dialect)
    if not must_give:
        dialect = dialect_of_version(qemu)[0]
    root = chroot_socket_root(binary)
    prepared = prepare_boot(scenario.command_line, kernel.arch, probe_host(root.host.parent if root else None))
    given = _given(replace(scenario, dialect=dialect), prepared, kernel, tables)
    machine = facts_of(given.machine, kernel.edk2)
    known = version or kernel.version
    found = _foretell(given, machine, sized(find_kernel(kernel.arch, known), max_nodes)) if known else None
    booted = boot_scenario(
        scenario,
        prepared,
        kernel,
        dialect=dialect,
        tables=given.tables,
        binary=binary,
        give=must_give,
        seconds=seconds,
        progress=progress,
        watch=watch,
        panic_foretold=found is not None and found.outcome == PANICS,
    )
    notes: tuple[str, ...] = ()
    if found is None:
        release = release_of(booted)
        rules = sized(nearest_kernel(kernel.arch, release), max_nodes)
        found = _foretell(given, machine, rules)
        notes = (f"the rules of Linux {rules.version} as Debian configures it are taken for Linux {release}",)
    checks = _checks(found, booted, given.tables)
    return Trial(found, machine, booted, checks, ".".join(map(str, qemu)), notes, dialect, tables is not None)


def _given(scenario: Scenario, prepared: Prepared, kernel: GuestKernel, tables: Tables | None) -> Given:
    """Return what the guest is given that is booted; tables from elsewhere lie behind SRAT as an initrd has them."""
    program = split_arguments(scenario.command_line).program
    firmware = () if kernel.firmware is None else ("-bios", str(kernel.firmware))
    given = given_by(replace(scenario, command_line=(program, *prepared.own_words, *firmware)))
    if tables is None:
        return given
    given = given.with_tables(fitting(tables, given.tables))
    along = upgrades({"SLIT": given.tables.slit, "HMAT": given.tables.hmat})
    return replace(given, behind=b"".join(along.values()))


def _foretell(given: Given, machine: GuestMachine, kernel: Kernel) -> Forecast:
    return forecast(given.tables, machine, kernel, given.origins, given.declared, given.behind)


def _checks(found: Forecast, booted: Boot, tables: Tables) -> tuple[Check, ...]:
    foretold, saw = forecast_json(found), seen(booted)
    return (*observe(foretold, saw), *observe_unforeseen(foretold, saw), *observe_tables(tables, booted))


def release_of(booted: Boot) -> str:
    """Return the release of the kernel that was booted, as its console tells."""
    if booted.view is not None:
        return booted.view.release
    found = RELEASE.search(booted.console)
    return found[1] if found else UNKNOWN
