"""Objects beside initiators as users write them, well and badly, and how one is put to a QEMU or to the sandbox."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sandbox.app import Sandbox
from sandbox.errors import QemuError

if TYPE_CHECKING:
    from collections.abc import Callable

DATA = Path(__file__).parents[1] / "data" / "companions"

CHARDEVS = "-chardev null,id=c0 -chardev null,id=c1 -chardev null,id=c2"
BACKENDS = f"{CHARDEVS} -netdev hubport,id=n0,hubid=0 -netdev hubport,id=n1,hubid=1"
WORDS = shlex.split(
    f"-M q35 -m 128M -nodefaults {BACKENDS} -object iothread,id=t0 -object can-bus,id=b0 "
    "-object filter-mirror,id=f0,netdev=n1,outdev=c2"
)

CASES = """
throttle-group {}
throttle-group {"limits": {"iops-total": 10, "iops-total-max": 20, "iops-total-max-length": 3, "iops-size": 4096}}
throttle-group {"limits": {"iops-total": 10, "iops-read": 1}}
throttle-group {"limits": {"bps-total-max": 5}}
throttle-group {"limits": {"bps-write": 10, "bps-write-max": 5}}
throttle-group {"limits": {"iops-size": 5}}
throttle-group {"limits": {"iops-total": -1}}
throttle-group {"limits": {"iops-total": 1000000000000001}}
throttle-group {"limits": {"iops-total-max-length": 0}}
throttle-group {"limits": {"iops-total": 5, "iops-total-max-length": 2}}
throttle-group {"limits": {"iops-total": 5, "iops-total-max": 1000000000000000, "iops-total-max-length": 2}}
throttle-group {"limits": {"iops-total-max-length": 8589934592}}
throttle-group {"limits": {"foo": 5}}
throttle-group {"limits": "x"}
throttle-group {"limits": {"iops-total": "5"}}
throttle-group {"x-iops-total": 7, "limits": {"iops-total": 5}}
throttle-group {"x-iops-total": -5}
throttle-group {"x-iops-total-max-length": 0}
throttle-group {"x-iops-total-max-length": 8589934592}
throttle-group {"x-bps-read": 10, "x-bps-total": 3}
authz-list {}
authz-list {"policy": "allow", "rules": [{"match": "a*", "policy": "deny", "format": "glob"}]}
authz-list {"policy": "x"}
authz-list {"rules": [{"match": "a"}]}
authz-list {"rules": "x"}
authz-listfile {}
authz-listfile {"filename": "/x"}
authz-list-file {"filename": "/x"}
authz-simple {"identity": "x"}
can-host-socketcan {"if": "can0"}
can-host-socketcan {"if": "can0", "canbus": "zz"}
can-host-socketcan {"if": "can0", "canbus": "t0"}
cryptodev-backend {"throttle-bps": 5}
cryptodev-backend {"queues": 0}
cryptodev-backend {"queues": 8589934592}
cryptodev-backend-builtin {"throttle-ops": 2}
cryptodev-backend-builtin {"queues": 2}
cryptodev-backend-builtin {"queues": 2, "throttle-bps": -1}
cryptodev-vhost-user {"chardev": "c0", "queues": 2}
cryptodev-vhost-user {"chardev": "zz"}
cryptodev-vhost-user {"chardev": "c2"}
dbus-vmstate {"id-list": "x"}
filter-buffer {"netdev": "n0", "interval": 5}
filter-buffer {"netdev": "n0", "interval": 5, "status": "off", "position": "head", "insert": "before", "queue": "rx"}
filter-buffer {"netdev": "n0"}
filter-buffer {"netdev": "n0", "interval": 0}
filter-buffer {"netdev": "zz", "interval": 5}
filter-buffer {"netdev": "n0", "interval": 5, "status": "x"}
filter-buffer {"netdev": "n0", "interval": 0, "position": "x", "status": "x"}
filter-buffer {"netdev": "n0", "interval": 5, "position": "id=zz"}
filter-buffer {"netdev": "n0", "interval": 5, "insert": "x"}
filter-buffer {"netdev": "n0", "interval": 8589934592}
filter-mirror {"netdev": "n0", "outdev": "c0"}
filter-mirror {"netdev": "n0", "outdev": "zz"}
filter-mirror {"netdev": "zz", "outdev": "zz"}
filter-mirror {"netdev": "n0", "outdev": "c2"}
filter-mirror {"netdev": "n1", "outdev": "c0", "position": "id=f0"}
filter-mirror {"netdev": "n0", "outdev": "c0", "position": "id=f0"}
filter-redirector {"netdev": "n0", "indev": "c0", "outdev": "c1"}
filter-redirector {"netdev": "n0", "indev": "c2", "outdev": "c2"}
filter-redirector {"netdev": "n0", "outdev": "c2"}
filter-redirector {"netdev": "n0"}
filter-redirector {"netdev": "n0", "indev": "c0", "outdev": "c0"}
filter-redirector {"netdev": "n0", "indev": "zz"}
filter-redirector {"netdev": "n0", "outdev": "zz"}
filter-replay {"netdev": "n1"}
filter-rewriter {"netdev": "n1", "vnet_hdr_support": true}
filter-rewriter {"netdev": "n1", "vnet_hdr_support": "x"}
input-barrier {}
input-barrier {"name": "x", "width": "zz"}
input-linux {}
input-linux {"evdev": "/x", "grab-toggle": "x"}
input-linux {"evdev": "/x", "grab_all": 1}
main-loop {"aio-max-batch": -1}
main-loop {"thread-pool-min": 5, "thread-pool-max": 3}
pef-guest {}
s390-pv-guest {}
pr-manager-helper {}
secret_keyring {}
secret_keyring {"serial": 0}
secret_keyring {"serial": 8589934592}
secret_keyring {"serial": 5, "format": "x"}
sev-guest {}
sev-guest {"reduced-phys-bits": 1}
sev-guest {"reduced-phys-bits": 1, "cbitpos": 51, "policy": 3, "kernel-hashes": true, "legacy-vm-type": "on"}
sev-guest {"reduced-phys-bits": 1, "policy": 8589934592}
sev-guest {"reduced-phys-bits": 1, "legacy-vm-type": true}
sev-snp-guest {"reduced-phys-bits": 1, "cbitpos": 51, "policy": -1, "id-auth": "AAAA"}
sev-snp-guest {"reduced-phys-bits": 1, "id-block": "x"}
sev-snp-guest {"reduced-phys-bits": 1, "id-block": "!!"}
sev-snp-guest {"reduced-phys-bits": 1, "host-data": "AAAA"}
sev-snp-guest {"reduced-phys-bits": 1, "host-data": "AA=="}
sev-snp-guest {"reduced-phys-bits": 1, "guest-visible-workarounds": "AAAAAAAAAAAAAAAAAAAAAAAA"}
tdx-guest {}
tdx-guest {"attributes": 5}
tdx-guest {"sept-ve-disable": false, "attributes": 268435457}
tdx-guest {"mrconfigid": "x", "quote-generation-socket": {"type": "vsock", "cid": "1", "port": "5"}}
tdx-guest {"quote-generation-socket": {"type": "vsock", "cid": "1"}}
tls-cipher-suites {}
tls-cipher-suites {"priority": "@SYSTEM"}
tls-cipher-suites {"priority": "NORMAL", "endpoint": "x"}
tls-creds-anon {"endpoint": "server"}
tls-creds-psk {}
tls-creds-psk {"endpoint": "server", "username": "x"}
tls-creds-x509 {}
rng-egd {"chardev": "zz"}
rng-egd {"chardev": "c1"}
rng-egd {"chardev": "c2"}
rng-random {"opened": true}
rng-random {}
monitor-qmp {}
monitor-qmp {"chardev": "zz"}
monitor-qmp {"chardev": "c2"}
monitor-qmp {"chardev": "c1", "close-action": "delete"}
memory-backend-ram {"size": 0, "prealloc-threads": 0}
""".strip().splitlines()
"""A type and its members in JSON; none whose success depends on the host."""

TYPENAMES = sorted({case.partition(" ")[0] for case in CASES} - {"authz-list-file"})
"""Types whose properties are asked for; the one left out is not of QEMU's interface."""

