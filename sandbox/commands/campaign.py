"""The command campaign: random machines and QMP histories on the sandbox and on live QEMUs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.commands import DONE, FAILED, INTERRUPTED, UNANSWERED, Result, as_json
from sandbox.commands.asked import binaries, limits_of, seconds
from sandbox.errors import DecodeError, InputError, InputErrors, MachineExit, SandboxError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from sandbox.report.style import Style


def add_arguments(_name: str, command: argparse.ArgumentParser) -> None:
    """Give the parser of campaign its arguments."""
    qemu = "a QEMU, a command as for a shell; may be given again (default: those on PATH that have the machines)"
    command.add_argument("--qemu", action="append", metavar="BINARY", help=qemu)
    command.add_argument(
        "--binary-prefix", metavar="COMMAND", help="what goes before each BINARY, such as 'chroot DIR'"
    )
    command.add_argument("-n", "--number", type=int, default=100, metavar="N", help="how many machines (default: 100)")
    command.add_argument("--seed", type=int, default=0, metavar="S", help="what they are drawn from (default: 0)")
    command.add_argument("-j", "--jobs", type=int, default=1, metavar="J", help="how many QEMUs at a time (default: 1)")
    output = "where scenarios of differences go, and the results (default: campaign)"
    command.add_argument("-o", "--output", default="campaign", metavar="DIR", help=output)
    command.add_argument("--results", metavar="FILE", help="a line for each machine (default: DIR/results.jsonl)")
    command.add_argument("--resume", action="store_true", help="go on with the results there; errors run again")
    command.add_argument("--machine", action="append", metavar="M", help="virt, q35 or pc; may be given again")
    kind = "native: both sides get the same words (default); v2: the v2 series, translated; guest: forecast and guest"
    command.add_argument("--kind", action="append", metavar="K", help=f"{kind}; may be given again")
    command.add_argument("--guest", action="store_true", help="boot guests: the same as --kind guest")
    only = "run case N alone, kept in no results; may be given again; all else as in its campaign"
    command.add_argument("--only", action="append", type=int, metavar="N", help=only)
    command.add_argument(
        "--shrink-runs", type=int, default=200, metavar="N", help="runs to shrink a difference in at most"
    )
    command.add_argument(
        "--timeout", type=seconds, metavar="S", help="seconds to wait for a start or a reply (default: 30)"
    )


def campaign(arguments: argparse.Namespace, _style: Style) -> Result:
    """Run a campaign; the status is 1 if anything is not equal, 3 if a QEMU is of no use, 130 if interrupted."""
    from pathlib import Path

    from sandbox.campaign.campaign import run_campaign
    from sandbox.campaign.progress import Bar
    from sandbox.campaign.settings import Settings
    from sandbox.report.campaign_text import campaign_json, campaign_text

    settings = Settings(
        binaries(arguments.binary_prefix, arguments.qemu or _programs(arguments.machine or ())),
        Path(arguments.output),
        count=arguments.number,
        seed=arguments.seed,
        jobs=arguments.jobs,
        results=Path(arguments.results) if arguments.results else None,
        resume=arguments.resume,
        kinds=_kinds(arguments),
        families=tuple(arguments.machine or ()),
        shrink_runs=arguments.shrink_runs,
        limits=limits_of(arguments.timeout),
        only=tuple(arguments.only or ()),
    )
    try:
        with Bar() as bar:
            summary = run_campaign(settings, bar)
    except (InputError, InputErrors, DecodeError, MachineExit):
        raise
    except SandboxError as error:
        return Result(as_json({"error": str(error)}) if arguments.json else "", UNANSWERED, str(error))
    text = as_json(campaign_json(summary)) if arguments.json else campaign_text(summary)
    if summary.status == "interrupted":
        remedy = "interrupted" if settings.only else f"interrupted; --resume goes on from {settings.results_file}"
        return Result(text, INTERRUPTED, remedy)
    return Result(text, DONE if summary.passed else FAILED)


def _programs(machines: Sequence[str]) -> tuple[str, ...]:
    """Return what runs where the user names no QEMU: of the two that the sandbox knows those that have the machines."""
    from sandbox.campaign.target import FAMILIES

    programs = {f"qemu-system-{arch}": families for arch, families in FAMILIES.items()}
    having = tuple(name for name, families in programs.items() if not machines or set(machines) & set(families))
    return having or tuple(programs)  # machines that nobody has are told later


def _kinds(arguments: argparse.Namespace) -> tuple[str, ...]:
    asked = (*(arguments.kind or ()), *(["guest"] if arguments.guest else []))
    return tuple(dict.fromkeys(asked)) or ("native",)
