"""Rules and findings as values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias

from sandbox.records import field, record

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from sandbox.errors import Place
    from sandbox.lint.setup import Setup
    from sandbox.lint.view import View

ERROR: Final = "error"
WARNING: Final = "warning"
NOTE: Final = "note"

LEVELS: Final = (NOTE, WARNING, ERROR)
"""The severities, the mildest first; the words are those of SARIF."""

ENDS_AT_START: Final = "QEMU ends as it starts"
ENDS_IN_SETTER: Final = "QEMU ends in the command itself"
ENDS_AT_READING: Final = "QEMU ends when firmware next reads the tables"
ABORTS: Final = "QEMU aborts"
IGNORED: Final = "QEMU ignores it silently"


@record
class Where:
    """Where a finding is.

    Attributes:
        place: the file, with line and column where they are known; or what stands for a file.
        about: the option as it was written, the step, or the table; "" where there is nothing to add.
        offset: for tables, the byte, counted from the table's start.
        byte: the same, counted from the file's start; None where the file has the table as text.
    """

    place: Place | None = None
    about: str = ""
    offset: int | None = None
    byte: int | None = None


@record
class Found:
    """What a rule's function gives: one thing that is wrong.

    Attributes:
        message: what, in one sentence, without a full stop.
        where: where.
        remedy: what to do about this one; "": what the rule says in general.
        severity: "" for that of the rule.
        consequence: what QEMU does about it, where QEMU does something: one of the constants of this module.
    """

    message: str
    where: Where
    remedy: str = ""
    severity: str = ""
    consequence: str = ""


@record
class Rule:
    """One thing to look for.

    Attributes:
        code: never changes its meaning: ``GI101``.
        name: the same for people: ``node-too-high``.
        severity: how bad it is unless a finding says otherwise.
        what: what is wrong, in one sentence.
        why: what comes of it, in one sentence.
        source: how that is known.
        remedy: what to do about it.
        of_setup: looks at a scenario or command line.
        of_view: looks at a set of tables, of a machine at some moment or brought.
        of_brought: looks at tables that were brought, and only at those.
    """

    code: str
    name: str
    severity: str
    what: str
    why: str
    source: str
    remedy: str
    of_setup: OfSetup | None = field(default=None, compare=False, repr=False)
    of_view: OfView | None = field(default=None, compare=False, repr=False)
    of_brought: OfView | None = field(default=None, compare=False, repr=False)


@record
class Finding:
    """One thing that is wrong, with the rule that says so.

    Attributes:
        rule: the rule.
        severity: ``error``, ``warning`` or ``note``.
        message: what, in one sentence, without a full stop.
        where: where.
        remedy: what to do about it.
        consequence: what QEMU does about it; "" where it does nothing.
        dialect: the dialect of the scenario or command line that it is about; "" for tables.
        dialect_reason: why it is taken to be in that one.
    """

    rule: Rule
    severity: str
    message: str
    where: Where
    remedy: str
    consequence: str = ""
    dialect: str = ""
    dialect_reason: str = ""

    @property
    def code(self) -> str:
        """The rule's code."""
        return self.rule.code


@record
class Looked:
    """What was looked at, and what was found.

    Attributes:
        findings: in the order of the codes.
        subject: the scenario or command line, as places call it; "" for tables.
        dialect: the dialect that it is in; "" for tables, or where QEMU refuses the command line at once.
        dialect_reason: why, in a few words.
    """

    findings: tuple[Finding, ...]
    subject: str = ""
    dialect: str = ""
    dialect_reason: str = ""


OfSetup: TypeAlias = "Callable[[Setup], Iterator[Found]]"
OfView: TypeAlias = "Callable[[View], Iterator[Found]]"


def reaches(findings: Iterable[Finding], level: str) -> bool:
    """Whether any finding is of that severity or a worse one."""
    return any(LEVELS.index(found.severity) >= LEVELS.index(level) for found in findings)
