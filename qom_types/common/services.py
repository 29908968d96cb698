"""Objects through which QEMU reaches services of its host: who may do what, ciphers, keyboards, disks, buses.

Files, sockets, devices and keys of the host are taken to be there.

Source: QEMU 10.0 behaviour.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from qom_types.common.companions import EventLoop, Secret
from qom_types.common.plain import PlainBackend, check_chardev, kept, not_zero, plain
from qom_types.common.throttling import check_rate
from qom_types.contract import backends_of
from sandbox.errors import QemuError
from sandbox.qom.properties import Property, attribute
from sandbox.qom.tree import AmbiguousPathError
from sandbox.qom.types import USER_CREATABLE, TypeInfo

if TYPE_CHECKING:
    from qom_types.common.plain import Check
    from sandbox.qom.objects import QomObject
    from sandbox.qom.tree import ObjectTree

LARGEST_SCREEN: Final = 32767


class Credentials(PlainBackend):
    """TLS credentials; their files are taken to be there."""

    __slots__ = ()


class StoredCredentials(Credentials):
    """TLS credentials that cannot do without files."""

    __slots__ = ()

    def complete(self) -> None:
        """Check what can be checked without the host."""
        self.check_folder()

    def check_folder(self) -> None:
        """Check that it is said where the files are."""
        if "dir" not in self.values:
            raise QemuError("Missing 'dir' property value")


class SharedKey(StoredCredentials):
    """A key that both sides have; only a client says who it is."""

    __slots__ = ()

    def complete(self) -> None:
        """Check that a server has no name."""
        if self.values.get("endpoint") == "server" and "username" in self.values:
            raise QemuError("username should not be set when endpoint=server")
        super().complete()


class NewerSharedKey(SharedKey):
    """A key that both sides have, in QEMU 11.1: the place of its file is looked for first."""

    __slots__ = ()

    def complete(self) -> None:
        """Check that a server has no name."""
        self.check_folder()
        super().complete()


class CipherSuites(Credentials):
    """The ciphers that firmware may use."""

    __slots__ = ()

    def complete(self) -> None:
        """Check that ciphers are given."""
        if "priority" not in self.values:
            raise QemuError("'priority' property is not set")


class Keyring(Secret):
    """A secret in the kernel's keyring."""

    __slots__ = ("serial",)

    def __init__(self, tree: ObjectTree, info: TypeInfo) -> None:
        super().__init__(tree, info)
        self.serial = 0

    def complete(self) -> None:
        """Check that the key has a number."""
        if self.serial == 0:
            raise QemuError("'serial' should not be equal to 0")


class MainLoop(EventLoop):
    """The properties of the main loop; QEMU takes one such object and never lets it go."""

    __slots__ = ()

    def complete(self) -> None:
        """Check that it is the only one."""
        super().complete()
        others = (found for found in self.tree.objects.children() if found is not self)
        if any(isinstance(found, MainLoop) for found in others):
            raise QemuError("only one main-loop instance allowed")

    def before_delete(self) -> bool:
        """Refuse always."""
        return False

    def reason_to_stay(self) -> str:
        """Say so."""
        return f"Deleting main loop '{self.name}' is not supported"


class Cryptography(PlainBackend):
    """A provider of cryptography for virtio-crypto."""

    __slots__ = ()

    chardev_members = ("chardev",)

    def complete(self) -> None:
        """Check limits and queues."""
        for name in ("throttle-bps", "throttle-ops"):
            rate = self.values.get(name, 0)
            if isinstance(rate, int):
                check_rate(rate)
        if self.info.name == "cryptodev-backend-builtin" and self.values.get("queues", 1) != 1:
            raise QemuError("Only support one queue in cryptdov-builtin backend")
        if self.info.name == "cryptodev-vhost-user":
            check_chardev(self, str(self.values["chardev"]))


class TestBackend(PlainBackend):
    """QEMU's protocol for device tests on a character device, of which there can be one."""

    __slots__ = ()

    chardev_members = ("chardev",)

    def complete(self) -> None:
        """Check that it is the only one and look up the character device."""
        if any(isinstance(found, TestBackend) and found is not self for found in self.tree.objects.children()):
            raise QemuError("Only one instance of qtest can be created")
        name = self.values["chardev"]
        if not backends_of(self).has_chardev(str(name)):
            raise QemuError(f"Cannot find character device '{name}'")


class SocketCan(PlainBackend):
    """A CAN interface of the host on a CAN bus."""

    __slots__ = ("bus",)

    def __init__(self, tree: ObjectTree, info: TypeInfo) -> None:
        super().__init__(tree, info)
        self.bus: QomObject | None = None


