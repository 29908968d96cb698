"""The command ``qom-sandbox``. The only place that prints and that decides an exit status.

Status 0: done and as expected. 1: an expectation or comparison failed, or the machine ended where it should not.
2: what was given is wrong; the message stands on stderr.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Final, NoReturn

from sandbox.errors import DecodeError, InputError, InputErrors, MachineExit

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

DONE: Final = 0
FAILED: Final = 1
WRONG_INPUT: Final = 2
INTERRUPTED: Final = 130
HELP_WIDTH: Final = 100
MOST_SECONDS: Final = 86400.0

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
    from sandbox import commands
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
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    for name, summary in COMMANDS.items():
        if only in (None, name):
            command = commands.add_parser(name, help=summary, formatter_class=formatter)
            add_arguments(name, command)
            command.add_argument("--json", action="store_true", help="print JSON")
    return parser


def add_arguments(name: str, command: argparse.ArgumentParser) -> None:
    """Give a command's parser the arguments of its own."""
    if name == "replay":
        command.add_argument("scenarios", nargs="+", metavar="SCENARIO", help="a YAML file")
        command.add_argument("--junit", metavar="FILE", help="also write the results as JUnit XML")
    elif name == "tables":
        command.add_argument("scenario", nargs="?", metavar="SCENARIO", help="a YAML file; or QEMU's after '--'")
        command.add_argument("--firmware", choices=("none", "enumerated"), help="PCI bus numbers (default: enumerated)")
        command.add_argument("-o", "--output", metavar="DIR", help="write srat.dat, slit.dat and hmat.dat there")
    elif name == "show":
        command.add_argument("files", nargs="+", metavar="FILE", help="a raw table or acpidump's text")
    elif name == "diff":
        command.add_argument("left", metavar="A", help="a file with one table, raw or as acpidump's text")
        command.add_argument("right", metavar="B", help="the file to compare it with")
    elif name in ("serve", "shell"):
        add_server_arguments(name, command)
    elif name in ("compare", "record"):
        add_bridge_arguments(name, command)
    elif name == "campaign":
        add_campaign_arguments(command)
    elif name == "guest":
        from sandbox.commands.guest import add_guest_arguments

        add_guest_arguments(command)
    elif name == "lint":
        from sandbox.commands.advice import add_lint_arguments

        add_lint_arguments(command)
    elif name in ("translate", "export"):
        from sandbox.commands.convert import add_conversion_arguments

        add_conversion_arguments(name, command)
    if name in ("replay", "tables", "compare", "record", "serve", "shell", "lint", "translate", "export"):
        command.add_argument("--dialect", metavar="D", help="v2, 9.0, 9.2, 10.0 or 11.1 (default: as the objects tell)")
    if name in ("replay", "tables"):
        command.add_argument("--schema", metavar="FILE", help="a QEMU's qapi/qom.json that our members must agree with")
        command.add_argument("-v", "--verbose", action="store_true", help="also list options that move no table")


def add_bridge_arguments(name: str, command: argparse.ArgumentParser) -> None:
    """Give the parsers of compare and record the arguments that are about the other side."""
    scenarios = "YAML files; or QEMU's arguments after '--'"
    command.add_argument("scenarios", nargs="*", metavar="SCENARIO", help=scenarios)
    command.add_argument(
        "--qemu", metavar="BINARY", help="the QEMU, a command as for a shell (default: by the machine)"
    )
    command.add_argument("--binary-prefix", metavar="COMMAND", help="what goes before BINARY, such as 'chroot DIR'")
    command.add_argument("--socket-root", metavar="DIR:INSIDE", help="where a QEMU that sees other paths finds sockets")
    command.add_argument(
        "--timeout", type=seconds, metavar="S", help="seconds to wait for a start or a reply (default: 30)"
    )
    if name == "record":
        command.add_argument("-o", "--output", metavar="DIR", required=True, help="a folder in it for each scenario")
        command.add_argument("--name", metavar="NAME", help="the folder's name (default: the scenario file's)")
        command.add_argument("--firmware", choices=("none", "enumerated"), help="let firmware run (default: none)")
        return
    command.add_argument(
        "--attach", metavar="ADDRESS", help="a running VM: unix:PATH or tcp:HOST:PORT of its QMP monitor"
    )
    command.add_argument("--dump", nargs="+", metavar="FILE", help="tables from elsewhere: files, or folders of them")
    command.add_argument("--recorded", metavar="DIR", help="what 'record' kept")
    firmware = "let firmware run on a QEMU that is started (default: none; of a running VM and of dumps: enumerated)"
    command.add_argument("--firmware", choices=("none", "enumerated"), help=firmware)
    command.add_argument("--junit", metavar="FILE", help="also write the results as JUnit XML")
    command.add_argument("-v", "--verbose", action="store_true", help="also show steps that are the same")


