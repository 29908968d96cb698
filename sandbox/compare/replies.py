"""What of a reply, and of an end, can be compared: all but what only one host, one build or one start can know."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

from sandbox.scenario.checks import Check, Difference, as_json, compare_json, compare_texts
from sandbox.scenario.transcript import Ended, Refused, Returned

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from sandbox.scenario.transcript import Reply

PROGRAM: Final = re.compile(r"^\S*qemu-system-\w+: ")
"""How QEMU starts its messages."""

STAND_INS: Final = re.compile(r"^child<(monitor|memory-backend)-[a-z]+>$")
"""Types of which another may stand in a test run."""


def compare_replies(command: str, ours: Reply | None, theirs: Reply | None) -> tuple[Check, ...]:
    """Compare the replies to a command; a member that cannot be equal is left out, see :data:`HOST_FACTS`."""
    if ours is None or theirs is None:
        if ours is theirs:
            return ()
        return (Check("reply", (Difference("reply", _text(ours), _text(theirs)),)),)
    if isinstance(ours, Returned) and isinstance(theirs, Returned):
        keep = HOST_FACTS.get(command, _same)
        return (Check("reply", compare_json(keep(ours.value), keep(theirs.value), "return")),)
    if isinstance(ours, Refused) and isinstance(theirs, Refused):
        ours_plain, theirs_plain = ({"class": side.error_class, "desc": side.desc} for side in (ours, theirs))
        return (Check("reply", compare_json(ours_plain, theirs_plain, "error")),)
    return (Check("reply", (Difference("reply", _text(ours), _text(theirs)),)),)


def compare_ends(
    ours: Ended | None, theirs: Ended | None, our_words: Sequence[str], their_words: Sequence[str]
) -> tuple[Check, ...]:
    """Compare how the two sides ended: the status, and the message.

    Args:
        ours: how our side ended; None where it lives.
        theirs: how the other side ended.
        our_words: our command line: a message may start with an option of it.
        their_words: theirs, in which that option may be written otherwise.

    Returns:
        No check where both live. Warnings are not compared, nor the name of the program; of the other side's lines
        the last ones count, as many as ours are.
    """
    if ours is None and theirs is None:
        return ()
    if ours is None or theirs is None:
        texts = [f"ends with status {side.status}: {side.stderr}" if side else "lives" for side in (ours, theirs)]
        return (Check("exit", (Difference("exit", *texts),)),)
    differences = []
    if ours.status != theirs.status:
        differences.append(Difference("exit.status", str(ours.status), str(theirs.status)))
    our_lines, their_lines = _message(ours.stderr), _message(theirs.stderr)
    their_lines = their_lines[-len(our_lines) :] if our_lines else their_lines
    if our_lines != their_lines:
        our_lines = _without_changed_options(our_lines, our_words, their_words)
        their_lines = _without_changed_options(their_lines, their_words, our_words)
    differences += compare_texts(our_lines, their_lines, "exit.stderr")
    return (Check("exit", tuple(differences)),)


def _message(stderr: str) -> list[str]:
    lines = [line.rstrip() for line in stderr.splitlines() if line.strip()]
    return [PROGRAM.sub("", line) for line in lines if "warning: " not in line]


def _without_changed_options(lines: list[str], words: Sequence[str], others: Sequence[str]) -> list[str]:
    """Return the lines without the option in front, where the other side does not have that option."""
    known = set(_options(others))
    own = [f"{option}: " for option in _options(words) if option not in known]
    return [next((line.removeprefix(option) for option in own if line.startswith(option)), line) for line in lines]


def _options(words: Sequence[str]) -> list[str]:
    return [f"{name} {value}" for name, value in pairwise(words) if name.startswith("-")]


def _text(reply: Reply | None) -> str:
    if reply is None:
        return "none"
    return f"return {as_json(reply.value)}" if isinstance(reply, Returned) else f"{reply.error_class}: {reply.desc}"


def _same(value: Any) -> Any:
    return value


def _without(*names: str) -> Callable[[Any], Any]:
    """Return a function that drops members from a JSON object, or from each object of a list."""

    def drop(value: Any) -> Any:
        if isinstance(value, list):
            return [drop(item) for item in value]
        if isinstance(value, dict):
            return {name: member for name, member in value.items() if name not in names}
        return value

    return drop


def _version(value: Any) -> Any:
    """Of a version, keep what a dialect is about: major and minor."""
    qemu = value.get("qemu") if isinstance(value, dict) else None
    if not isinstance(qemu, dict):
        return value
    return {"qemu": {name: number for name, number in qemu.items() if name != "micro"}}


def _listed(value: Any) -> Any:
    """Take one kind of monitor, and one kind of memory, for another: a test run has its own in the user's place."""
    if not isinstance(value, list):
        return value
    return [
        {**item, "type": _kind(item["type"])} if isinstance(item, dict) and "type" in item else item for item in value
    ]


def _kind(typename: Any) -> Any:
    return STAND_INS.sub(r"child<\1>", typename) if isinstance(typename, str) else typename


HOST_FACTS: Final[Mapping[str, Callable[[Any], Any]]] = {
    "query-version": _version,
    "query-cpus-fast": _without("thread-id"),
    "query-iothreads": _without("thread-id"),
    "query-memdev": _without("reserve", "prealloc", "policy", "host-nodes"),
    "qom-list": _listed,
    "query-kvm": _without("present", "enabled"),
    "query-chardev": _without("filename", "frontend-open"),
}
"""By command, what is left of its value for a comparison: without thread ids, builds, and how memory is claimed."""
