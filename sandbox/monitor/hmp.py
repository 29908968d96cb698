"""The human monitor's commands, reached through ``human-monitor-command``.

Their replies are text with line ends of two characters; a refusal is text as well.

Source: QEMU 10.0 behaviour.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sandbox.errors import MachineExit, QemuError, UnmodelledError
from sandbox.monitor import state_commands
from sandbox.monitor.typed_line import (
    OPTIONAL_REST,
    OPTIONAL_WORD,
    OPTIONS,
    REST,
    WORD,
    Typed,
    TypedLineError,
    read_arguments,
    read_head,
    read_words,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sandbox.monitor.monitor import Monitor


def human_monitor_command(monitor: Monitor, arguments: Mapping[str, Any]) -> object:
    """``human-monitor-command``: run one line as a person would type it.

    Raises:
        UnmodelledError: QEMU's human monitor has the command and the sandbox does not.
    """
    return _answer(monitor, arguments["command-line"]).replace("\n", "\r\n")


def _answer(monitor: Monitor, line: str) -> str:
    head = read_head(line)
    if head.next == len(line) and not head.name:
        return ""
    command = find(head.name)
    if command is None:
        if head.name in OTHER_COMMANDS:
            raise UnmodelledError(f"the human monitor's command '{head.name}' is not modelled")
        return f"unknown command: '{line[: head.end]}'\n"
    if command.synopsis == INFO and head.next < len(line):
        head = read_head(line, head.next)
        command = topic(head.name)
        if command is None:
            return f"unknown command: '{line[: head.end]}'\n"
    try:
        words = read_arguments(command.called, command.takes, line[head.next :])
        return _run(command, monitor, words)
    except TypedLineError as error:
        return f'{error.text}Try "help {line[: head.end]}" for more information\n'
    except QemuError as error:
        hint = f"\n{error.hint.rstrip()}" if error.hint else ""
        return f"Error: {error.desc}{hint}\n"


def find(name: str) -> Typed | None:
    """Return the command of a name or short name."""
    return COMMANDS_BY_NAME.get(SHORT.get(name, name))


def topic(name: str) -> Typed | None:
    """Return the command that ``info`` and a topic's name make.

    Raises:
        UnmodelledError: QEMU has it and the sandbox does not.
    """
    from sandbox.monitor.info import OTHER_TOPICS, TOPICS

    found = TOPICS.get(name)
    if found is None:
        if name in OTHER_TOPICS:
            raise UnmodelledError(f"the human monitor's 'info {name}' is not modelled")
        return None
    tell, shown = found
    synopsis, _, text = f"{name}{shown}".partition(" -- ")
    takes = (OPTIONAL_WORD,) if "[" in synopsis else ()
    return Typed(lambda monitor, words: tell(monitor.machine, words[0] if words else None), synopsis, text, takes)


def _run(command: Typed, monitor: Monitor, words: list[str]) -> str:
    """Run a command; what ends the machine is said to the monitor, which is gone then, and not on stderr."""
    try:
        return command.run(monitor, words)
    except MachineExit as end:
        raise MachineExit("", end.status) from end


def object_add(monitor: Monitor, words: list[str]) -> str:
    """``object_add qom-type=typename,id=id[,...]``."""
    from sandbox.qapi.keyval import parse_keyval
    from sandbox.qapi.visit import visit_json, visit_keyval

    machine, text = monitor.machine, words[0]
    if text.startswith("{"):
        from sandbox.qapi.json import parse_json

        options = visit_json(machine.schema, "ObjectOptions", parse_json(text))
    else:
        options = visit_keyval(machine.schema, "ObjectOptions", parse_keyval(text, "qom-type"))
    machine.object_add(options)
    return ""


def object_del(monitor: Monitor, words: list[str]) -> str:
    """``object_del id``."""
    monitor.machine.object_del(words[0])
    return ""


def device_add(monitor: Monitor, words: list[str]) -> str:
    """``device_add driver[,prop=value][,...]``.

    Raises:
        TypedLineError: the text is not such as options are; why, QEMU says on its own stderr.
        UnmodelledError: help is asked for.
    """
    from sandbox.qapi.opts import parse_opts

    try:
        given = dict(parse_opts(words[0] if words else "", "driver"))
    except QemuError:
        raise TypedLineError("") from None
    if given.get("driver") in ("help", "?") or "help" in given:
        raise UnmodelledError("the human monitor's 'device_add help' is not modelled")
    monitor.machine.device_add(given, from_json=False)
    return ""


def device_del(monitor: Monitor, words: list[str]) -> str:
    """``device_del id``."""
    from sandbox.monitor.device_commands import remove

    remove(monitor, words[0])
    return ""


def qom_list(monitor: Monitor, words: list[str]) -> str:
    """``qom-list path``."""
    from sandbox.monitor.qom_commands import listed, object_at

    if not words:
        return "/\n"
    entries = listed(monitor.machine, object_at(monitor.machine, words[0]))
    return "".join(f"{entry['name']} ({entry['type']})\n" for entry in entries)


def qom_get(monitor: Monitor, words: list[str]) -> str:
    """``qom-get path property``: the value as JSON over several lines."""
    import json

    from sandbox.monitor.qom_commands import read, the_object_at

    path, name = words
    value = read(monitor.machine, the_object_at(monitor.machine, path), name)
    return f"{json.dumps(value, indent=4)}\n"


def info(_monitor: Monitor, _words: list[str]) -> str:
    """``info`` without a topic."""
    return _help_of_topics()


def help_(_monitor: Monitor, words: list[str]) -> str:
    """``help [command]``: of the commands that are answered here."""
    asked = read_words(words[0]) if words else []
    if asked is None:
        return ""
    if not asked:
        return "".join(known.line for known in TYPED)
    command = find(asked[0])
    if command is None:
        if asked[0] in OTHER_COMMANDS:
            raise UnmodelledError(f"the human monitor's command '{asked[0]}' is not modelled")
        return f"unknown command: '{asked[0]}'\n"
    if command.synopsis != INFO:
        return command.line
    if len(asked) == 1:
        return _help_of_topics()
    found = topic(asked[1])
    return f"info {found.line}" if found is not None else f"unknown command: '{asked[0]} {asked[1]}'\n"


def _help_of_topics() -> str:
    from sandbox.monitor.info import TOPICS

    return "".join(f"info {name}{shown}\n" for name, (_, shown) in TOPICS.items())


def _quiet(command: Callable[[Monitor, Mapping[str, Any]], object]) -> Callable[[Monitor, list[str]], str]:
    """Return a QMP command without arguments as the human monitor has it: without a reply."""

    def run(monitor: Monitor, _words: list[str]) -> str:
        command(monitor, {})
        return ""

    return run


INFO: Final = "info [subcommand]"

TYPED: Final = (
    Typed(_quiet(state_commands.cont), "cont|c ", "resume emulation"),
    Typed(
        device_add, "device_add driver[,prop=value][,...]", "add device, like -device on the command line", (OPTIONS,)
    ),
    Typed(device_del, "device_del device", "remove device", (WORD,)),
    Typed(help_, "help|? [cmd]", "show the help", (OPTIONAL_REST,)),
    Typed(info, INFO, "show various information about the system state"),
    Typed(object_add, "object_add [qom-type=]type,id=str[,prop=value][,...]", "create QOM object", (REST,)),
    Typed(object_del, "object_del id", "destroy QOM object", (WORD,)),
    Typed(qom_get, "qom-get path property", "print QOM property", (WORD, WORD)),
    Typed(qom_list, "qom-list path", "list QOM properties", (OPTIONAL_WORD,)),
    Typed(_quiet(state_commands.quit_), "quit|q ", "quit the emulator"),
    Typed(_quiet(state_commands.stop), "stop|s ", "stop emulation"),
    Typed(_quiet(state_commands.system_powerdown), "system_powerdown ", "send system power down event"),
    Typed(_quiet(state_commands.system_reset), "system_reset ", "reset the system"),
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
