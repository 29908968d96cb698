"""The command ``qom-sandbox``. The only place that prints and that decides an exit status.

Status 0: done and as expected. 1: an expectation or comparison failed, or the machine ended where it should not.
2: what was given is wrong; the message stands on stderr. 3: what was to be compared with gives no answer.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Final, NoReturn

from sandbox import commands
from sandbox.commands import DONE, FAILED, INTERRUPTED, WRONG_INPUT
from sandbox.errors import DecodeError, InputError, InputErrors, MachineExit

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

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
    words = list(sys.argv[1:] if argv is None else argv)
    qemu_words: list[str] | None = None
    if "--" in words:
        cut = words.index("--")
        words, qemu_words = words[:cut], words[cut + 1 :]
    parser = build_parser(words[0] if words and words[0] in COMMANDS else None)
    arguments, unknown = parser.parse_known_args(words)
    if unknown:
        parser.error(f"unrecognized arguments: {' '.join(unknown)}; QEMU's arguments come after '--'")
    arguments.qemu_words = qemu_words
    arguments.say = say_error
    if qemu_words is not None and arguments.command not in (*TAKE_QEMU_ARGUMENTS, None):
        parser.error(f"'{arguments.command}' takes no QEMU arguments after '--'")
    if arguments.version:
        from sandbox import VERSION

        print(f"qom-sandbox {VERSION}")
        return DONE
    if arguments.command is None:
        parser.print_help()
        return WRONG_INPUT
    from sandbox.report.style import Style

    style = Style(colours=sys.stdout.isatty() and not os.environ.get("NO_COLOR"))
    try:
        result = commands.run(arguments, style)
        sys.stdout.write(result.text)
        sys.stdout.flush()
        if result.errors:
            say_error(result.errors)
    except MachineExit as ended:
        if arguments.json:
            sys.stdout.write(commands.as_json({"exit": {"status": ended.status, "stderr": ended.stderr}}))
        say_error(ended.stderr)
        return FAILED
    except (InputError, InputErrors, DecodeError) as error:
        if arguments.json:
            sys.stdout.write(commands.as_json({"error": str(error)}))
        say_error(str(error))
        return WRONG_INPUT
    except BrokenPipeError:
        sys.stderr.close()
        return DONE
    except KeyboardInterrupt:
        return INTERRUPTED
    return result.status


def say_error(message: str) -> None:
    """Write a message to stderr."""
    print(message, file=sys.stderr)


def build_parser(only: str | None = None) -> argparse.ArgumentParser:
    """Return the parser of the command line, without what follows ``--``.

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
    return parser


def script() -> NoReturn:
    """Run as a program of its own, which ends before its garbage would matter."""
    import gc

    gc.disable()
    sys.exit(main())


if __name__ == "__main__":
    script()
