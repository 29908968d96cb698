"""Objects that users put beside Generic Initiators; each takes a bucket of ``/objects``, which is why they are here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from qom_types.common.plain import PlainBackend, check_chardev, kept, plain
from sandbox.errors import QemuError
from sandbox.qom.objects import QomObject
from sandbox.qom.properties import Property, attribute
from sandbox.qom.types import USER_CREATABLE, TypeInfo

if TYPE_CHECKING:
    from sandbox.qom.tree import ObjectTree

INT64_MAX: Final = 2**63 - 1

NO_THREAD: Final = 0
"""The id of a thread that the sandbox does not have."""


class Secret(QomObject):
    """A secret; exactly one of ``data`` and ``file`` gives it."""

    __slots__ = ("data", "file", "format", "iv", "keyid")

    def __init__(self, tree: ObjectTree, info: TypeInfo) -> None:
        super().__init__(tree, info)
        self.data: str | None = None
        self.file: str | None = None
        self.format = "raw"
        self.keyid = self.iv = ""

    def complete(self) -> None:
        """Check that exactly one source is given."""
        if self.data is None and self.file is None:
            raise QemuError("Either 'file' or 'data' must be provided")
        if self.data is not None and self.file is not None:
            raise QemuError("'file' and 'data' are mutually exclusive")


class EventLoop(QomObject):
    """An event loop with a thread pool; for an iothread also the times of its polling, in nanoseconds."""

    __slots__ = (
        "aio_max_batch", "poll_grow", "poll_max_ns", "poll_shrink", "poll_weight", "thread_pool_max", "thread_pool_min",
    )  # fmt: skip

    def __init__(self, tree: ObjectTree, info: TypeInfo) -> None:
        super().__init__(tree, info)
        self.aio_max_batch = 0
        self.thread_pool_min = 0
        self.thread_pool_max = 64
        self.poll_max_ns = 32768
        self.poll_grow = self.poll_shrink = self.poll_weight = 0

    def complete(self) -> None:
        """Check the bounds of the thread pool."""
        if self.thread_pool_min > self.thread_pool_max:
            raise QemuError("bad thread-pool-min/thread-pool-max values")


class NewerEventLoop(EventLoop):
    """An event loop of QEMU 11.1, for which 0 means what is usual."""

    __slots__ = ()

    def complete(self) -> None:
        """Check the bounds of the thread pool and settle what is left open."""
        super().complete()
        self.poll_grow = self.poll_grow or 2
        self.poll_shrink = self.poll_shrink or 2
        self.poll_weight = self.poll_weight or 3


class EntropyDaemon(PlainBackend):
    """Randomness from a daemon behind a character device."""

    __slots__ = ()

    chardev_members = ("chardev",)

    def complete(self) -> None:
        """Look up the character device."""
        check_chardev(self, str(self.values["chardev"]))


class CanBus(PlainBackend):
    """A CAN bus, which QEMU never lets go."""

    __slots__ = ()

    def before_delete(self) -> bool:
        """Refuse always."""
        return False

    def reason_to_stay(self) -> str:
        """Say so."""
        return f"Deleting CAN bus device '{self.name}' is not supported"


def _in_range(name: str) -> Property:
    """Return an int64 property that refuses negative values."""
    base = attribute(name, "int")
    store = base.set

    def set_(obj: QomObject, value: int) -> None:
        if value < 0:
            raise QemuError(f"{name} value must be in range [0, {INT64_MAX}]")
        if store is not None:
            store(obj, value)

    return Property(name, "int", "int", base.get, set_)


THREADS: Final = (
    TypeInfo(
        "event-loop-base",
        abstract=True,
        interfaces=(USER_CREATABLE,),
        instance_class=EventLoop,
        properties=tuple(_in_range(name) for name in ("aio-max-batch", "thread-pool-min", "thread-pool-max")),
    ),
    TypeInfo(
        "iothread",
        "event-loop-base",
        properties=tuple(_in_range(name) for name in ("poll-max-ns", "poll-grow", "poll-shrink", "poll-weight")),
    ),
    TypeInfo(
        "thread-context",
        interfaces=(USER_CREATABLE,),
        properties=(
            Property("thread-id", "int", "any", get=lambda _: NO_THREAD),
            kept("cpu-affinity", "int", "any", readable=False),
            kept("node-affinity", "int", "any", readable=False),
        ),
        instance_class=PlainBackend,
    ),
)

RANDOMNESS: Final = (
    TypeInfo(
        "rng-backend",
        abstract=True,
        interfaces=(USER_CREATABLE,),
        properties=(Property("opened", "bool", "bool", get=lambda _: True),),
        instance_class=PlainBackend,
    ),
    TypeInfo("rng-builtin", "rng-backend"),
    TypeInfo(
        "rng-egd",
        "rng-backend",
        properties=(kept("chardev", "string", "str"),),
        instance_class=EntropyDaemon,
    ),
    TypeInfo("rng-random", "rng-backend", properties=(kept("filename", "string", "str", "/dev/urandom"),)),
)

SECRETS: Final = (
    TypeInfo(
        "secret_common",
        abstract=True,
        interfaces=(USER_CREATABLE,),
        instance_class=Secret,
        properties=(
            attribute("format", "QCryptoSecretFormat", "str"),
            attribute("keyid", "string", "str"),
            attribute("iv", "string", "str"),
        ),
    ),
    TypeInfo(
        "secret",
        "secret_common",
        properties=(attribute("data", "string", "str"), attribute("file", "string", "str")),
    ),
)

OTHERS: Final = (
    TypeInfo("can-bus", interfaces=(USER_CREATABLE,), instance_class=CanBus),
    plain("iommufd", "object", kept("fd", "string", "str", readable=False)),
)

COMPANIONS: Final = (*THREADS, *RANDOMNESS, *SECRETS, *OTHERS)
