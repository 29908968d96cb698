"""Accelerators and the processors that only they have: TCG and ``max`` where the host has no KVM to offer.

What is changed here a machine can tell: :attr:`~sandbox.live.prepared.Prepared.own_words` has the same changes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sandbox.live.standins.run import changed, read_machine
from sandbox.live.standins.values import read_value
from sandbox.machine.arguments import MACHINE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.live.standins.run import Rule, Run, Words
    from sandbox.live.standins.values import Value
    from sandbox.machine.arguments import Option

OF_HOSTS: Final = frozenset({"kvm", "hvf", "whpx", "nvmm", "xen", "mshv", "hax", "nitro"})
TCG: Final = "tcg"
SAME_ARCHITECTURE: Final = {"x86_64": ("x86_64", "amd64"), "aarch64": ("aarch64", "arm64")}
ONLY_WITH_KVM: Final = ("kvm-", "enforce")
"""Starts of the names of CPU properties that TCG's models do not have, or cannot keep to."""

HOST_WIDTH: Final = frozenset({"host-phys-bits=on", "host-phys-bits=true", "+host-phys-bits"})
WIDEST: Final = "phys-bits=52"
"""In place of the host's width, which is enough for the user's memory: TCG's own is 40 bits."""


def wants_host(run: Run) -> bool:
    """Whether the command line asks for an accelerator that the host cannot give."""
    asked = {part for value in run.values("accel", "accel") for part in value.text_of("accel").split(":")}
    asked |= set(run.machine_value("accel").split(":"))
    if run.named("enable-kvm"):
        asked.add("kvm")
    wanted = asked & OF_HOSTS
    if not wanted:
        return False
    return wanted != {"kvm"} or run.host.architecture not in SAME_ARCHITECTURE[run.target] or not run.host.has_kvm()


def _accel(run: Run, option: Option) -> Words | None:
    value = read_value(option.value or "", "accel")
    if value.text_of("accel") not in OF_HOSTS or not wants_host(run):
        return None
    run.change(option, f"tcg takes its place: {run.host.without_kvm}")
    return changed(option, TCG)


def _enable_kvm(run: Run, option: Option) -> Words | None:
    if not wants_host(run):
        return None
    run.change(option, f"tcg takes its place: {run.host.without_kvm}")
    return ("-machine", f"accel={TCG}")


def _cpu(run: Run, option: Option) -> Words | None:
    if not wants_host(run):
        return None
    name, *features = (option.value or "").split(",")
    kept = [feature for feature in features if not feature.lstrip("+-").startswith(ONLY_WITH_KVM)]
    reaches_far = name in ("host", "max") or any(feature in HOST_WIDTH for feature in kept)
    if run.target == "x86_64" and reaches_far and not any(feature.startswith("phys-bits=") for feature in kept):
        kept.append(WIDEST)
    if name == "host":
        others = "vendor and width of physical addresses may be others"
        run.change(option, f"max takes its place: {run.host.without_kvm}; {others}")
        name = "max"
    elif kept == features:
        return None
    else:
        run.change(option, f"without properties that need KVM: {run.host.without_kvm}")
    return changed(option, ",".join((name, *kept)))


def with_machine_accelerator(run: Run, option: Option, value: Value) -> Value:
    """Return the value of ``-machine`` without what only KVM has."""
    if not wants_host(run):
        return value
    if OF_HOSTS.intersection(value.text_of("accel").split(":")):
        run.change(option, f"accel is tcg: {run.host.without_kvm}")
        value = value.with_(accel=TCG)
    if value.get("gic-version") == "host":
        run.change(option, f"gic-version is max: {run.host.without_kvm}")
        value = value.with_(gic_version="max")
    return value


def _own_machine(run: Run, option: Option) -> Words | None:
    value = read_machine(option)
    kept = with_machine_accelerator(run, option, value)
    return None if kept == value else changed(option, kept)


RULES: Final[Mapping[str, Rule]] = {"accel": _accel, "enable-kvm": _enable_kvm, "cpu": _cpu}
OWN_RULES: Final[Mapping[str, Rule]] = {**RULES, **dict.fromkeys(MACHINE, _own_machine)}
"""The rules for the machine that the run is to equal."""
