"""The human monitor's commands, reached through ``human-monitor-command``.

Their replies are text with line ends of two characters; a refusal is text as well.

Source: QEMU 10.0 behaviour.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sandbox.errors import MachineExit, QemuError, UnmodelledError
from sandbox.monitor import state_commands
from sandbox.records import record

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sandbox.monitor.monitor import Monitor


@record
class Typed:
    """A command of the human monitor.

    Attributes:
        run: takes the monitor and what stands behind the name; returns the reply.
        synopsis: name, short name and arguments, as ``help`` shows them.
        help: what it does, in QEMU's words.
        takes: whether anything may stand behind the name.
    """

    run: Callable[[Monitor, str], str]
    synopsis: str
    help: str
    takes: bool = True

    @property
    def line(self) -> str:
        """The line that ``help`` shows."""
        return f"{self.synopsis} -- {self.help}\n"


def human_monitor_command(monitor: Monitor, arguments: Mapping[str, Any]) -> object:
    """``human-monitor-command``: run one line as a person would type it.

    Raises:
        UnmodelledError: QEMU's human monitor has the command and the sandbox does not.
    """
    name, _, rest = arguments["command-line"].strip().partition(" ")
    if not name:
        return ""
    command = find(name)
    if command is None:
        if name in OTHER_COMMANDS:
            raise UnmodelledError(f"the human monitor's command '{name}' is not modelled")
        return f"unknown command: '{name}'\r\n"
    rest = rest.strip()
    if rest and not command.takes:
        return _extraneous(command.synopsis.split()[0]).replace("\n", "\r\n")
    try:
        return _run(command, monitor, rest).replace("\n", "\r\n")
    except QemuError as error:
        hint = f"\n{error.hint.rstrip()}" if error.hint else ""
        return f"Error: {error.desc}{hint}\n".replace("\n", "\r\n")


def find(name: str) -> Typed | None:
    """Return the command of a name or short name."""
    return COMMANDS_BY_NAME.get(SHORT.get(name, name))


def _run(command: Typed, monitor: Monitor, text: str) -> str:
    """Run a command; what ends the machine is said to the monitor, which is gone then, and not on stderr."""
    try:
        return command.run(monitor, text)
    except MachineExit as end:
        raise MachineExit("", end.status) from end


def object_add(monitor: Monitor, text: str) -> str:
    """``object_add qom-type=typename,id=id[,...]``."""
    from sandbox.qapi.keyval import parse_keyval
    from sandbox.qapi.visit import visit_json, visit_keyval

    machine = monitor.machine
    if not text:
        return _missing("object_add")
    if text.startswith("{"):
        from sandbox.qapi.json import parse_json

        options = visit_json(machine.schema, "ObjectOptions", parse_json(text))
    else:
        options = visit_keyval(machine.schema, "ObjectOptions", parse_keyval(text, "qom-type"))
    machine.object_add(options)
    return ""


def object_del(monitor: Monitor, text: str) -> str:
    """``object_del id``."""
    if not text:
        return _missing("object_del")
    word, extra = _word(text)
    if extra:
        return _extraneous("object_del")
    monitor.machine.object_del(word)
    return ""


def device_add(monitor: Monitor, text: str) -> str:
    """``device_add driver[,prop=value][,...]``.

    Raises:
        UnmodelledError: help is asked for.
    """
    from sandbox.qapi.opts import parse_opts

    given = dict(parse_opts(text, "driver"))
    if given.get("driver") in ("help", "?") or "help" in given:
        raise UnmodelledError("the human monitor's 'device_add help' is not modelled")
    monitor.machine.device_add(given, from_json=False)
    return ""


def device_del(monitor: Monitor, text: str) -> str:
    """``device_del id``."""
    from sandbox.monitor.device_commands import remove

    if not text:
        return _missing("device_del")
    word, extra = _word(text)
    if extra:
        return _extraneous("device_del")
    remove(monitor, word)
    return ""


def qom_list(monitor: Monitor, text: str) -> str:
    """``qom-list path``."""
    from sandbox.monitor.qom_commands import listed, object_at

    if not text:
        return "/\n"
    word, extra = _word(text)
    if extra:
        return _extraneous("qom-list")
    entries = listed(monitor.machine, object_at(monitor.machine, word))
    return "".join(f"{entry['name']} ({entry['type']})\n" for entry in entries)


def qom_get(monitor: Monitor, text: str) -> str:
    """``qom-get path property``: the value as JSON over several lines."""
    import json

    from sandbox.monitor.qom_commands import object_at, read

    path, rest = _word(text)
    name, extra = _word(rest)
    if not path or not name:
        return _missing("qom-get")
    if extra:
        return _extraneous("qom-get")
    value = read(monitor.machine, object_at(monitor.machine, path), name)
    return f"{json.dumps(value, indent=4)}\n"


def info(monitor: Monitor, text: str) -> str:
    """``info [name]``."""
    from sandbox.monitor.info import info as tell

    return tell(monitor, text)


def help_(_monitor: Monitor, text: str) -> str:
    """``help [command]``: of the commands that are answered here."""
    from sandbox.monitor.info import help_line

    name, _, rest = text.partition(" ")
    if not name:
        return "".join(known.line for known in TYPED)
    if name == "info":
        return help_line(rest.strip())
    command = find(name)
    if command is None:
        if name in OTHER_COMMANDS:
            raise UnmodelledError(f"the human monitor's command '{name}' is not modelled")
        return f"unknown command: '{name}'\n"
    return command.line


def _quiet(command: Callable[[Monitor, Mapping[str, Any]], object]) -> Callable[[Monitor, str], str]:
    """Return a QMP command without arguments as the human monitor has it: without a reply."""

    def run(monitor: Monitor, _text: str) -> str:
        command(monitor, {})
        return ""

    return run


def _word(text: str) -> tuple[str, str]:
    """Return the first word of a line, without its quotes, and what is behind it."""
    if text.startswith('"'):
        word, _, extra = text[1:].partition('"')
    else:
        word, _, extra = text.partition(" ")
    return word, extra.strip()


def _missing(command: str) -> str:
    return f'{command}: string expected\nTry "help {command}" for more information\n'


def _extraneous(command: str) -> str:
    name = command.partition("|")[0]
    return f'{command}: extraneous characters at the end of line\nTry "help {name}" for more information\n'


TYPED: Final = (
    Typed(_quiet(state_commands.cont), "cont|c ", "resume emulation", takes=False),
    Typed(device_add, "device_add driver[,prop=value][,...]", "add device, like -device on the command line"),
    Typed(device_del, "device_del device", "remove device"),
    Typed(help_, "help|? [cmd]", "show the help"),
    Typed(info, "info [subcommand]", "show various information about the system state"),
    Typed(object_add, "object_add [qom-type=]type,id=str[,prop=value][,...]", "create QOM object"),
    Typed(object_del, "object_del id", "destroy QOM object"),
    Typed(qom_get, "qom-get path property", "print QOM property"),
    Typed(qom_list, "qom-list path", "list QOM properties"),
    Typed(_quiet(state_commands.quit_), "quit|q ", "quit the emulator", takes=False),
    Typed(_quiet(state_commands.stop), "stop|s ", "stop emulation", takes=False),
    Typed(_quiet(state_commands.system_powerdown), "system_powerdown ", "send system power down event", takes=False),
    Typed(_quiet(state_commands.system_reset), "system_reset ", "reset the system", takes=False),
)

SHORT: Final[Mapping[str, str]] = {"c": "cont", "?": "help", "q": "quit", "s": "stop"}

COMMANDS_BY_NAME: Final[Mapping[str, Typed]] = {
    command.synopsis.replace("|", " ").split()[0]: command for command in TYPED
}

OTHER_COMMANDS: Final = frozenset(
    """
    announce_self balloon block_job_cancel block_job_complete block_job_pause block_job_resume block_job_set_speed
    block_resize block_set_io_throttle block_stream boot_set calc_dirty_rate cancel_vcpu_dirty_limit change chardev-add
    chardev-change chardev-remove chardev-send-break client_migrate_info closefd commit cpu delvm drive_add
    drive_backup drive_del drive_mirror dump-guest-memory dumpdtb eject exit_preconfig expire_password gdbserver getfd
    gpa2hpa gpa2hva gva2gpa hostfwd_add hostfwd_remove i loadvm log logfile mce memsave migrate migrate_cancel
    migrate_continue migrate_incoming migrate_pause migrate_recover migrate_set_capability migrate_set_parameter
    migrate_start_postcopy mouse_button mouse_move mouse_set nbd_server_add nbd_server_remove nbd_server_start
    nbd_server_stop netdev_add netdev_del nmi o one-insn-per-tb p pcie_aer_inject_error pmemsave print qemu-io qom-set
    replay_break replay_delete_break replay_seek ringbuf_read ringbuf_write savevm screendump sendkey set_link
    set_password set_vcpu_dirty_limit snapshot_blkdev snapshot_blkdev_internal snapshot_delete_blkdev_internal
    stopcapture sum sync-profile system_wakeup trace-event watchdog_action wavcapture x x_colo_lost_heartbeat
    xen-event-inject xen-event-list xp
    """.split()
)
"""Commands that QEMU's human monitor has and that are not answered."""

COMMANDS: Final = {"human-monitor-command": human_monitor_command}
