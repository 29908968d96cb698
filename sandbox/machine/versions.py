"""Which versioned machine names each QEMU knows, as data and as the rules by which QEMU drops them.

Source: ``-machine help`` of QEMU 10.0 and 11.1; the rules of removal and deprecation that QEMU 9.1 introduced; before
those, the lists of removed features of each release.
"""

from __future__ import annotations

import re
from typing import Final

Version = tuple[int, ...]
"""A machine's version or a QEMU's: (10, 0), (4, 0, 1)."""

RELEASES: Final[tuple[Version, ...]] = (
    (2, 0), (2, 1), (2, 2), (2, 3), (2, 4), (2, 5), (2, 6), (2, 7), (2, 8), (2, 9), (2, 10), (2, 11), (2, 12),
    (3, 0), (3, 1), (4, 0), (4, 1), (4, 2), (5, 0), (5, 1), (5, 2), (6, 0), (6, 1), (6, 2), (7, 0), (7, 1), (7, 2),
    (8, 0), (8, 1), (8, 2), (9, 0), (9, 1), (9, 2), (10, 0), (10, 1), (10, 2), (11, 0), (11, 1),
)  # fmt: skip
"""The releases that gave their number to machines which some QEMU from 7.2 to 11.1 knows."""

FIRST: Final[dict[str, Version]] = {"pc": (2, 0), "q35": (2, 4), "virt": (2, 6)}
PREFIX: Final = {"pc": "pc-i440fx-", "q35": "pc-q35-", "virt": "virt-"}

OLD_PC_GONE: Final[Version] = (9, 1)
"""The first QEMU without pc-i440fx-2.0 to 2.3."""

OLD_PC_DEPRECATED: Final[Version] = (8, 2)
LIFE_RULES: Final[Version] = (9, 1)
"""The first QEMU that marks machines by their age."""

REMOVAL_BY_AGE: Final[Version] = (10, 1)
YEARS_TO_DEPRECATION: Final = 3
YEARS_TO_REMOVAL: Final = 6

AGE_NOTICE: Final = "machines more than 3 years old are subject to deletion after 6 years"
OLD_PC_NOTICE: Final = "old and unattended - use a newer version instead"

UNMODELLED: Final = {
    "x86_64": """
        isapc microvm nitro nitro-enclave none x-remote xenfv xenfv-3.1 xenfv-4.2 xenpv xenpvh pc-1.0 pc-1.1
        pc-1.2 pc-1.3 pc-i440fx-1.4 pc-i440fx-1.5 pc-i440fx-1.6 pc-i440fx-1.7
        """,
    "aarch64": """
        amd-versal-virt amd-versal2-virt anacapa-bmc ast1030-evb ast1040-evb ast1060-evb ast2500-evb ast2600-evb
        ast2700-evb ast2700a0-evb ast2700a1-evb ast2700a2-evb ast2700fc b-l475e-iot01a bletchley-bmc bpim2u
        canon-a1100 catalina-bmc collie cubieboard emcraft-sf2 fby35 fby35-bmc fp5280g2-bmc fuji-bmc g220a-bmc
        gb200nvl-bmc highbank imx25-pdk imx8mm-evk imx8mp-evk integratorcp kudo-bmc kzm lm3s6965evb lm3s811evb
        max78000fthr mcimx6ul-evk mcimx7d-sabre microbit midway mori-bmc mps2-an385 mps2-an386 mps2-an500
        mps2-an505 mps2-an511 mps2-an521 mps3-an524 mps3-an536 mps3-an547 musca-a musca-b1 musicpal netduino2
        netduinoplus2 none npcm750-evb npcm845-evb nuri olimex-stm32-h405 orangepi-pc palmetto-bmc
        qcom-dc-scm-v1-bmc qcom-firework-bmc quanta-gbs-bmc quanta-gsj quanta-q71l-bmc rainier-bmc raspi0
        raspi1ap raspi2b raspi3ap raspi3b raspi4b realview-eb realview-eb-mpcore realview-pb-a8 realview-pbx-a9
        romulus-bmc sabrelite sbsa-ref smdkc210 sonorapass-bmc stm32vldiscovery supermicro-x11spi-bmc
        supermicrox11-bmc sx1 sx1-v1 tiogapass-bmc versatileab versatilepb vexpress-a15 vexpress-a9
        witherspoon-bmc xilinx-zynq-a9 xlnx-versal-virt xlnx-zcu102 yosemitev2-bmc
        """,
}
"""Machines that some QEMU has and that the sandbox does not model, with white space between them."""


