"""Whether a reply, and the end of a machine, are as a scenario expects them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.scenario.checks import Check, Difference, as_json, compare_json, compare_texts, differs
from sandbox.scenario.model import AnyReply, ExitExpected, Fails, Returns
from sandbox.scenario.transcript import Ended, Refused, Returned

if TYPE_CHECKING:
    from sandbox.scenario.model import ReplyExpected
    from sandbox.scenario.transcript import Reply


def check_reply(expected: ReplyExpected, reply: Reply | None) -> tuple[Check, ...]:
    """Check a reply; None stands for a machine that ended, as it should, before it replied."""
    if isinstance(expected, AnyReply):
        return ()
    if reply is None:
        if isinstance(expected, Returns | Fails):
            return (differs("reply", _wanted(expected), "none: the machine ended before it replied"),)
        return ()
    if isinstance(expected, Fails):
        if isinstance(reply, Returned):
            return (differs("reply", _wanted(expected), f"return {as_json(reply.value)}"),)
        return (Check("reply", _error_differences(expected, reply)),)
    if isinstance(reply, Refused):
        return (differs("reply", _wanted(expected), f"{reply.error_class}: {reply.desc}"),)
    if isinstance(expected, Returns):
        return (Check("reply", compare_json(expected.value, reply.value, "return")),)
    return (Check("reply"),)


def _wanted(expected: ReplyExpected) -> str:
    if isinstance(expected, Returns):
        return f"return {as_json(expected.value)}"
    if isinstance(expected, Fails):
        return f"{expected.error_class or 'an error'}{f': {expected.desc}' if expected.desc is not None else ''}"
    return "a return"


def _error_differences(expected: Fails, reply: Refused) -> tuple[Difference, ...]:
    differences = []
    if expected.error_class not in (None, reply.error_class):
        differences.append(Difference("error.class", str(expected.error_class), reply.error_class))
    if expected.desc not in (None, reply.desc):
        differences.append(Difference("error.desc", str(expected.desc), reply.desc))
    return tuple(differences)


def check_exit(expected: ExitExpected | None, ended: Ended | None) -> tuple[Check, ...]:
    """Check how, or that, or that not, the machine ended; nothing is checked where it lives and should."""
    if ended is None:
        if expected is None:
            return ()
        return (differs("exit", f"the machine ends with status {expected.status}", "it lives"),)
    if expected is None:
        return (differs("exit", "the machine lives", f"it ends with status {ended.status}"),)
    differences = []
    if expected.status != ended.status:
        differences.append(Difference("exit.status", str(expected.status), str(ended.status)))
    if isinstance(expected.stderr, tuple):
        differences += compare_texts(list(expected.stderr), ended.stderr.splitlines(), "exit.stderr")
    elif expected.stderr is not None and expected.stderr.strip() not in ended.stderr:
        differences.append(Difference("exit.stderr", f"... {expected.stderr.strip()} ...", ended.stderr))
    return (Check("exit", tuple(differences)),)
