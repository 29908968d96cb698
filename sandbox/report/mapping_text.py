"""How v2's Generic Initiators correspond to merged ones, for people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sandbox.acpi.handles import HANDLE_LENGTH, PCI_HANDLE, decode_handle
from sandbox.report.style import columns, visible
from sandbox.scenario.tables import device_text

if TYPE_CHECKING:
    from sandbox.compare.mapping import MappedEntry, Mapping
    from sandbox.report.style import Style

_HEAD: Final = ("v2 #", "PXM", "v2 object", "device id", "v2 handle", "#", "object", "handle", "")


def render_mapping(mapping: Mapping, style: Style) -> str:
    """Show a mapping: a line for each v2 entry, then what differs beside, and whether all is as it must be.

    Handles are shown as the specification reads them: v2's have devfn in the place of the bus.

    Returns:
        Lines, each with its line end.
    """
    heading = f"v2 entries and merged ones{f', {mapping.title}' if mapping.title else ''}"
    lines = [style.strong(visible(heading))]
    if mapping.entries:
        rows = [_HEAD, *(_row(entry) for entry in mapping.entries)]
        head, *body = columns([[visible(cell) for cell in row] for row in rows], right={0, 1, 5}, indent=2)
        lines += [style.dim(head), *(_marked(line, it, style) for line, it in zip(body, mapping.entries, strict=True))]
    lines += [f"  {style.bad(visible(difference))}" for difference in mapping.differences]
    lines += [f"  {style.dim(visible(note))}" for note in mapping.notes]
    lines.append(f"  {_summary(mapping, style)}")
    return "".join(f"{line}\n" for line in lines)


def verdict(entry: MappedEntry) -> str:
    """Return in one phrase what is to be said of an entry."""
    if entry.problem:
        return entry.problem
    return f"left out: {entry.excused}" if entry.excused else "corresponds"


def handle_text(handle: bytes) -> str:
    """Return the 16 bytes of a PCI device handle as the specification reads them; "" for none."""
    return device_text(decode_handle(PCI_HANDLE, handle)) if len(handle) == HANDLE_LENGTH else ""


def _row(entry: MappedEntry) -> tuple[str, ...]:
    return (
        str(entry.v2_index),
        str(entry.pxm),
        entry.object_id,
        entry.device_id,
        handle_text(entry.v2_handle),
        "" if entry.merged_index is None else str(entry.merged_index),
        entry.merged_id,
        handle_text(entry.found_handle),
        verdict(entry),
    )


def _marked(line: str, entry: MappedEntry, style: Style) -> str:
    if entry.problem:
        return style.bad(line)
    return style.dim(line) if entry.excused else line


def _summary(mapping: Mapping, style: Style) -> str:
    count = len(mapping.entries)
    excused = sum(bool(entry.excused) for entry in mapping.entries)
    wrong = sum(bool(entry.problem) for entry in mapping.entries) + len(mapping.differences)
    if not mapping.passed:
        return style.bad(f"{wrong} {'thing differs' if wrong == 1 else 'things differ'} that must not")
    if not count:
        return style.good("no entry on either side; the rest is the same")
    left = f", {excused} left out" if excused else ""
    return style.good(f"{count - excused} of {count} entries correspond{left}; the rest is the same")
