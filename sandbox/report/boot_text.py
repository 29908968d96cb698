"""A forecast and the guest that was booted beside it, for people and for programs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sandbox.guest.observe import LINES, seen
from sandbox.report.forecast_text import origin_text, render_forecast
from sandbox.report.style import columns, visible

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sandbox.guest.trial import Trial
    from sandbox.report.style import Style
    from sandbox.scenario.checks import Check

LONGEST: Final = 300
NODE: Final = "node "
DEVICE: Final = "pci "


def render_trial(trial: Trial, style: Style, *, verbose: bool = False) -> str:
    """Show a forecast, what was booted, and in what the guest is not as forecast.

    Args:
        trial: the trial.
        style: with or without colours.
        verbose: show also the kernel's own lines.

    Returns:
        Lines, each with its line end.
    """
    boot = trial.boot
    release = boot.view.release if boot.view else trial.forecast.kernel.version
    head = f"booted: Linux {release} on QEMU {trial.qemu}, {boot.seconds:.1f} s"
    lines = ["", style.strong(head)]
    if boot.panic is not None:
        lines += [f"  {visible(text)}" for text in (boot.panic.message, boot.panic.cause) if text]
    for heading, texts in (
        (
            "given by its initrd, OEM revision raised",
            [f"{name} {len(data)} bytes" for name, data in boot.given.items()],
        ),
        ("changed for the boot", boot.changes),
        ("assumed", trial.notes),
    ):
        if texts:
            lines += [style.dim(heading), *(f"  {visible(text)}" for text in texts)]
    lines += ["", *_verdict(trial, style)]
    origin = origin_text(trial.dialect, given=trial.given) if trial.dialect else ""
    return render_forecast(trial.forecast, style, verbose=verbose, origin=origin) + "".join(
        f"{line}\n" for line in lines
    )


def trial_json(trial: Trial) -> dict[str, Any]:
    """Return a trial as JSON values: the forecast's, ``boot``, what was seen, and ``checks``, what was compared."""
    from sandbox.guest.boot.parse import OF_INTEREST
    from sandbox.guest.forecast_json import forecast_json

    boot = trial.boot
    found = seen(boot)
    found[LINES] = [line for line in found[LINES] if OF_INTEREST.search(line)]
    told = {
        "qemu": trial.qemu,
        "seconds": round(boot.seconds, 3),
        "arguments": list(boot.arguments),
        "given": sorted(name.lower() for name in boot.given),
        "changes": list(boot.changes),
        "notes": list(trial.notes),
    }
    return {
        **forecast_json(trial.forecast),
        "dialect": trial.dialect,
        "boot": {**found, **told},
        "passed": trial.passed,
        "checks": [_check_json(check) for check in trial.checks],
    }


def _check_json(check: Check) -> dict[str, Any]:
    differences = [
        {"path": found.path, "forecast": found.expected, "guest": found.actual} for found in check.differences
    ]
    return {"what": check.what, "passed": check.passed, **({"differences": differences} if differences else {})}


def _verdict(trial: Trial, style: Style) -> Iterator[str]:
    """Yield what was compared, in short, and in what the guest differs."""
    held = [check.what for check in trial.checks if check.passed]
    plain = [what for what in held if not what.startswith((NODE, DEVICE))]
    for start, noun in ((NODE, "items of nodes"), (DEVICE, "PCI devices")):
        count = sum(what.startswith(start) for what in held)
        plain += [f"{count} {noun}"] if count else []
    yield f"the same: {', '.join(plain)}"
    rows = [
        ("  differs", visible(found.path), f"forecast {_short(found.expected)}", f"guest {_short(found.actual)}")
        for check in trial.checks
        for found in check.differences
    ]
    yield from (style.bad(line) for line in columns(rows))
    count = len(trial.checks)
    if trial.passed:
        yield style.good(f"the guest is as forecast in all {count} items")
    else:
        yield style.bad(f"the guest is as forecast in {len(held)} of {count} items")


def _short(text: str) -> str:
    return visible(text if len(text) <= LONGEST else f"{text[:LONGEST]}...")