ORDERS = {
    "confidential": (
        "-object sev-guest,id=sev0,reduced-phys-bits=1,cbitpos=51 -object tls-cipher-suites,id=tls0,priority=NORMAL "
        "-object throttle-group,id=limit0,x-iops-total=10 -object main-loop,id=loop0,aio-max-batch=4 "
        "-object authz-list,id=acl0 -object cryptodev-backend-builtin,id=crypt0"
    ),
    "late ones": (
        "-object filter-buffer,id=f0,netdev=n0,interval=5 -object thread-context,id=tc0 "
        "-object cryptodev-vhost-user,id=cv0,chardev=c1 -object filter-mirror,id=f1,netdev=n1,outdev=c2 "
        "-object throttle-group,id=limit0 -object filter-replay,id=f2,netdev=n0"
    ),
}
"""Objects of a machine, beside six initiators."""


def order_words(name: str) -> list[str]:
    """The arguments of a machine with many objects."""
    initiators = " ".join(f"-object acpi-generic-initiator,id=gi{n},pci-dev=dev0,node={n}" for n in range(2, 8))
    nodes = "-object memory-backend-ram,id=m0,size=128M -numa node,memdev=m0" + 7 * " -numa node"
    return shlex.split(
        f"-M q35 -m 128M -nodefaults {BACKENDS} {ORDERS[name]} -device pci-testdev,id=dev0,addr=4 {nodes} {initiators}"
    )


