from __future__ import annotations

import json
from pathlib import Path

import pytest

from sandbox.errors import UnmodelledError
from sandbox.machine.families import ARCHITECTURES, machine_type
from sandbox.machine.refusals import ConfigurationError
from sandbox.machine.versions import known_versions, machine_name

NAMES = json.loads((Path(__file__).parents[1] / "data" / "machine" / "machine-names.json").read_text(encoding="utf-8"))[
    "names"
]


def split(key: str) -> tuple[tuple[int, int], str]:
    version, architecture = key.split()
    major, minor = version.split(".")
    return (int(major), int(minor)), architecture


@pytest.mark.parametrize("key", NAMES)
def test_the_machines_of_a_family_are_those_that_qemu_lists(key):
    qemu, architecture = split(key)
    listed = {line.split()[0] for line in NAMES[key] if line.startswith(("pc-i440fx-", "pc-q35-", "virt-"))}
    ours = {
        machine_name(family, version)
        for family, owner in ARCHITECTURES.items()
        if owner == architecture
        for version in known_versions(family, qemu)
    }
    assert ours == listed


@pytest.mark.parametrize("key", NAMES)
def test_a_machine_is_deprecated_where_qemu_says_so(key):
    qemu, architecture = split(key)
    for line in NAMES[key]:
        name = line.split()[0]
        if name.startswith(("pc-i440fx-", "pc-q35-", "virt-")):
            assert bool(machine_type(name, architecture, qemu).deprecated) == line.endswith(" deprecated"), name


@pytest.mark.parametrize("key", NAMES)
def test_an_alias_means_the_machine_that_qemu_names(key):
    qemu, architecture = split(key)
    aliases = [line.split() for line in NAMES[key] if line.startswith(("pc ", "q35 ", "virt "))]
    assert aliases
    for alias, meant in aliases:
        assert machine_type(alias, architecture, qemu).name == meant


@pytest.mark.parametrize("key", NAMES)
def test_every_other_machine_that_qemu_lists_is_known_to_be_unmodelled(key):
    qemu, architecture = split(key)
    for line in NAMES[key]:
        name = line.split()[0]
        if name.startswith(("pc", "q35", "virt")):
            continue
        with pytest.raises(UnmodelledError, match="the sandbox has pc, q35 and virt"):
            machine_type(name, architecture, qemu)


def test_without_a_name_x86_has_pc_and_arm_has_nothing():
    assert machine_type(None).name == "pc-i440fx-10.0"
    with pytest.raises(ConfigurationError, match=r"^No machine specified, and there is no default$"):
        machine_type(None, "aarch64")


def test_without_an_architecture_the_name_tells_it():
    assert machine_type("virt").architecture == "aarch64"
    assert machine_type("q35").architecture == "x86_64"


def test_qemu_7_2_still_has_machines_of_2_0_and_9_1_does_not():
    old = machine_type("pc-i440fx-2.0", qemu=(7, 2))
    assert not old.has_device_memory
    assert machine_type("pc-i440fx-2.3", qemu=(9, 0)).deprecated
    with pytest.raises(ConfigurationError, match=r'unsupported machine type: "pc-i440fx-2\.3"'):
        machine_type("pc-i440fx-2.3", qemu=(9, 1))


def test_a_machine_of_the_future_is_unknown():
    with pytest.raises(ConfigurationError) as caught:
        machine_type("pc-q35-10.1", qemu=(10, 0))
    assert caught.value.hint == "Use -machine help to list supported machines"


@pytest.mark.parametrize(
    ("name", "remedy"),
    [
        ("pc-q35-rhel9.4.0", "name -M pc-q35-X.Y with"),
        ("pc-i440fx-rhel7.6.0", "name -M pc-i440fx-X.Y with"),
        ("virt-rhel9.6.0", "name -M virt-X.Y with"),
        ("pc-q35-jammy", "name -M pc-q35-6.2,"),
        ("pc-i440fx-noble-v2", "name -M pc-i440fx-8.2,"),
        ("pc-q35-plucky", "name -M pc-q35-9.2,"),
        ("pc-q35-questing", "name -M pc-q35-10.1,"),
        ("pc-q35-mantic-hpb-maxcpus", "name -M pc-q35-X.Y with"),
        ("ubuntu-q35", "name -M pc-q35-X.Y with"),
        ("pc-q35-8.1+pve0", "name -M pc-q35-8.1"),
        ("q35+pve0", "name -M q35"),
    ],
)
def test_a_vendors_machine_is_not_modelled_and_upstreams_is_named(name, remedy):
    with pytest.raises(UnmodelledError) as caught:
        machine_type(name)
    assert f"machine '{name}' is a vendor's and not modelled; {remedy}" in str(caught.value)


@pytest.mark.parametrize("name", ["q53", "pc-q35-foo", "virt-foo", "virt-2.5", "pc-q35-", "rhel9.4.0"])
def test_a_mistyped_machine_is_refused_in_qemus_words(name):
    with pytest.raises(ConfigurationError, match="unsupported machine type"):
        machine_type(name)
