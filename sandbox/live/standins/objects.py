"""Objects that need the host: others with the same id take their places among ``/objects``.

The order of SRAT's entries follows from the ids and from when each object is made, not from their types. So what stands
in is made in the same phase: early, or late with the memory backends.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sandbox.live.standins.memory import memory_backend
from sandbox.live.standins.run import changed
from sandbox.live.standins.values import Value, read_value

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.live.standins.run import Rule, Run, Words
    from sandbox.machine.arguments import Option

EARLY: Final[Mapping[str, Any]] = {"qom-type": "rng-builtin"}
CREDENTIALS: Final[Mapping[str, Any]] = {"qom-type": "tls-creds-anon", "endpoint": "client"}
SECRET: Final[Mapping[str, Any]] = {"qom-type": "secret", "data": "stand-in"}
NO_CIPHER: Final[Mapping[str, Any]] = {"qom-type": "cryptodev-backend-builtin"}
LATE: Final[Mapping[str, Any]] = {"qom-type": "memory-backend-ram", "size": 4096}

STAND_INS: Final[Mapping[str, Mapping[str, Any]]] = {
    **dict.fromkeys(
        """
        authz-pam can-host-socketcan dbus-vmstate igvm-cfg input-barrier input-linux
        pr-manager-helper sev-guest sev-snp-guest tdx-guest arm-rme-guest x-remote-object
        """.split(),
        EARLY,
    ),
    **dict.fromkeys(("tls-creds-x509", "tls-creds-psk"), CREDENTIALS),
    "secret_keyring": SECRET,
    "cryptodev-backend-lkcf": NO_CIPHER,
    **dict.fromkeys(("cryptodev-vhost-user", "filter-dump", "x-vfio-user-server"), LATE),
}
"""What takes the place of a type that needs the host."""

UNUSABLE: Final = frozenset({"cryptodev-vhost-user"})
"""Types whose stand-ins cannot serve the devices that refer to them."""

ENTROPY: Final = ("/dev/urandom", "/dev/random")
IOMMU: Final = "/dev/iommu"


def unusable_objects(run: Run) -> frozenset[str]:
    """Return the ids of objects that devices cannot use any more."""
    return frozenset(value.text_of("id") for value in run.objects if value.get("qom-type") in UNUSABLE)


def _object(run: Run, option: Option) -> Words | None:
    value = read_value(option.value or "", "qom-type")
    typename = value.text_of("qom-type")
    stand_in = STAND_INS.get(typename)
    if typename == "secret" and (value.get("file") is not None or value.get("keyid") is not None):
        stand_in = SECRET
    source = value.text_of("filename") or ENTROPY[0]
    if typename == "rng-random" and not (source in ENTROPY and run.host.exists(source)):
        stand_in = EARLY
    if typename == "iommufd" and not run.host.exists(IOMMU):
        stand_in = EARLY
    if stand_in is CREDENTIALS and value.get("dir") is None:
        stand_in = None  # QEMU refuses these before it looks for their files
    if stand_in is not None and value.get("id") is not None:
        run.change(option, f"an object of type {stand_in['qom-type']} takes its place, since it needs the host")
        return changed(option, _made(value, stand_in))
    if typename == "iommufd" and value.get("fd") is not None:
        run.change(option, "fd left out: the file descriptor is not there in a test run")
        return changed(option, value.without("fd"))
    if typename == "thread-context":
        return _unbound(run, option, value)
    if typename.startswith("memory-backend-"):
        return memory_backend(run, option, value)
    return None


def _made(value: Value, stand_in: Mapping[str, Any]) -> Value:
    """Return an object of another type with the same id, written in the same way."""
    made = {**stand_in, "id": value.get("id")}
    pairs = ((name, given if value.is_json else str(given)) for name, given in made.items())
    return Value(tuple(pairs), value.implied, value.is_json)


def _unbound(run: Run, option: Option, value: Value) -> Words | None:
    kept = value.without("cpu-affinity", "node-affinity")
    if kept == value:
        return None
    run.change(option, "it is bound to no processors of the host")
    return changed(option, kept)


RULES: Final[Mapping[str, Rule]] = {"object": _object}
