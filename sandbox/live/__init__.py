"""Live QEMUs: start one, speak QMP to it, read the tables that its guest would find.

The simplest use::

    from sandbox.live import dump

    result = dump(["qemu-system-x86_64"], ["-M", "q35", "-m", "1G", "-numa", "node"])
    result.tables.srat

The library ``qemu.qmp`` and an event loop are loaded when the first QEMU is started, not before.
"""

from sandbox.live.attach import AttachedVm, attach
from sandbox.live.dump import LiveResult, dump, run_history
from sandbox.live.endpoints import SocketRoot
from sandbox.live.errors import ConnectionLost, LiveError, LiveExit, LiveTimeout
from sandbox.live.firmware import FirmwareTables
from sandbox.live.qmp import LiveReply
from sandbox.live.ram import RamMap, ram_of_machine, ram_of_words
from sandbox.live.session import Limits, LiveSession
from sandbox.live.start import launch, start
from sandbox.live.tables import LiveTables, read_all_tables, read_tables
from sandbox.live.version import qemu_version

__all__ = [
    "AttachedVm",
    "ConnectionLost",
    "FirmwareTables",
    "Limits",
    "LiveError",
    "LiveExit",
    "LiveReply",
    "LiveResult",
    "LiveSession",
    "LiveTables",
    "LiveTimeout",
    "RamMap",
    "SocketRoot",
    "attach",
    "dump",
    "launch",
    "qemu_version",
    "ram_of_machine",
    "ram_of_words",
    "read_all_tables",
    "read_tables",
    "run_history",
    "start",
]
