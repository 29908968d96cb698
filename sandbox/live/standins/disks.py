"""Drives and block nodes: empty ones with the same ids, names and places; firmware in flash where it runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sandbox.live.standins.firmware import (
    copy_image,
    flash_size,
    lay_idle_image,
    replaces_first_flash,
)
from sandbox.live.standins.run import changed, words_of
from sandbox.live.standins.values import Value, read_value
from sandbox.qapi.numbers import option_number

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sandbox.live.standins.run import Rule, Run, Words
    from sandbox.machine.arguments import Option

EMPTY: Final = "null-co"
NEEDS_NOTHING: Final = frozenset({EMPTY, "null-aio"})
PLACE: Final = frozenset({"if", "index", "bus", "unit", "media", "id", "node-name", "readonly", "read-only"})
MAKES_IMAGE: Final = ("file", "driver", "format", "blockdev")
FLOPPY_SIZE: Final = 1474560
WHY: Final = "an empty disk takes its place, and the image stays closed"

SHORT: Final[Mapping[str, tuple[tuple[str, str], ...]]] = {
    "": (("index", "0"), ("media", "disk")),
    "hda": (("index", "0"), ("media", "disk")),
    "hdb": (("index", "1"), ("media", "disk")),
    "hdc": (("index", "2"), ("media", "disk")),
    "hdd": (("index", "3"), ("media", "disk")),
    "cdrom": (("index", "2"), ("media", "cdrom")),
    "fda": (("if", "floppy"), ("index", "0")),
    "fdb": (("if", "floppy"), ("index", "1")),
    "sd": (("if", "sd"),),
    "mtdblock": (("if", "mtd"),),
    "pflash": (("if", "pflash"),),
}
"""Options that stand for a drive, as drives."""


def _drive(run: Run, option: Option) -> Words | None:
    value = read_value(option.value or "")
    if value.get("driver") in NEEDS_NOTHING or not any(name.startswith(MAKES_IMAGE) for name, _ in value.pairs):
        return None
    if value.get("if") == "pflash":
        return _flash_drive(run, option, value)
    run.change(option, WHY)
    return changed(option, _empty(value))


def _short(run: Run, option: Option) -> Words | None:
    value = Value(SHORT[option.name])
    if option.name == "pflash":
        return _flash_drive(run, option, value.with_(file=option.value, format="raw"))
    run.change(option, WHY)
    return ("-drive", str(_empty(value)))


def _empty(value: Value) -> Value:
    """Return an empty drive in the same place."""
    kept = value.only(PLACE)
    size = {"size": str(FLOPPY_SIZE)} if value.get("if") == "floppy" else {}
    return kept.with_(driver=EMPTY, **size).with_(read_zeroes="on")


def _flash_drive(run: Run, option: Option, value: Value) -> Words | None:
    unit = _unit(run, option)
    if run.firmware == "enumerated":
        name = copy_image(run, option, value.text_of("file"), f"flash{unit}.img")
        return ("-drive", str(value.with_(file=name)))
    if unit == 0 and replaces_first_flash(run):
        run.change(option, "left out: an idle image takes its place")
        return ()
    kept = value.only(PLACE).without("index", "bus").with_(unit=str(unit))
    if unit == 0 and run.idles:
        run.change(option, "an idle image takes its place")
        return ("-drive", str(kept.with_(format="raw", file=lay_idle_image(run), readonly="on")))
    run.change(option, "an empty flash takes its place: no firmware runs in this test run")
    return ("-drive", str(kept.with_(driver=EMPTY, size=str(flash_size(run))).with_(read_zeroes="on")))


def _unit(run: Run, wanted: Option) -> int:
    """Return which flash a drive is: the one that it names, or the first that none before it is."""
    taken: set[int] = set()
    for option in run.named("drive", "pflash"):
        value = read_value(option.value or "") if option.name == "drive" else Value((("if", "pflash"),))
        if value.get("if") != "pflash":
            continue
        given = value.get("index", value.get("unit"))
        free = next(number for number in range(len(taken) + 1) if number not in taken)
        unit = free if given is None else option_number("index", str(given))
        if option is wanted:
            return unit
        taken.add(unit)
    return 0


def _blockdev(run: Run, option: Option) -> Words | None:
    value = read_value(option.value or "", "driver")
    if value.get("driver") in NEEDS_NOTHING:
        return None
    unit = _flash_nodes(run).get(value.text_of("node-name"))
    if unit is not None and run.firmware == "enumerated":
        return _flash_node(run, option, value, unit)
    run.change(option, WHY)
    inner = (word for name in _inner_names(value) for word in (words_of(option)[0], f"driver={EMPTY},node-name={name}"))
    kept = value.only({"driver", "node-name", "read-only"}).with_(driver=EMPTY)
    if unit == 0 and run.idles and run.target == "x86_64":
        kept = kept.with_(driver="file", filename=lay_idle_image(run), read_only=value.switch(on=True))
    else:
        size = {} if unit is None else {"size": value.number(flash_size(run))}
        kept = kept.with_(read_zeroes=value.switch(on=True), **size)
    return (*inner, *changed(option, kept))


def _flash_node(run: Run, option: Option, value: Value, unit: int) -> Words | None:
    """Return a block node of a flash from which firmware runs: its file is a copy."""
    role = f"flash{unit}.img"
    inner = value.get("file")
    if value.text_of("filename"):
        return changed(option, value.with_(filename=copy_image(run, option, value.text_of("filename"), role)))
    if value.text_of("file.filename"):
        copied = copy_image(run, option, value.text_of("file.filename"), role)
        pairs = tuple((name, copied if name == "file.filename" else given) for name, given in value.pairs)
        return changed(option, Value(pairs, value.implied))
    if isinstance(inner, dict) and isinstance(inner.get("filename"), str):
        copied = copy_image(run, option, inner["filename"], role)
        return changed(option, value.with_(file={**inner, "filename": copied}))
    return None


def _flash_nodes(run: Run) -> dict[str, int]:
    """Return which flash each block node is for, those below the ones that ``-machine`` names included."""
    below = {value.text_of("node-name"): value.text_of("file") for value in run.values("driver", "blockdev")}
    found: dict[str, int] = {}
    for unit in (0, 1):
        name = run.machine_value(f"pflash{unit}")
        while name and name not in found:
            found[name] = unit
            name = below.get(name, "")
    return found


def _inner_names(value: Value) -> Iterator[str]:
    """Yield the names of block nodes that are described inside of another: others may refer to them."""

    def walk(given: Any) -> Iterator[str]:
        if isinstance(given, dict):
            if isinstance(given.get("node-name"), str):
                yield given["node-name"]
            for part in given.values():
                yield from walk(part)
        elif isinstance(given, list):
            for part in given:
                yield from walk(part)

    for name, given in value.pairs:
        if name.endswith(".node-name"):
            yield str(given)
        yield from walk(given)


RULES: Final[Mapping[str, Rule]] = {"drive": _drive, "blockdev": _blockdev, **dict.fromkeys(SHORT, _short)}
