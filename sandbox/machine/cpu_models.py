"""CPU models, as far as they move a table: the addresses that they reach, and who says to have made them.

Source: QOM properties of the CPUs of QEMU 10.0 and 11.1 under TCG, one model after the other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sandbox.machine.refusals import ConfigurationError
from sandbox.qapi.numbers import NumberError, read_uint64
from sandbox.records import record, replace

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.machine.families import MachineType

AMD: Final = "AuthenticAMD"
TCG_ADDRESS_BITS: Final = 40
MOST_ADDRESS_BITS: Final = 52
LEAST_ADDRESS_BITS: Final = 32
PAE_ADDRESS_BITS: Final = 36

X86_AMD: Final = ("EPYC", "Opteron_G", "athlon", "max", "phenom", "qemu64")
"""Starts of the names of models whose vendor is AMD."""

X86_32BIT: Final = {"486": 32, "base": 32, "pentium": 32, "athlon": 36, "coreduo": 36, "kvm32": 36, "n270": 36,
                    "pentium2": 36, "pentium3": 36, "qemu32": 36}  # fmt: skip
"""Address bits of the models without long mode, by their name without a version."""

X86_NO_X2APIC: Final = (
    *X86_AMD[:3], *X86_AMD[4:], *X86_32BIT, "Conroe", "Dhyana", "Nehalem", "Penryn", "Westmere", "core2duo", "kvm64",
)  # fmt: skip
"""Starts of the names of models without x2APIC."""

ARM_VIRT: Final = {
    "cortex-a7": 40, "cortex-a15": 40, "cortex-a35": 40, "cortex-a55": 40, "cortex-a72": 44, "cortex-a76": 40,
    "cortex-a710": 40, "a64fx": 40, "neoverse-n1": 48, "neoverse-v1": 48, "neoverse-n2": 48, "cortex-a53": 40,
    "cortex-a57": 44, "host": 52, "max": 52,
}  # fmt: skip
"""Address bits of the models that virt takes, in the order in which QEMU lists them; the host has its own."""

ARM_32BIT: Final = frozenset({"cortex-a7", "cortex-a15"})

ARM_OTHER: Final = """
    arm1026 arm1136 arm1136-r2 arm1176 arm11mpcore arm926 arm946 cortex-a8 cortex-a9 cortex-a78ae cortex-m0 cortex-m3
    cortex-m33 cortex-m4 cortex-m55 cortex-m7 cortex-r5 cortex-r52 cortex-r5f pxa250 pxa255 pxa260 pxa261 pxa262 pxa270
    pxa270-a0 pxa270-a1 pxa270-b0 pxa270-b1 pxa270-c0 pxa270-c5 sa1100 sa1110 ti925t
    """
"""Models that QEMU has and virt does not take, with white space between them."""

X86_KNOWN: Final = """
    486 Broadwell Broadwell-IBRS Broadwell-noTSX Broadwell-noTSX-IBRS Cascadelake-Server Cascadelake-Server-noTSX
    ClearwaterForest Conroe Cooperlake Denverton Dhyana DiamondRapids EPYC EPYC-Genoa EPYC-IBPB EPYC-Milan EPYC-Rome
    EPYC-Turin GraniteRapids Haswell Haswell-IBRS Haswell-noTSX Haswell-noTSX-IBRS Icelake-Client Icelake-Client-noTSX
    Icelake-Server Icelake-Server-noTSX IvyBridge IvyBridge-IBRS KnightsMill Nehalem Nehalem-IBRS Opteron_G1 Opteron_G2
    Opteron_G3 Opteron_G4 Opteron_G5 Penryn SandyBridge SandyBridge-IBRS SapphireRapids SierraForest Skylake-Client
    Skylake-Client-IBRS Skylake-Client-noTSX-IBRS Skylake-Server Skylake-Server-IBRS Skylake-Server-noTSX-IBRS Snowridge
    Westmere Westmere-IBRS YongFeng athlon base core2duo coreduo host kvm32 kvm64 max n270 pentium pentium2 pentium3
    phenom qemu32 qemu64
    """
"""The models of QEMU 7.2 to 11.1 without their versions, with white space between them."""


@record
class CpuModel:
    """What of a CPU model matters to a table.

    Attributes:
        name: the model's name.
        address_bits: how many bits its physical addresses have; None where the host decides.
        is_64bit: whether it has 64-bit modes.
        is_amd: whether its vendor is AMD; None where the host decides.
        has_x2apic: whether it takes APIC ids of 255 and above.
    """

    name: str
    address_bits: int | None
    is_64bit: bool = True
    is_amd: bool | None = False
    has_x2apic: bool = False


def parse_cpu(option: str) -> tuple[str, dict[str, str]]:
    """Split the value of ``-cpu`` into the model's name and its features; ``+name`` and ``-name`` mean on and off."""
    name, *features = option.split(",")
    values: dict[str, str] = {}
    for feature in features:
        if feature[:1] in ("+", "-"):
            values[feature[1:]] = "on" if feature[0] == "+" else "off"
        elif feature:
            key, separator, value = feature.partition("=")
            values[key] = value if separator else "on"
    return name, values


