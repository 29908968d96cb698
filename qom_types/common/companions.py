"""Objects that users put beside Generic Initiators; each takes a bucket of ``/objects``, which is why they are here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

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


class PlainBackend(QomObject):
    """An object whose values nobody here reads: it matters because it takes a place in ``/objects``."""

    __slots__ = ("values",)

    def __init__(self, tree: ObjectTree, info: TypeInfo) -> None:
        super().__init__(tree, info)
        self.values: dict[str, object] = {}


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


def _kept(name: str, type_: str, visits: str) -> Property:
    """Return a write-only property of a :class:`PlainBackend`."""

    def set_(obj: PlainBackend, value: object) -> None:
        obj.values[name] = value

    return Property(name, type_, visits, None, set_)


def _plain(name: str, parent: str, *properties: tuple[str, str, str]) -> TypeInfo:
    """Return a user-creatable type that only keeps what it is given."""
    declared = tuple(_kept(*described) for described in properties)
    return TypeInfo(name, parent, interfaces=(USER_CREATABLE,), properties=declared, instance_class=PlainBackend)


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
            _kept("cpu-affinity", "int", "any"),
            _kept("node-affinity", "int", "any"),
        ),
        instance_class=PlainBackend,
    ),
)

RANDOMNESS: Final = (
    TypeInfo(
        "rng-backend",
        abstract=True,
        interfaces=(USER_CREATABLE,),
        properties=(_kept("opened", "bool", "bool"),),
        instance_class=PlainBackend,
    ),
    TypeInfo("rng-builtin", "rng-backend"),
    TypeInfo("rng-egd", "rng-backend", properties=(_kept("chardev", "string", "str"),)),
    TypeInfo("rng-random", "rng-backend", properties=(_kept("filename", "string", "str"),)),
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

_TLS: Final = (
    ("verify-peer", "bool", "bool"),
    ("dir", "string", "str"),
    ("endpoint", "QCryptoTLSCredsEndpoint", "str"),
    ("priority", "string", "str"),
)

OTHERS: Final = (
    _plain("authz-simple", "object", ("identity", "string", "str")),
    TypeInfo("can-bus", interfaces=(USER_CREATABLE,), instance_class=CanBus),
    _plain(
        "cryptodev-backend-builtin",
        "object",
        ("queues", "uint32", "uint32"),
        ("throttle-bps", "uint64", "uint64"),
        ("throttle-ops", "uint64", "uint64"),
    ),
    _plain("iommufd", "object", ("fd", "string", "str")),
    _plain("tls-creds", "object", *_TLS),
    TypeInfo("tls-creds-anon", "tls-creds"),
    TypeInfo("tls-creds-psk", "tls-creds", properties=(_kept("username", "string", "str"),)),
    TypeInfo(
        "tls-creds-x509",
        "tls-creds",
        properties=(_kept("sanity-check", "bool", "bool"), _kept("passwordid", "string", "str")),
    ),
)

COMPANIONS: Final = (*THREADS, *RANDOMNESS, *SECRETS, *OTHERS)
