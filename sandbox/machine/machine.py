"""The fake machine: made from a configuration, changed by commands, read by firmware after each reset."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sandbox.errors import InputError, MachineExit, QemuError
from sandbox.machine.devices import DeviceBay
from sandbox.machine.event_device import check_error_records
from sandbox.machine.startup import start_up
from sandbox.machine.tables import TableParts, Tables
from sandbox.qom.user_creatable import object_add, object_del

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.machine.board import Board
    from sandbox.machine.config import MachineConfig
    from sandbox.machine.dimms import Dimm
    from sandbox.machine.hotplug import Departure, Hotplug
    from sandbox.qom.objects import QomObject
    from sandbox.qom.tree import ObjectTree
    from sandbox.qom.types import TypeRegistry

FIRMWARE: Final = ("none", "enumerated")


class Machine:
    """A machine of QEMU's as far as its NUMA tables go.

    Args:
        config: what the command line asks for.
        firmware: ``enumerated``: PCI buses have the numbers that firmware gives them before it reads the tables;
            ``none``: the tables are as QEMU makes them before firmware runs, with bus 0 behind bridges.

    Attributes:
        config: what the command line asks for.
        firmware: whether buses have the numbers that firmware gives them.
        schema: the QAPI types of the objects that can be made.
        tree: the composition tree.
        stderr: what QEMU would have written to stderr so far, line by line.
        status: ``running``, ``paused``, ``prelaunch`` under ``-S``, or ``shutdown`` where it halted instead of ending.
        ended_by_itself: whether a reset has ended it, under ``-no-reboot``.
        board: CPUs, memory and nodes.
        bay: the devices.

    Raises:
        MachineExit: QEMU would end while it starts.
        UnmodelledError: QEMU has what is asked for, but the sandbox does not.
    """

    def __init__(self, config: MachineConfig, firmware: str = "enumerated") -> None:
        if firmware not in FIRMWARE:
            raise InputError(f"firmware is '{firmware}'; it can be: {', '.join(FIRMWARE)}")
        self.config = config
        self.firmware = firmware
        self.schema = config.schema
        self.ended_by_itself = False
        self.status = "prelaunch" if config.paused else "running"
        board = start_up(config)
        self.tree: ObjectTree = board.tree
        self.stderr = board.notices
        self.board: Board = board
        self.bay = DeviceBay(board, config)
        self.bay.plug_all()
        if firmware == "enumerated":
            self.bay.enumerate_buses()
        self._hotplug: Hotplug | None = None
        self._parts = TableParts.of(board, self.bay.dimms(), config.dialect, config.program)
        self._parts.build(self.tree.root)
        check_error_records(board, config)
        self._tables: Tables | None = None

    @property
    def registry(self) -> TypeRegistry:
        """The QOM types."""
        return self.tree.registry

    @property
    def asks_objects(self) -> bool:
        """Whether it makes an SRAT and asks its objects for entries."""
        return self._parts.srat is not None and self._parts.srat.takes_contributions

    @property
    def is_x86(self) -> bool:
        """Whether it is a PC, of either chipset."""
        return self.board.type.is_x86

    @property
    def ram(self) -> tuple[tuple[int, int], ...]:
        """Where RAM lies: address and bytes of each range, memory devices left out."""
        return self.board.ram

    def dimms(self) -> tuple[Dimm, ...]:
        """Return the memory modules in QEMU's walking order."""
        return self.bay.dimms()

    def tables(self) -> Tables:
        """Return the tables as firmware reads them: made at the first call after a reset, kept until the next.

        Raises:
            MachineExit: an object holds a value with which QEMU ends when it makes the tables.
        """
        if self._tables is None:
            self._tables = self._parts.build(self.tree.root)
        return self._tables

    @property
    def awaits_firmware(self) -> bool:
        """Whether the machine runs and firmware has not read the tables since the last reset."""
        return self._tables is None and self.status == "running"

    def tables_in_prospect(self) -> Tables:
        """Return the tables as firmware would read them now; this is no reading, so that later changes still count.

        Raises:
            MachineExit: as :meth:`tables`.
        """
        return self._tables or self._parts.build(self.tree.root)

    def reset(self) -> tuple[Departure, ...]:
        """Reset the machine: the tables are made anew when they are read next; return the devices that go with it.

        A machine that does not run is as before its start then. Under ``-no-reboot`` it is shut down instead.

        Raises:
            MachineExit: it is shut down, and that ends it.
        """
        if self.config.ends_at_reset:
            self.shut_down()
            return ()
        self._tables = None
        if self.status == "paused":
            self.status = "prelaunch"
        if self._hotplug is None:
            return ()
        gone = self._hotplug.reset()
        if self.firmware == "enumerated":
            self.bay.enumerate_buses()
        return gone

    def shut_down(self) -> bool:
        """Let the machine end by itself; return whether it was running and only halts, as ``-no-shutdown`` wants.

        Raises:
            MachineExit: it ends, with status 0.
        """
        if not self.config.halts_at_end:
            self.ended_by_itself = True
            raise MachineExit("", status=0)
        if self.status != "running":
            return False
        self.status = "shutdown"
        return True

    def stop(self) -> bool:
        """Pause the machine; return whether it was running."""
        if self.status != "running":
            return False
        self.status = "paused"
        return True

    def cont(self) -> bool:
        """Let the machine run; return whether it was not running.

        Raises:
            QemuError: it has been shut down.
        """
        if self.status == "shutdown":
            raise QemuError("Resetting the Virtual Machine is required")
        if self.status == "running":
            return False
        self.status = "running"
        return True

    def learn_type(self, typename: str) -> bool:
        """Take in an installed type of the user's own; return whether there is one of that name."""
        from qom_types.plugins import extended, find_plugin

        plugin = find_plugin(typename)
        if plugin is None:
            return False
        self.schema = extended(self.schema, plugin)
        self.registry.register(plugin.info)
        return True

    def object_add(self, options: Mapping[str, Any]) -> QomObject:
        """Make an object from visited members, ``qom-type`` and ``id`` among them.

        Raises:
            QemuError: QEMU refuses the object.
            MachineExit: a member's value ends QEMU.
        """
        members = dict(options)
        typename, object_id = members.pop("qom-type"), members.pop("id")
        return object_add(
            self.tree, typename, object_id, members, failure_may_resize=self.config.dialect.failure_may_resize
        )

    def object_del(self, object_id: str) -> None:
        """Remove an object.

        Raises:
            QemuError: there is none of that id, or it is in use.
        """
        object_del(self.tree, object_id, gives_reasons=self.config.dialect.deletions_give_reasons)

    def device_of_id(self, name: str) -> QomObject | None:
        """Return what an id of a device, a path from where those are, or a full path names; None: nothing."""
        return self.tree.resolve(name if name.startswith("/") else f"/machine/peripheral/{name}")

    def device_add(self, arguments: Mapping[str, Any], *, from_json: bool = True) -> None:
        """Plug in a device, from the members that ``device_add`` was given.

        Raises:
            QemuError: QEMU refuses it.
            UnmodelledError: QEMU may take it, and the sandbox does not model it.
        """
        if self._plugs().add(arguments, from_json=from_json):
            self._parts = TableParts.of(self.board, self.bay.dimms(), self.config.dialect, self.config.program)

    def unplug(self, device: QomObject) -> tuple[Departure, ...]:
        """Ask for the removal of a device; return what is gone at once: the rest waits for a guest, or for a reset.

        Raises:
            QemuError: the device or its bus does not take that.
            UnmodelledError: QEMU may do it, and the sandbox does not model it.
        """
        return self._plugs().request_removal(device, running=self.status == "running")

    def _plugs(self) -> Hotplug:
        if self._hotplug is None:
            from sandbox.machine.hotplug import Hotplug

            self._hotplug = Hotplug(self.bay)
        return self._hotplug
