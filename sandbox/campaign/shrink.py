"""Making a case that shows a difference smaller, for as long as it shows a difference of the same kind.

Delta debugging: whole groups of options and commands go first, then single ones, then nodes, parts, numbers and names.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sandbox.campaign.draft import Draft
from sandbox.campaign.options import Option, parse_size
from sandbox.records import record

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sandbox.campaign.case import Case
    from sandbox.campaign.sides import Difference

FIXED: Final = ("-M",)
KEPT_PARTS: Final = ("id=", "nodeid=")
"""Names by which other options know an option."""
SMALL: Final = "128M"
FAMILY_NAMES: Final = (("pc-q35-", "q35"), ("pc-i440fx-", "pc"), ("virt-", "virt"))
SINGLE_NODE: Final = Option("-m", (SMALL, "slots=1", "maxmem=256M"))
"""Memory slots make QEMU declare a node by itself: the smallest machine that has an SRAT."""


@record
class Shrunk:
    """What is left of a case.

    Attributes:
        case: the small case.
        difference: in what its sides differ.
        runs: how many cases were tried on QEMU.
    """

    case: Case
    difference: Difference
    runs: int


def shrink(
    case: Case,
    difference: Difference,
    check: Callable[[Case], Difference | None],
    *,
    most_runs: int,
    plausible: Callable[[Case], bool] = lambda _: True,
) -> Shrunk:
    """Make a case smaller.

    Args:
        case: a case whose sides differ.
        difference: in what.
        check: runs a case and returns in what its sides differ.
        most_runs: how often ``check`` may be called.
        plausible: whether a case is worth a run; a cheaper question than ``check``.
    """
    return _Shrinker(case, difference, check, plausible, most_runs).shrunk()


class _Shrinker:
    """The smallest draft so far, and what was tried."""

    def __init__(
        self,
        case: Case,
        difference: Difference,
        check: Callable[[Case], Difference | None],
        plausible: Callable[[Case], bool],
        most_runs: int,
    ) -> None:
        self.case = case
        self.difference = difference
        self.check = check
        self.plausible = plausible
        self.most_runs = most_runs
        self.runs = 0
        self.best = Draft.of(case)
        self.changed = False
        self.tried: set[str] = set()

    def shrunk(self) -> Shrunk:
        # a short form that does not show the difference is given up as a whole
        if self.best.case(self.case) != self.case and not self.test(self.best):
            return Shrunk(self.case, self.difference, self.runs)
        passes = (
            self.cut_commands,
            self.drop_groups,
            self.drop_commands,
            self.drop_options,
            self.drop_nodes,
            self.share_devices,
            self.try_single_node,
            self.drop_parts,
            self.simplify,
            self.rename,
        )
        before = None
        while before != self.best and self.runs < self.most_runs:
            before = self.best
            for step in passes:
                step()
        self.test(self.best.in_order())
        return Shrunk(self.best.case(self.case), self.difference, self.runs)

    def test(self, draft: Draft) -> bool:
        """Take a draft if its sides differ in the same way; say whether they do."""
        case = draft.case(self.case)
        key = repr((case.arguments, case.commands))
        if key in self.tried or self.runs >= self.most_runs:
            return False
        self.tried.add(key)
        if not self.plausible(case):
            return False
        self.runs += 1
        found = self.check(case)
        if found is None or found.kind != self.difference.kind:
            return False
        self.best, self.difference = draft, found
        return True

    def cut_commands(self) -> None:
        """Drop what comes behind the difference."""
        if len(self.best.commands) > self.difference.step:
            self.test(self.best.without_commands(range(self.difference.step, len(self.best.commands))))

    def drop_commands(self) -> None:
        self.delta(lambda: list(range(len(self.best.commands))), Draft.without_commands)

    def drop_groups(self) -> None:
        """Drop all options of one sort together."""
        sorts = {self.sort(option) for option in self.best.options}
        for sort in sorted(sorts - {(name, "") for name in FIXED}):
            places = [place for place, option in enumerate(self.best.options) if self.sort(option) == sort]
            if len(places) > 1 or not sort[1]:
                self.test(self.best.without_options(places))

    @staticmethod
    def sort(option: Option) -> tuple[str, str]:
        if option.name in ("-numa", "-object"):
            return option.name, option.head
        return option.name, ""

    def drop_options(self) -> None:
        def removable() -> list[int]:
            return [place for place, option in enumerate(self.best.options) if option.name not in FIXED]

        self.delta(removable, Draft.without_options)

    def delta(self, places: Callable[[], list[int]], without: Callable[[Draft, list[int]], Draft]) -> None:
        """Drop runs of items: half of them at once, then a quarter, down to single ones."""
        size = len(places())
        while size:
            start = 0
            while start < len(places()):
                gone = places()[start : start + size]
                if not self.test(without(self.best, gone)):
                    start += size
            size = min(size - 1, (size + 1) // 2)

    def drop_nodes(self) -> None:
        def without(draft: Draft, gone: list[int]) -> Draft:
            for node in sorted(gone, reverse=True):
                draft = draft.without_node(node)
            return draft

        self.delta(lambda: self.best.nodes, without)

    def share_devices(self) -> None:
        """Let two objects name one device instead of two; and drop a device with all that is behind it."""
        for keyword in ("pci-dev", "pci-bus"):
            for name in self.references(keyword)[1:]:
                kept = self.references(keyword)[0]
                if name != kept:
                    self.test(self.renamed_references(keyword, name, kept))
        for name in self.best.ids("-device"):
            self.test(self.without_device(name))

    def references(self, keyword: str) -> list[str]:
        given = [option.get(keyword) for option in self.best.options if option.name == "-object"]
        sent = [(arguments or {}).get(keyword) for _, arguments in self.best.commands]
        return list(dict.fromkeys(name for name in (*given, *sent) if isinstance(name, str)))

    def renamed_references(self, keyword: str, name: str, other: str) -> Draft:
        options = tuple(
            option.mapped({keyword: other}) if option.name == "-object" and option.get(keyword) == name else option
            for option in self.best.options
        )
        commands = tuple(
            (command, {**arguments, keyword: other} if arguments and arguments.get(keyword) == name else arguments)
            for command, arguments in self.best.commands
        )
        return Draft(options, commands)

    def without_device(self, name: str) -> Draft:
        gone = {name}
        while True:
            behind = [o.get("id") for o in self.best.options if o.name == "-device" and o.get("bus") in gone]
            if gone.issuperset(found for found in behind if found):
                break
            gone.update(found for found in behind if found)
        places = [
            place
            for place, option in enumerate(self.best.options)
            if (option.name == "-device" and (option.get("id") in gone or option.get("bus") in gone))
            or (option.name == "-object" and (option.get("pci-dev") in gone or option.get("pci-bus") in gone))
        ]
        return self.best.without_options(places)

    def try_single_node(self) -> None:
        """Replace nodes and their memory by the one node that QEMU declares itself."""
        options = [SINGLE_NODE if option.name == "-m" else option for option in self.best.options]
        draft = Draft(
            tuple(
                option
                for option in options
                if option.name != "-numa"
                and not (option.name == "-object" and option.head.startswith("memory-backend-"))
            ),
            self.best.commands,
        )
        if draft.size < self.best.size:
            self.test(draft)

    def drop_parts(self) -> None:
        for place in range(len(self.best.options)):
            if place >= len(self.best.options):
                return
            parts = self.best.options[place].parts or ()
            for part in reversed(parts[1:]):
                option = self.best.options[place]
                left = tuple(other for other in option.parts or () if other != part)
                if not part.startswith(KEPT_PARTS):
                    self.test(self.best.with_option(place, Option(option.name, left)))

    def simplify(self) -> None:
        """Try plainer values: the machine without a version, small memory, low numbers."""
        for place in range(len(self.best.options)):
            for option in self.plainer(self.best.options[place]):
                self.test(self.best.with_option(place, option))

    def plainer(self, option: Option) -> Iterator[Option]:
        if option.name == "-M":
            for prefix, family in FAMILY_NAMES:
                if option.head.startswith(prefix):
                    yield Option("-M", (family, *(option.parts or ())[1:]))
        size = option.get("size")
        if size is not None and option.name == "-object" and (parse_size(size) or 0) != parse_size(SMALL):
            yield option.mapped({"size": SMALL})
        for key in ("node", "val"):
            value = option.get(key)
            if value is not None and value.isdecimal():
                yield from (option.mapped({key: str(low)}) for low in (0, 1, 20) if low < int(value))

    def rename(self) -> None:
        """Give ids that are easy to read, where they do not matter."""
        devices = self.best.ids("-device")
        names = {name: f"dev{number}" for number, name in enumerate(devices)}
        self.test(self.best.renamed(names))
        objects = dict.fromkeys((*self.best.ids("-object"), *self.sent_ids()))
        for number, name in enumerate(objects):
            short = f"{'m' if self.is_backend(name) else 'gi'}{number}"
            if name != short and len(name) > len(short) and short not in objects:
                self.test(self.best.renamed({name: short}))

    def sent_ids(self) -> list[str]:
        return [str(arguments["id"]) for _, arguments in self.best.commands if arguments and "id" in arguments]

    def is_backend(self, name: str) -> bool:
        return any(o.get("id") == name and o.head.startswith("memory-backend-") for o in self.best.options)