def own_machine(words: list[str], dialect: str) -> Sandbox:
    """The sandbox's machine."""
    return Sandbox(["qemu-system-x86_64", *words], dialect=dialect, firmware="none")


def own_call(vm: Sandbox) -> Callable[[str, dict[str, Any]], dict[str, Any]]:
    """How commands are put to the sandbox."""

    def call(name: str, arguments: dict[str, Any]) -> dict[str, Any]:
        try:
            return {"return": vm.execute(name, arguments)}
        except QemuError as error:
            return {"error": {"class": error.error_class, "desc": error.desc}}

    return call


def seen(arguments: list[str]) -> list[str]:
    """Arguments without the names of a run's own sockets."""
    return [re.sub(r"unix:[^,]*/", "unix:", re.sub(r"path=[^,]*/", "path=", word)) for word in arguments]


def put(case: str, call: Callable[[str, dict[str, Any]], dict[str, Any]]) -> dict[str, Any]:
    """What comes of a case: the reply, and of an object that is made its properties, their values, and its end."""
    typename, _, members = case.partition(" ")
    reply = call("object-add", {"qom-type": typename, "id": "o", **json.loads(members)})
    if "error" in reply:
        return reply
    listed = call("qom-list", {"path": "/objects/o"})["return"]
    values = {entry["name"]: call("qom-get", {"path": "/objects/o", "property": entry["name"]}) for entry in listed}
    return {"listed": listed, "values": values, "end": call("object-del", {"id": "o"})}


def load(dialect: str) -> dict[str, Any]:
    """What was recorded from a QEMU."""
    return dict(json.loads((DATA / f"{dialect}.json").read_text(encoding="utf-8")))


def save(dialect: str, recording: dict[str, Any]) -> None:
    """Write a recording, one case on a line."""
    DATA.mkdir(parents=True, exist_ok=True)
    lines = [
        f"{json.dumps(key)}: "
        + (
            "{\n" + ",\n".join(f" {json.dumps(k)}: {json.dumps(v)}" for k, v in part.items()) + "\n}"
            if isinstance(part, dict)
            else json.dumps(part)
        )
        for key, part in recording.items()
    ]
    (DATA / f"{dialect}.json").write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
