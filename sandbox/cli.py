"""The command ``qom-sandbox``. The only place that prints and that decides an exit status.

Status 0: done and as expected. 1: an expectation or comparison failed, or the machine ended where it should not.
2: what was given is wrong; the message stands on stderr. 3: what was to be compared with gives no answer.
"""

from __future__ import annotations

import io
import os
import sys
from typing import TYPE_CHECKING, Final, NoReturn

from sandbox import commands
from sandbox.commands import DONE, FAILED, INTERRUPTED, WRONG_INPUT
from sandbox.errors import DecodeError, InputError, InputErrors, MachineExit

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping, Sequence

HELP_WIDTH: Final = 100

COMMANDS: Final = {
    "replay": "replay YAML scenarios and check what they expect",
    "tables": "make the tables of a scenario or of QEMU arguments after '--'",
    "show": "show tables field by field",
    "diff": "name the fields in which two tables differ",
    "serve": "answer QMP on sockets as QEMU does, for the machine of QEMU arguments after '--'",
    "shell": "type QMP commands at such a machine, in qemu.qmp's shell",
    "schema": "print the JSON Schema of scenarios",
    "compare": "hold the sandbox against a live QEMU, a running VM, dumped tables or recordings",
    "record": "keep what a live QEMU gives for scenarios, as expected tables and replies",
    "campaign": "random machines and QMP histories, the sandbox against live QEMUs",
    "guest": "forecast which nodes a Linux guest will see",
    "lint": "look for what is wrong with scenarios, QEMU arguments, libvirt domains, or tables",
    "translate": "say the same to another QEMU, with ids that keep the nodes in order",
    "export": "write a scenario as QEMU arguments, QMP commands, iasl source and other forms",
}

TAKE_QEMU_ARGUMENTS: Final = ("tables", "compare", "record", "serve", "shell", "guest", "lint", "translate", "export")

EXAMPLES: Final = """\
examples:
  qom-sandbox replay scenarios/grace-hopper-mig.yaml
  qom-sandbox tables -o out scenarios/grace-hopper-mig.yaml
  qom-sandbox tables --dialect 10.0 -- -M q35 -m 1G -object memory-backend-ram,id=m0,size=1G \\
      -numa node,memdev=m0 -numa node,nodeid=1 -device pci-testdev,id=dev0 \\
      -object acpi-generic-initiator,id=gi0,pci-dev=dev0,node=1
  qom-sandbox show out/srat.dat
  qom-sandbox diff out/srat.dat /sys/firmware/acpi/tables/SRAT

exit status: 0 done and as expected; 1 an expectation failed, sides differ, or QEMU would have ended; 2 the input is
wrong; 3 the other side of a comparison gives no answer
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status."""
    try:
        status = run(list(sys.argv[1:] if argv is None else argv))
    except SystemExit:  # so argparse ends, behind its help too
        if not put(""):
            return WRONG_INPUT
        raise
    return status if put("") else WRONG_INPUT


def run(words: list[str]) -> int:
    """Run a command line, write what comes of it, and return its exit status."""
    qemu_words: list[str] | None = None
    if "--" in words:
        cut = words.index("--")
        words, qemu_words = words[:cut], words[cut + 1 :]
    if words == ["--version"]:  # without the parsers of all commands, which are not needed to tell it
        return tell_version()
    arguments = parse(words, qemu_words)
    if arguments.version:
        return tell_version()
    if arguments.command is None:
        return WRONG_INPUT
    from sandbox.report.style import Style

    style = Style(colours=sys.stdout.isatty() and not os.environ.get("NO_COLOR"), width=terminal_width())
    told: object = None
    try:
        result = commands.run(arguments, style)
    except MachineExit as end:
        told, said = told_of_end(end)
        result = commands.Result(status=FAILED, errors=said)
    except (InputError, InputErrors, DecodeError) as error:
        told = {"error": str(error)}
        result = commands.Result(status=WRONG_INPUT, errors=str(error))
    except BrokenPipeError:
        discard_output()
        return DONE
    except KeyboardInterrupt:
        return INTERRUPTED
    is_written = put(commands.as_json(told) if told is not None and arguments.json else result.text)
    if result.errors:
        say_error(result.errors)
    return result.status if is_written else WRONG_INPUT


def tell_version() -> int:
    """Write the version and return the exit status."""
    from sandbox import VERSION

    return DONE if put(f"qom-sandbox {VERSION}\n") else WRONG_INPUT


