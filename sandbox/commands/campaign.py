"""The command campaign: random machines and QMP histories on the sandbox and on live QEMUs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sandbox.commands import DONE, FAILED, INTERRUPTED, UNANSWERED, Result, as_json
from sandbox.errors import DecodeError, InputError, InputErrors, MachineExit, SandboxError

if TYPE_CHECKING:
    import argparse

    from sandbox.live.session import Limits
    from sandbox.report.style import Style

PROGRAMS: Final = ("qemu-system-x86_64", "qemu-system-aarch64")
"""What runs where the user names no QEMU."""


def campaign(arguments: argparse.Namespace, _style: Style) -> Result:
    """Run a campaign; the status is 1 if anything is not equal, 3 if a QEMU is of no use, 130 if interrupted."""
    from pathlib import Path

    from sandbox.campaign.campaign import run_campaign
    from sandbox.campaign.progress import Bar
    from sandbox.campaign.settings import Settings
    from sandbox.report.campaign_text import campaign_json, campaign_text

    settings = Settings(
        _binaries(arguments),
        Path(arguments.output),
        count=arguments.number,
        seed=arguments.seed,
        jobs=arguments.jobs,
        results=Path(arguments.results) if arguments.results else None,
        resume=arguments.resume,
        kinds=_kinds(arguments),
        families=tuple(arguments.machine or ()),
        shrink_runs=arguments.shrink_runs,
        limits=_limits(arguments.timeout),
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


def _kinds(arguments: argparse.Namespace) -> tuple[str, ...]:
    asked = (*(arguments.kind or ()), *(["guest"] if arguments.guest else []))
    return tuple(dict.fromkeys(asked)) or ("native",)


def _binaries(arguments: argparse.Namespace) -> tuple[tuple[str, ...], ...]:
    import shlex
    import shutil

    try:
        prefix = tuple(shlex.split(arguments.binary_prefix or ""))
        binaries = tuple((*prefix, *shlex.split(text)) for text in arguments.qemu or PROGRAMS)
    except ValueError as error:
        raise InputError(f"--qemu and --binary-prefix are words as for a shell: {str(error).lower()}") from None
    for binary in binaries:
        if not binary or shutil.which(binary[0]) is None:
            name = binary[0] if binary else "''"
            raise InputError(f"no {name} on PATH: name a QEMU with --qemu, or install one (make qemu)")
    return binaries


def _limits(seconds: float | None) -> Limits:
    from sandbox.live.session import DEFAULT_LIMITS, Limits

    return DEFAULT_LIMITS if seconds is None else Limits(seconds, seconds, DEFAULT_LIMITS.end, seconds)