def add_campaign_arguments(command: argparse.ArgumentParser) -> None:
    """Give the parser of campaign its arguments."""
    qemu = "a QEMU, a command as for a shell; may be given again (default: both of those on PATH)"
    command.add_argument("--qemu", action="append", metavar="BINARY", help=qemu)
    command.add_argument(
        "--binary-prefix", metavar="COMMAND", help="what goes before each BINARY, such as 'chroot DIR'"
    )
    command.add_argument("-n", "--number", type=int, default=100, metavar="N", help="how many machines (default: 100)")
    command.add_argument("--seed", type=int, default=0, metavar="S", help="what they are drawn from (default: 0)")
    command.add_argument("-j", "--jobs", type=int, default=1, metavar="J", help="how many QEMUs at a time (default: 1)")
    output = "where scenarios of differences go, and the results (default: campaign)"
    command.add_argument("-o", "--output", default="campaign", metavar="DIR", help=output)
    command.add_argument("--results", metavar="FILE", help="a line for each machine (default: DIR/results.jsonl)")
    command.add_argument("--resume", action="store_true", help="go on with the results there; errors run again")
    command.add_argument("--machine", action="append", metavar="M", help="virt, q35 or pc; may be given again")
    kind = "native: both sides get the same words (default); v2: the v2 series, translated; guest: forecast and guest"
    command.add_argument("--kind", action="append", metavar="K", help=f"{kind}; may be given again")
    command.add_argument("--guest", action="store_true", help="boot guests: the same as --kind guest")
    only = "run case N alone, kept in no results; may be given again; all else as in its campaign"
    command.add_argument("--only", action="append", type=int, metavar="N", help=only)
    command.add_argument(
        "--shrink-runs", type=int, default=200, metavar="N", help="runs to shrink a difference in at most"
    )
    command.add_argument(
        "--timeout", type=seconds, metavar="S", help="seconds to wait for a start or a reply (default: 30)"
    )


def add_server_arguments(name: str, command: argparse.ArgumentParser) -> None:
    """Give the parsers of serve and shell their arguments."""
    if name == "serve":
        command.add_argument(
            "--qmp",
            action="append",
            required=True,
            metavar="ADDRESS",
            help="where to listen: unix:PATH, tcp:HOST:PORT or tcp:PORT on loopback; give several for several monitors",
        )
        command.add_argument("--keep", action="store_true", help="start the machine anew when QEMU would have ended")
        command.add_argument("--trace", action="store_true", help="write what goes over the wire to stderr")
    command.add_argument("--firmware", choices=("none", "enumerated"), help="PCI bus numbers (default: enumerated)")
    command.add_argument("--record", metavar="FILE", help="write what clients did as a YAML scenario")


def seconds(text: str) -> float:
    """Read a number of seconds to wait: above 0, and no more than a day.

    Raises:
        ValueError: it is none.
    """
    value = float(text)
    if not 0 < value <= MOST_SECONDS:
        raise ValueError(text)
    return value


def script() -> NoReturn:
    """Run as a program of its own, which ends before its garbage would matter."""
    import gc

    gc.disable()
    sys.exit(main())


if __name__ == "__main__":
    script()