def _connect(obj: SocketCan, path: str) -> None:
    """Look up the bus.

    Raises:
        QemuError: there is none at that path, or more than one.
    """
    try:
        obj.bus = obj.tree.resolve(path, "can-bus")
    except AmbiguousPathError as error:
        raise QemuError(f"Path '{path}' does not uniquely identify an object") from error
    if obj.bus is None:
        if obj.tree.resolve_quietly(path, "object") is None:
            raise QemuError(f"Device '{path}' not found", "DeviceNotFound")
        raise QemuError("Invalid parameter type for 'canbus', expected: can-bus")


def _on_screen(name: str) -> Check:
    """Return the check of a coordinate, which comes as text."""

    def check(_obj: PlainBackend, value: str) -> None:
        if not value.isdecimal() or int(value) > LARGEST_SCREEN:
            raise QemuError(f"{name} property must be in the range [0..{LARGEST_SCREEN}]")

    return check


AUTHORIZATION: Final = (
    TypeInfo("authz", abstract=True, interfaces=(USER_CREATABLE,), instance_class=PlainBackend),
    plain(
        "authz-list",
        "authz",
        kept("policy", "QAuthZListPolicy", "QAuthZListPolicy", "deny"),
        kept("rules", "QAuthZListRule", "any", []),
    ),
    plain("authz-simple", "authz", kept("identity", "string", "str")),
)

ENCRYPTION: Final = (
    TypeInfo(
        "tls-creds",
        abstract=True,
        interfaces=(USER_CREATABLE,),
        instance_class=Credentials,
        properties=(
            kept("verify-peer", "bool", "bool", default=True),
            kept("dir", "string", "str"),
            kept("endpoint", "QCryptoTLSCredsEndpoint", "QCryptoTLSCredsEndpoint", "client"),
            kept("priority", "string", "str"),
        ),
    ),
    plain("tls-creds-anon", "tls-creds", instance_class=Credentials),
    plain("tls-creds-psk", "tls-creds", kept("username", "string", "str"), instance_class=SharedKey),
    plain(
        "tls-creds-x509",
        "tls-creds",
        kept("sanity-check", "bool", "bool", default=True),
        kept("passwordid", "string", "str"),
        instance_class=StoredCredentials,
    ),
    plain("tls-cipher-suites", "tls-creds", instance_class=CipherSuites),
    plain("secret_keyring", "secret_common", attribute("serial", "int32_t", "int32"), instance_class=Keyring),
)

CRYPTOGRAPHY: Final = (
    plain(
        "cryptodev-backend",
        "object",
        kept("queues", "uint32", "uint32", 1, check=not_zero("queues")),
        kept("throttle-bps", "uint64", "uint64", 0),
        kept("throttle-ops", "uint64", "uint64", 0),
        instance_class=Cryptography,
    ),
    TypeInfo("cryptodev-backend-builtin", "cryptodev-backend"),
    TypeInfo("cryptodev-vhost-user", "cryptodev-backend", properties=(kept("chardev", "string", "str"),)),
)

INPUT: Final = (
    plain(
        "input-linux",
        "object",
        kept("evdev", "string", "str"),
        kept("grab_all", "bool", "bool", default=False),
        kept("repeat", "bool", "bool", default=False),
        kept("grab-toggle", "GrabToggleKeys", "GrabToggleKeys", "ctrl-ctrl"),
    ),
    plain(
        "input-barrier",
        "object",
        kept("name", "string", "str"),
        kept("server", "string", "str", "localhost"),
        kept("port", "string", "str", "24800"),
        kept("x-origin", "string", "str", "0", check=_on_screen("x-origin")),
        kept("y-origin", "string", "str", "0", check=_on_screen("y-origin")),
        kept("width", "string", "str", "1920", check=_on_screen("width")),
        kept("height", "string", "str", "1080", check=_on_screen("height")),
    ),
)

OTHERS: Final = (
    TypeInfo("main-loop", "event-loop-base", instance_class=MainLoop),
    TypeInfo("pr-manager", abstract=True, interfaces=(USER_CREATABLE,), instance_class=PlainBackend),
    plain("pr-manager-helper", "pr-manager", kept("path", "string", "str")),
    plain("dbus-vmstate", "object", kept("addr", "string", "str"), kept("id-list", "string", "str")),
    plain(
        "qtest", "object", kept("chardev", "string", "str"), kept("log", "string", "str"), instance_class=TestBackend
    ),
    TypeInfo(
        "can-host",
        abstract=True,
        interfaces=(USER_CREATABLE,),
        instance_class=SocketCan,
        properties=(
            Property(
                "canbus", "link<can-bus>", "str", lambda obj: obj.bus.path if obj.bus is not None else "", _connect
            ),
        ),
    ),
    plain("can-host-socketcan", "can-host", kept("if", "string", "str"), instance_class=SocketCan),
)

TYPES: Final = (*AUTHORIZATION, *ENCRYPTION, *CRYPTOGRAPHY, *INPUT, *OTHERS)
