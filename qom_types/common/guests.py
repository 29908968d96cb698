"""Confidential guests of x86: AMD's SEV and SEV-SNP, Intel's TDX. Whether the host can do it is taken as given.

Source: QEMU 10.0 and 11.1 behaviour.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from qom_types.common.plain import PlainBackend, kept, plain
from sandbox.errors import QemuError
from sandbox.qom.properties import Property
from sandbox.qom.types import TypeInfo

if TYPE_CHECKING:
    from qom_types.common.plain import Check
    from sandbox.qom.tree import ObjectTree

BASE64: Final = re.compile(r"[A-Za-z0-9+/=\n]*")

SNP_POLICY: Final = 0x30000
TDX_ATTRIBUTES: Final = 1 << 28
"""The bit that keeps the guest from being told of some page faults: ``sept-ve-disable``."""


class EncryptedGuest(PlainBackend):
    """A guest whose memory AMD's processors encrypt; some of its properties belong to the object, not to the type."""

    __slots__ = ()

    def __init__(self, tree: ObjectTree, info: TypeInfo) -> None:
        super().__init__(tree, info)
        for declared in SHARED_NUMBERS + (SEV_NUMBERS if info.name == "sev-guest" else ()):
            self.instance.insert(declared.name, declared)


class TrustDomain(PlainBackend):
    """A guest under TDX."""

    __slots__ = ()

    @property
    def attributes(self) -> int:
        """The attributes' bits."""
        value = self.values.get("attributes", TDX_ATTRIBUTES)
        return value if isinstance(value, int) else 0


def decoded_length(text: str) -> int:
    """Return the number of bytes that base64 text stands for; what is short of four characters counts nothing.

    Raises:
        QemuError: it has other characters.
    """
    if not BASE64.fullmatch(text):
        raise QemuError("Base64 data contains invalid characters")
    digits = text.replace("\n", "")
    whole = digits[: len(digits) // 4 * 4]
    return len(whole) // 4 * 3 - min(whole[-2:].count("="), 2)


def _of_length(length: int) -> Check:
    """Return the check of a base64 value of exactly that many bytes."""

    def check(_obj: PlainBackend, value: str) -> None:
        found = decoded_length(value)
        if found != length:
            raise QemuError(f"parameter length of {found} not equal to {length}")

    return check


def _up_to(length: int, called: str = " of") -> Check:
    """Return the check of a base64 value of at most that many bytes; messages call its length so."""

    def check(_obj: PlainBackend, value: str) -> None:
        found = decoded_length(value)
        if found > length:
            raise QemuError(f"parameter length{called} {found} exceeds max of {length}")

    return check


def _set_attributes(obj: TrustDomain, value: int) -> None:
    obj.values["attributes"] = value


def _keep_silent(obj: TrustDomain, value: bool) -> None:
    others = obj.attributes & ~TDX_ATTRIBUTES
    obj.values["attributes"] = others | (TDX_ATTRIBUTES if value else 0)


def _read_socket(obj: TrustDomain) -> object:
    if "quote-generation-socket" not in obj.values:
        raise QemuError("quote-generation-socket is not set")
    return obj.values["quote-generation-socket"]


def _set_socket(obj: TrustDomain, value: object) -> None:
    obj.values["quote-generation-socket"] = value


SHARED_NUMBERS: Final = tuple(kept(name, "uint32", "uint32", 0) for name in ("cbitpos", "reduced-phys-bits"))
SEV_NUMBERS: Final = (kept("handle", "uint32", "uint32", 0), kept("policy", "uint32", "uint32", 1))

_OLDER_KERNELS: Final = "use legacy VM type to maintain measurement compatibility with older QEMU or kernel versions."

TYPES: Final = (
    TypeInfo("confidential-guest-support", abstract=True),
    TypeInfo("x86-confidential-guest", "confidential-guest-support", abstract=True),
    TypeInfo(
        "sev-common",
        "x86-confidential-guest",
        abstract=True,
        interfaces=("user-creatable",),
        instance_class=EncryptedGuest,
        properties=(
            kept("sev-device", "string", "str", "/dev/sev", description="SEV device to use"),
            kept(
                "kernel-hashes",
                "bool",
                "bool",
                default=False,
                description="add kernel hashes to guest firmware for measured Linux boot",
            ),
        ),
    ),
    plain(
        "sev-guest",
        "sev-common",
        kept("dh-cert-file", "string", "str", description="guest owners DH certificate (encoded with base64)"),
        kept("session-file", "string", "str", description="guest owners session parameters (encoded with base64)"),
        kept("legacy-vm-type", "OnOffAuto", "OnOffAuto", "auto", description=_OLDER_KERNELS),
    ),
    plain(
        "sev-snp-guest",
        "sev-common",
        kept("policy", "uint64", "uint64", SNP_POLICY),
        kept("guest-visible-workarounds", "string", "str", check=_up_to(16)),
        kept("id-block", "string", "str", check=_of_length(96)),
        kept("id-auth", "string", "str", check=_up_to(4096, ":ID_AUTH")),
        kept("author-key-enabled", "bool", "bool", default=False),
        kept("vcek-disabled", "bool", "bool", default=False),
        kept("host-data", "string", "str", check=_of_length(32)),
    ),
    plain(
        "tdx-guest",
        "x86-confidential-guest",
        Property("attributes", "uint64", "uint64", lambda obj: obj.attributes, _set_attributes),
        Property("sept-ve-disable", "bool", "bool", lambda obj: bool(obj.attributes & TDX_ATTRIBUTES), _keep_silent),
        kept("mrconfigid", "string", "str"),
        kept("mrowner", "string", "str"),
        kept("mrownerconfig", "string", "str"),
        Property("quote-generation-socket", "SocketAddress", "SocketAddress", _read_socket, _set_socket),
        instance_class=TrustDomain,
    ),
)