def told_of_end(end: MachineExit) -> tuple[object, str]:
    """Return what is told of the end of a machine as JSON, and as text."""
    more = {name: text for name, text in (("step", end.step), ("foreign", end.foreign)) if text}
    said = f"{end.step}: QEMU ends here\n{end.stderr}" if end.step else end.stderr
    said += f"\nnote: {end.foreign}" if end.foreign else ""
    return {"exit": {"status": end.status, "stderr": end.stderr, **more}}, said


def terminal_width() -> int | None:
    """Return how many columns the terminal has that stdout is; None where it is none."""
    if not sys.stdout.isatty():
        return None
    told = os.environ.get("COLUMNS", "")
    if told.isdecimal() and int(told):
        return int(told)
    try:
        return os.get_terminal_size(sys.stdout.fileno()).columns or None
    except OSError:
        return None


def put(text: str) -> bool:
    """Write to stdout at once; return whether that went well. A reader who has seen enough is no error."""
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        discard_output()
    except OSError as error:
        discard_output()
        say_error(f"standard output cannot be written: {os.strerror(error.errno or 0)}")
        return False
    return True


def discard_output() -> None:
    """Let what is still to be written to stdout go nowhere, lest it fail again at the end."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


def say_error(message: str) -> None:
    """Write a message to stderr, as far as that can be written."""
    from contextlib import suppress

    with suppress(OSError):
        print(message, file=sys.stderr)


def parse(words: Sequence[str], qemu_words: list[str] | None) -> argparse.Namespace:
    """Read the words before ``--``; ends with status 2 and how the command is used where they are wrong."""
    name = words[0] if words else ""
    parser, parsers = build_parser(name if name in COMMANDS else None)
    if name and not name.startswith("-") and name not in COMMANDS:
        from sandbox.commands.usage import unknown_command

        parser.error(unknown_command(name, COMMANDS))
    arguments, unknown = parser.parse_known_args(words)
    takes_qemu_arguments = arguments.command in (*TAKE_QEMU_ARGUMENTS, None)
    command = parsers.get(arguments.command, parser)
    if unknown:
        from sandbox.commands.usage import unknown_arguments

        usage = command.format_usage()
        command.error(unknown_arguments(unknown, usage, takes_qemu_arguments=takes_qemu_arguments))
    if qemu_words is not None and not takes_qemu_arguments:
        command.error(f"'{arguments.command}' takes no QEMU arguments after '--'")
    if arguments.command is None and not arguments.version:
        parser.print_help()
    arguments.qemu_words = qemu_words
    arguments.say = say_error
    return arguments


def build_parser(
    only: str | None = None,
) -> tuple[argparse.ArgumentParser, Mapping[str, argparse.ArgumentParser]]:
    """Return the parser of the command line, without what follows ``--``, and those of the commands.

    Args:
        only: the one command that is asked for, which saves making the parsers of the others; None: all.
    """
    import argparse

    def formatter(prog: str) -> argparse.HelpFormatter:
        # Without a width it would import shutil, and with that the compression libraries, for every command.
        return argparse.RawDescriptionHelpFormatter(prog, width=HELP_WIDTH)

    parser = argparse.ArgumentParser(
        prog="qom-sandbox",
        description="QEMU's ACPI Generic Initiator objects and the tables they make, without a VM.",
        epilog=EXAMPLES,
        formatter_class=formatter,
    )
    parser.add_argument("--version", action="store_true", help="print the version and end")
    subparsers = parser.add_subparsers(dest="command", metavar="COMMAND")
    for name, summary in COMMANDS.items():
        if only in (None, name):
            command = subparsers.add_parser(name, help=summary, formatter_class=formatter)
            commands.add_arguments(name, command)
            command.add_argument("--json", action="store_true", help="print JSON")
    return parser, subparsers.choices


def script() -> NoReturn:
    """Run as a program of its own, which ends before its garbage would matter."""
    import gc

    gc.disable()
    prepare_streams()
    sys.exit(main())


def prepare_streams() -> None:
    """Make stdout show what its encoding has not, escaped; and have a stream also where the shell has closed it."""
    if sys.stdout is None:
        sys.stdout = os.fdopen(os.open(os.devnull, os.O_RDONLY), "w")  # each write fails, as it should
    if sys.stderr is None:
        sys.stderr = os.fdopen(os.open(os.devnull, os.O_WRONLY), "w")
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


if __name__ == "__main__":
    script()
