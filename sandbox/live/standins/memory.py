"""Guest memory that claims nothing of the host before it is used, and lies in no file of the user's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sandbox.errors import QemuError
from sandbox.live.prepared import PRIVATE
from sandbox.live.standins.run import changed
from sandbox.machine.backends import ANONYMOUS_ALIGNMENT
from sandbox.machine.memory_option import parse_memory
from sandbox.qapi.numbers import NumberError, read_size

if TYPE_CHECKING:
    from sandbox.live.standins.run import Run, Words
    from sandbox.live.standins.values import Value
    from sandbox.machine.arguments import Option

CLAIMS: Final = ("prealloc", "prealloc-threads", "prealloc-context", "host-nodes", "policy")
"""What makes a backend claim memory of the host, or a certain part of it; lists are written with an index."""

UNCLAIMED: Final = "no memory is claimed before it is used"
RAM: Final = "memory-backend-ram"
FILE: Final = "memory-backend-file"
READ_ONLY: Final = "read-only.mem"


def memory_backend(run: Run, option: Option, value: Value) -> Words | None:
    """Return a memory backend that claims nothing; one in a file gets a file of the test run's.

    The alignment that a backend has by its kind stays: where memory modules go depends on it.
    """
    kept = value.filtered(lambda name: name.partition(".")[0] not in CLAIMS)
    what = UNCLAIMED
    typename = value.text_of("qom-type")
    if typename == "memory-backend-epc":
        kept, what = kept.with_(qom_type=RAM), f"ordinary memory takes its place, and {UNCLAIMED}"
    elif typename == FILE:
        kept, what = _in_file(run, kept), f"a file of the test run takes the place of its own, and {UNCLAIMED}"
    elif value.is_on("hugetlb"):
        kept, what = _on_small_pages(kept), f"small pages take the place of huge ones, and {UNCLAIMED}"
    kept = _unclaimed(run, kept)
    if kept == value:
        return None
    run.change(option, what)
    return changed(option, kept)


def _in_file(run: Run, value: Value) -> Value:
    """Return a backend in a new file, or where it is not to be written in an empty one: nobody reads beyond its end."""
    kept = value.without("pmem", "offset", "discard-data")
    if not value.is_on("readonly"):
        return kept.with_(mem_path=PRIVATE)
    run.files[READ_ONLY] = b""
    return kept.with_(mem_path=f"{PRIVATE}/{READ_ONLY}")


def _on_small_pages(value: Value) -> Value:
    """Return an anonymous file on huge pages as one on small pages; only a file with a name takes an alignment."""
    align = {"align": value.get("hugetlbsize")} if value.get("hugetlbsize") is not None else {}
    share = value.get("share", value.switch(on=True))
    kept = value.without("hugetlb", "hugetlbsize", "seal", "share")
    return kept.with_(qom_type=FILE, mem_path=PRIVATE, share=share, **align)


def _unclaimed(run: Run, value: Value) -> Value:
    """Return a backend for which the kernel makes no promise.

    Where QEMU cannot ask for that, a shared file does it: its pages are the file's.
    """
    if run.host.takes_unpromised():
        return value.with_(reserve=value.switch(on=False))
    most = run.host.largest_memory()
    if most is None or _size(value) <= most:
        return value
    if value.get("qom-type") == RAM:
        value = value.with_(qom_type=FILE, mem_path=PRIVATE, align=value.number(ANONYMOUS_ALIGNMENT))
    return value.with_(share=value.switch(on=True))


def _size(value: Value) -> int:
    given = value.get("size", 0)
    try:
        return given if isinstance(given, int) else read_size(str(given))
    except NumberError:
        return 0


def added_memory(run: Run) -> tuple[Words, Words]:
    """Return what is added where the machine's own memory is more than the host promises at once.

    The first words are for QEMU, the second for the machine that the run is to equal.
    """
    backends = (value for value in run.values("type", "numa") if value.get("memdev") is not None)
    if run.machine_value("memory-backend") or any(backends):
        return (), ()
    given: dict[str, int] = {}
    for value in run.values("size", "m"):
        try:
            given.update(parse_memory(value.pairs))
        except QemuError:
            return (), ()
    size, most = given.get("size", 0), run.host.largest_memory()
    if most is None or size <= most:
        return (), ()
    name = "mach-virt.ram" if run.target == "aarch64" else "pc.ram"
    run.changes.append(
        f"-object {RAM},id={name} is added: {size} bytes are more than the host promises at once, and as an object of "
        "its own the machine's memory is not claimed before it is used"
    )
    unclaimed = "reserve=off"
    if not run.host.takes_unpromised():
        unclaimed = f"mem-path={PRIVATE},align={ANONYMOUS_ALIGNMENT},share=on"
    typename = RAM if run.host.takes_unpromised() else FILE
    machine = ("-machine", f"memory-backend={name}")
    members = f"id={name},size={size}"
    return ("-object", f"{typename},{members},{unclaimed}", *machine), ("-object", f"{RAM},{members}", *machine)