UBUNTU: Final = {
    "jammy": "6.2", "noble": "8.2", "oracular": "9.0", "plucky": "9.2", "questing": "10.1",
}  # fmt: skip
"""The QEMU of each Ubuntu that gave its name to machine types, where it is certain."""

OTHER_UBUNTUS: Final = frozenset(
    "xenial yakkety zesty artful bionic cosmic disco eoan focal groovy hirsute impish kinetic lunar mantic".split()
)
VENDORS: Final = r"(pc-q35|pc-i440fx|virt|pc|q35)(?:-(rhel)\d[\d.]*|-([a-z]+)(?:-.*)?|(?:-([\d.]+))?\+pve\d+)"


def vendors_remedy(name: str) -> str:
    """Return what to name in place of a machine type that only a vendor's QEMU has; "" for any other name.

    Source: ``-machine help`` of the QEMUs of RHEL 9, Ubuntu 24.04 and 25.10, and Proxmox VE.
    """
    if name in ("ubuntu", "ubuntu-q35"):
        return f"-M {'pc-q35' if 'q35' in name else 'pc-i440fx'}-X.Y with the version of the QEMU"
    found = re.fullmatch(VENDORS, name)
    if found is None:
        return ""
    family, is_rhel, release, version = found.groups()
    if release in UBUNTU:
        return f"-M {family}-{UBUNTU[release]}, of which it is Ubuntu's variant"
    if is_rhel or release in OTHER_UBUNTUS:
        return f"-M {family}-X.Y with the version of upstream QEMU that it was made from"
    if release is None:
        return f"-M {family}-{version}" if version else f"-M {family}"
    return ""


def known_versions(family: str, qemu: Version) -> tuple[Version, ...]:
    """Return the versions of a family's machines that a QEMU has, oldest first.

    Args:
        family: ``pc``, ``q35`` or ``virt``.
        qemu: the QEMU's version; only major and minor count.
    """
    versions = [version for version in RELEASES if FIRST[family] <= version <= qemu[:2] and not _is_gone(version, qemu)]
    if family == "q35" and (4, 0) in versions:
        versions.insert(versions.index((4, 0)) + 1, (4, 0, 1))
    return tuple(versions)


def machine_name(family: str, version: Version) -> str:
    """Return the full name of a machine, such as ``pc-q35-10.0``."""
    return PREFIX[family] + ".".join(str(part) for part in version)


def deprecation(version: Version, qemu: Version) -> str:
    """Return why a QEMU advises against a machine version, in its own words; ``""`` where it does not."""
    if qemu[:2] >= LIFE_RULES:
        return AGE_NOTICE if _has_age(version, qemu, YEARS_TO_DEPRECATION) else ""
    return OLD_PC_NOTICE if version < (2, 4) and qemu[:2] >= OLD_PC_DEPRECATED else ""


def _is_gone(version: Version, qemu: Version) -> bool:
    if version < (2, 4):
        return qemu[:2] >= OLD_PC_GONE
    return qemu[:2] >= REMOVAL_BY_AGE and _has_age(version, qemu, YEARS_TO_REMOVAL)


def _has_age(version: Version, qemu: Version, years: int) -> bool:
    """Whether a machine is at least ``years`` old in a QEMU, which counts one major version as a year."""
    return (qemu[0] - version[0], qemu[1] - version[1]) >= (years, 0)
