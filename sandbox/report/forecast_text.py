"""A forecast for people: like ``numactl -H``, with node and PXM side by side, and why they differ."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sandbox.guest.result import PANICS
from sandbox.report.style import columns, visible

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sandbox.guest.result import Forecast, GuestNode
    from sandbox.report.style import Style

KIB_PER_MIB: Final = 1024
WIDTH: Final = 118
WIDEST_MATRIX: Final = 32
"""The most nodes whose distances are shown as a matrix."""


def render_forecast(forecast: Forecast, style: Style, *, verbose: bool = False, origin: str = "") -> str:
    """Show a forecast.

    Args:
        forecast: the forecast.
        style: with or without colours.
        verbose: show also the kernel's own lines of a guest that boots, and what HMAT makes.
        origin: where the tables are from, for the heading; see :func:`origin_text`.

    Returns:
        Lines, each with its line end.
    """
    kernel = forecast.kernel
    head = f"forecast: Linux {kernel.version} on {kernel.arch}{origin and ', '}{origin}"
    lines = [style.strong(head), *_outcome(forecast, style)]
    for heading, part in (
        ("", _nodes(forecast, style)),
        ("node distances", _distances(forecast, style)),
        ("masks, as in /sys/devices/system/node", _masks(forecast)),
        ("initiators of memory nodes (HMAT)", _access(forecast)),
        ("devices on a node", _devices(forecast)),
        ("what the guest does not get", _lost(forecast, style)),
        ("what the kernel says", _said(forecast) if verbose or forecast.why else iter(())),
        ("notes", _notes(forecast, style)),
    ):
        found = list(part)
        if found:
            lines += ["", *([style.strong(heading)] if heading else []), *found]
    return "".join(f"{line}\n" for line in lines)


def origin_text(dialect: str, *, assumed: bool = False, given: bool = False) -> str:
    """Say who makes the tables of a forecast.

    Args:
        dialect: the name of the machine's dialect.
        assumed: whether a user may mean another.
        given: whether a user gave tables in place of those of the machine.
    """
    maker = "the v2 series" if dialect == "v2" else f"QEMU {dialect}"
    made = f"{'tables as given, others' if given else 'tables'} as {maker} makes them"
    return f"{made} (--dialect names another)" if assumed else made


def _outcome(forecast: Forecast, style: Style) -> Iterator[str]:
    if forecast.outcome == PANICS:
        yield style.bad(f"the guest panics: {visible(forecast.why)}")
        return
    if forecast.why:
        yield style.bad(f"the guest boots without its nodes: SRAT is not used, since {visible(forecast.why)}")
    online = forecast.online
    yield f"available: {len(online)} node{'s' if len(online) != 1 else ''} ({forecast.masks and forecast.masks.online})"
    for hazard in forecast.hazards:
        yield from map(style.bad, _wrapped("!! ", hazard, style))
    for mark, text in zip(("!! ", *("   " for _ in forecast.surprises)), forecast.surprises, strict=False):
        yield from map(style.changed, _wrapped(mark, text, style))


def _wrapped(mark: str, text: str, style: Style) -> list[str]:
    return style.paragraph(visible(text), mark, WIDTH)


def _nodes(forecast: Forecast, style: Style) -> Iterator[str]:
    if not forecast.nodes:
        return
    head = ("node", "", "PXM", "cpus", "memory", "made of")
    cells, moved = [head], []
    for node in forecast.nodes:
        differs = node.pxm is not None and node.pxm != node.node
        moved.append(differs)
        texts = [visible(part.text) for part in node.parts] or [""]
        state = "" if node.online else "offline: "
        pxm = "-" if node.pxm is None else str(node.pxm)
        cells.append(
            (str(node.node), "!=" if differs else "", pxm, node.cpus or "-", _memory(node), state + "; ".join(texts))
        )
    lines = columns(cells, right={0, 2, 4})
    yield style.dim(lines[0])
    last = lines[0].index(head[-1])
    for line, differs in zip(lines[1:], moved, strict=True):
        for part in style.message(line[last:], line[:last].ljust(last)):
            yield style.changed(part) if differs else part


def _memory(node: GuestNode) -> str:
    return f"{node.memory_kib // KIB_PER_MIB} MiB" if node.memory_kib else "-"


def _distances(forecast: Forecast, style: Style) -> Iterator[str]:
    online = forecast.online
    if not 1 < len(online) <= WIDEST_MATRIX:
        return
    differ = any(node.pxm != node.node for node in online)
    names = [(f"{node.node} (PXM {node.pxm})" if differ else str(node.node)) for node in online]
    cells = [["node", *(str(node.node) for node in online)]]
    cells += [[name, *map(str, node.distances)] for name, node in zip(names, online, strict=True)]
    lines = columns(cells, right=range(1, len(online) + 1), indent=2)
    yield style.dim(lines[0])
    yield from lines[1:]


def _masks(forecast: Forecast) -> Iterator[str]:
    masks = forecast.masks
    if masks is not None:
        rows = [
            (name, getattr(masks, name))
            for name in ("possible", "online", "has_cpu", "has_memory", "has_generic_initiator")
        ]
        yield from columns(rows, indent=2)


def _access(forecast: Forecast) -> Iterator[str]:
    rows = []
    for number, kinds in sorted(forecast.access.items()):
        for kind, access in sorted(kinds.items()):
            if access.performance is not None:
                values = access.performance
                best = ", ".join(f"node {other}" for other in sorted(access.initiators)) or "none"
                latency = f"{values['read_latency']}/{values['write_latency']} ns"
                bandwidth = f"{values['read_bandwidth']}/{values['write_bandwidth']} MB/s"
                rows.append((f"node {number}", f"access{kind}", best, f"read/write {latency}", bandwidth))
    if rows:
        yield from columns(rows, indent=2)


def _devices(forecast: Forecast) -> Iterator[str]:
    rows = [(place.address, visible(place.id), f"node {node}") for place, node in forecast.devices if node >= 0]
    if rows:
        yield from columns(rows, indent=2)


def _lost(forecast: Forecast, style: Style) -> Iterator[str]:
    for loss in forecast.lost:
        yield from style.message(f"{visible(loss.what)}: {visible(loss.why)}", "  ")


def _notes(forecast: Forecast, style: Style) -> Iterator[str]:
    for note in forecast.notes:
        yield from style.message(visible(note), "  ")


def _said(forecast: Forecast) -> Iterator[str]:
    for line in forecast.said:
        yield f"  {visible(line)}"
