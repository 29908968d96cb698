"""From a user's command line to the one of a test run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sandbox.errors import InputError, QemuError
from sandbox.live.prepared import Prepared
from sandbox.live.standins import accelerators, backends, channels, devices, disks, memory, objects, plain
from sandbox.live.standins import firmware as firmwares
from sandbox.live.standins.run import Run, read_options, words_of
from sandbox.machine.run_actions import actions_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sandbox.live.standins.host import Host
    from sandbox.live.standins.run import Rule
    from sandbox.machine.arguments import Option

RULES: Final[Mapping[str, Rule]] = {
    **plain.RULES,
    **channels.RULES,
    **backends.RULES,
    **accelerators.RULES,
    **disks.RULES,
    **firmwares.RULES,
    **objects.RULES,
    **devices.RULES,
}
"""What happens to options, by name; all others stay as they are."""

HIDDEN: Final = {
    "readconfig": "what it reads cannot be looked through for what a test run must not have",
    "set": "it could give back what a test run must not have",
}
"""Options behind which something of the user's could hide."""


def prepare(words: Sequence[str], *, host: Host, firmware: str, run_state: bool = False) -> Prepared:
    """Make a command line fit for a test run: it needs nothing of the host's, and has the same tables.

    Args:
        words: QEMU's arguments, without the program.
        host: what is known about the host.
        firmware: ``none``: no real firmware runs; ``enumerated``: SeaBIOS or edk2 does.
        run_state: whether processors run although ``firmware`` is ``none``.

    Raises:
        InputError: firmware is to run and is not there, or an option hides others from us.
    """
    run = Run(words, host, firmware, run_state=run_state)
    _refuse_hidden(run)
    live: list[str] = []
    own: list[str] = []
    for option in run.options:
        live += _rewritten(run, option, RULES)
    noted = len(run.changes)
    for option in run.options:
        own += _rewritten(run, option, accelerators.OWN_RULES)
    del run.changes[noted:]
    for for_qemu, for_us in (memory.added_memory(run), firmwares.added_firmware(run)):
        live += for_qemu
        own += for_us
    live += _silence(run)
    if channels.adds_monitor(run):
        run.changes.append("a monitor is added: the command line has none, and the test run needs one")
        own += ("-qmp", channels.NO_MONITOR)
    return Prepared(tuple(live), run.files, tuple(run.changes), tuple(own))


def halts_at_reset(words: Sequence[str]) -> bool:
    """Whether a command line has the machine stay, halted, instead of being reset."""
    try:
        chosen = actions_of(read_options(words))
    except QemuError:
        return False
    return chosen.get("reboot") == "shutdown" and chosen.get("shutdown") == "pause"


def _refuse_hidden(run: Run) -> None:
    for option in run.named(*HIDDEN):
        what = f"{option.text}: {HIDDEN[option.name]}; write its options on the command line itself"
        raise InputError(what)


def _rewritten(run: Run, option: Option, rules: Mapping[str, Rule]) -> tuple[str, ...]:
    rule = rules.get(option.name)
    if rule is None or (option.value is None and option.name not in plain.LEFT_OUT.keys() | {"S", "enable-kvm"}):
        return words_of(option)
    try:
        found = rule(run, option)
    except QemuError:  # QEMU refuses such an option before it opens anything
        return words_of(option)
    return words_of(option) if found is None else found


def _silence(run: Run) -> tuple[str, ...]:
    return ("-audiodev", f"none,id={backends.SILENT}") if devices.needs_silence(run) else ()