def check_cpu_model(machine: MachineType, name: str, *, host_decides: bool = False) -> None:
    """Check that QEMU has a CPU model, as it does when it reads ``-cpu``.

    Raises:
        ConfigurationError: no QEMU up to 11.1 has it.

    Source: QEMU 10.0 and 11.1 behaviour.
    """
    if machine.is_x86:
        known = name.partition("-v")[0] in X86_KNOWN.split()
    else:
        known = (name in ARM_VIRT and (host_decides or name != "host")) or name in ARM_OTHER.split()
    if not known:
        raise ConfigurationError(f"unable to find CPU model '{name}'")


def cpu_model(machine: MachineType, option: str | None, *, host_decides: bool = False) -> CpuModel:
    """Return what matters of the model that ``-cpu`` names, as QEMU finds it when it makes the CPUs.

    Args:
        machine: the machine.
        option: the value of ``-cpu``; None: the machine's own model.
        host_decides: whether the accelerator runs the host's own CPUs, as KVM does.

    Raises:
        ConfigurationError: the machine does not take the model, or the model not its properties.
    """
    name, features = parse_cpu(machine.default_cpu if option is None else option)
    if machine.is_x86:
        return x86_cpu(name, features, host_decides=host_decides)
    return arm_cpu(name, host_decides=host_decides)


def x86_cpu(name: str, features: Mapping[str, str] | None = None, *, host_decides: bool = False) -> CpuModel:
    """Return what matters of an x86 CPU model.

    Args:
        name: the model.
        features: the properties behind the name; of use are phys-bits, host-phys-bits, vendor, lm, pae, pse36, x2apic.
        host_decides: whether the accelerator takes vendor and features from the host, as KVM does.

    Raises:
        ConfigurationError: the model needs a host and there is none, or the address bits are out of range.

    Source: QEMU 10.0 behaviour.
    """
    given = features or {}
    base = name.partition("-v")[0]
    if base == "host" and not host_decides:
        raise ConfigurationError("CPU model 'host' requires KVM or HVF")
    long_mode = _flag(given, "lm", base not in X86_32BIT)
    asked = _phys_bits(name, given.get("phys-bits", "0"))
    model = CpuModel(
        name=name,
        address_bits=asked or TCG_ADDRESS_BITS,
        is_64bit=long_mode,
        is_amd=given["vendor"] == AMD if "vendor" in given else None if host_decides else name.startswith(X86_AMD),
        has_x2apic=_flag(given, "x2apic", host_decides or not name.startswith(X86_NO_X2APIC)),
    )
    if not long_mode:
        if asked:
            raise ConfigurationError("phys-bits is not user-configurable in 32 bit")
        wide = X86_32BIT.get(base, PAE_ADDRESS_BITS) == PAE_ADDRESS_BITS
        wide = _flag(given, "pae", wide) or _flag(given, "pse36", wide)
        return replace(model, address_bits=PAE_ADDRESS_BITS if wide else LEAST_ADDRESS_BITS)
    if asked and not LEAST_ADDRESS_BITS <= asked <= MOST_ADDRESS_BITS:
        raise ConfigurationError(
            f"phys-bits should be between {LEAST_ADDRESS_BITS} and {MOST_ADDRESS_BITS}  (but is {asked})"
        )
    if host_decides and not asked and (name in ("host", "max") or _flag(given, "host-phys-bits", default=False)):
        return replace(model, address_bits=None)
    return model


def arm_cpu(name: str, *, host_decides: bool = False) -> CpuModel:
    """Return what matters of a CPU model of virt.

    Args:
        name: the model.
        host_decides: whether the accelerator runs the host's own CPUs, as KVM does.

    Raises:
        ConfigurationError: virt does not take the model.

    Source: QEMU 10.0 behaviour.
    """
    if name not in ARM_VIRT:
        models = ", ".join(model for model in ARM_VIRT if model != "host")
        raise ConfigurationError(f"Invalid CPU model: {name}", hint=f"The valid models are: {models}")
    bits = None if host_decides and name in ("host", "max") else ARM_VIRT[name]
    return CpuModel(name, bits, is_64bit=name not in ARM_32BIT)


def _phys_bits(model: str, text: str) -> int:
    try:
        return read_uint64(text)
    except NumberError:
        what = f"can't apply global {model}-x86_64-cpu.phys-bits={text}: Parameter 'phys-bits' expects uint64"
        raise ConfigurationError(what) from None


def _flag(given: Mapping[str, str], name: str, default: bool) -> bool:
    return given[name] in ("on", "yes", "true", "y") if name in given else default
