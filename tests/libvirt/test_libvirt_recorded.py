"""What libvirt makes of our domain XML, recorded, against what we say that it makes.

To record anew: ``VIRSH='virsh -c qemu:///embed?root=/tmp/x' pytest --record tests/libvirt``, with a libvirt of 11.8 or
later; VIRSH is a command that takes virsh's arguments and reads a file that is named ``/proc/self/fd/0``.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
from pathlib import Path

import pytest
from libvirt_domains import domains

from sandbox.acpi.srat import decode_srat
from sandbox.app import Sandbox
from sandbox.libvirt.arguments import qemu_arguments
from sandbox.libvirt.read import read_domain

FILE = Path(__file__).parents[1] / "data" / "libvirt" / "domains.json"
NAMES = tuple(domains())
MONITOR = ("-mon", "chardev=charmonitor,id=monitor,mode=control")


def virsh(*arguments: str, xml: str) -> str:
    command = [*shlex.split(os.environ["VIRSH"]), *arguments, "/proc/self/fd/0"]
    done = subprocess.run(command, input=xml, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def defined_name(xml: str) -> str:
    return xml.partition("<name>")[2].partition("</name>")[0]


def record() -> None:
    """Let libvirt validate each domain and turn it into QEMU arguments."""
    found = {}
    for name, xml in domains().items():
        virsh("define", "--validate", xml=xml)
        subprocess.run([*shlex.split(os.environ["VIRSH"]), "undefine", "--nvram", defined_name(xml)], check=True)
        words = shlex.split(virsh("domxml-to-native", "qemu-argv", xml=xml))
        start = next(place for place, word in enumerate(words) if word.rpartition("/")[2].startswith("qemu-system"))
        argv = [re.sub(r"/tmp/[\w.-]+(?=/)", "/var", word) for word in words[start:]]
        found[name] = {"xml": xml, "argv": argv}
    how = (
        "virsh define --validate accepts each, and virsh domxml-to-native qemu-argv gives argv; the folder of a "
        "libvirt that ran from another place is written as /var"
    )
    version = subprocess.run([*shlex.split(os.environ["VIRSH"]), "version"], capture_output=True, text=True, check=True)
    content = {"how": how, "versions": version.stdout.strip().splitlines(), "domains": found}
    FILE.parent.mkdir(parents=True, exist_ok=True)
    FILE.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


@pytest.fixture(scope="module")
def recorded(request: pytest.FixtureRequest) -> dict:
    if request.config.getoption("--record") and "VIRSH" in os.environ:
        record()
    assert FILE.exists(), "no recording: see above"
    return json.loads(FILE.read_text(encoding="utf-8"))["domains"]


def with_released_monitor(argv: list[str]) -> list[str]:
    """The arguments as libvirt gives them to a QEMU whose monitors are no objects, as those of 10.0."""
    words: list[str] = []
    for option, value in zip(argv, [*argv[1:], ""], strict=True):
        if option == "-object" and value.startswith('{"qom-type":"monitor-qmp"'):
            words += MONITOR
        elif not option.startswith('{"qom-type":"monitor-qmp"'):
            words.append(option)
    return words


def ours(xml: str) -> list[str]:
    return list(qemu_arguments(read_domain(xml.encode(), "domain.xml")).words)


def test_the_recording_is_of_these_domains(recorded):
    assert {name: entry["xml"] for name, entry in recorded.items()} == domains()


@pytest.mark.parametrize("name", NAMES)
def test_libvirts_arguments_give_the_same_tables_as_ours(name, recorded):
    theirs = Sandbox(with_released_monitor(recorded[name]["argv"]), dialect="10.0").tables()
    assert theirs == Sandbox(ours(recorded[name]["xml"]), dialect="10.0").tables()
    assert any(entry.type == 5 for entry in decode_srat(theirs.srat).entries)


@pytest.mark.parametrize("name", NAMES)
def test_a_qemu_whose_monitors_are_objects_gets_libvirts_monitor_among_them(name, recorded):
    theirs = Sandbox(recorded[name]["argv"], dialect="11.1").tables()
    made = qemu_arguments(read_domain(recorded[name]["xml"].encode(), "domain.xml"), "11.1").words
    assert theirs == Sandbox(list(made), dialect="11.1").tables()
    assert ids(list(made)) == ids(recorded[name]["argv"])


@pytest.mark.parametrize("name", ["whole-x86", "whole-arm"])
def test_a_dumped_domain_is_complete_and_hostdevs_have_the_ids_that_libvirt_gives_them(name, recorded):
    made = qemu_arguments(read_domain(recorded[name]["xml"].encode(), "domain.xml"))
    assert made.notes == ()
    assert devices(made.words) == devices(recorded[name]["argv"])
    assert len(devices(made.words)) >= 2


def devices(words) -> list[tuple[str, str]]:
    """Ids of PCI devices of the host, and where they sit, in the order of the command line."""
    given = [json.loads(word) for word in words if word.startswith('{"driver":')]
    return [(it["id"], it["bus"]) for it in given if it["driver"] == "vfio-pci"]


@pytest.mark.parametrize("name", NAMES)
def test_objects_have_the_ids_that_libvirt_gives_them(name, recorded):
    theirs = with_released_monitor(recorded[name]["argv"])
    assert ids(ours(recorded[name]["xml"])) == ids(theirs)


def ids(words: list[str]) -> list[str]:
    """The ids of all objects, in the order of the command line."""
    found = []
    for option, value in zip(words, [*words[1:], ""], strict=True):
        if option == "-object":
            given = json.loads(value)["id"] if value.startswith("{") else value.partition("id=")[2].partition(",")[0]
            found.append(given)
    return found


@pytest.mark.live
@pytest.mark.parametrize("name", ["grace-hopper-merged", "hand", "random-3", "without-cells"])
def test_a_live_qemu_with_libvirts_arguments_has_our_tables(name, recorded, qemu_arm, qemu_x86):
    from sandbox.live.bridge import compare_live
    from sandbox.live.running import LiveQemu
    from sandbox.scenario.model import Scenario

    argv = [word for word in with_released_monitor(recorded[name]["argv"]) if word != "-S"]
    binary = qemu_arm if argv[0].endswith("aarch64") else qemu_x86
    comparison = compare_live(Scenario(name, tuple(ours(recorded[name]["xml"])), dialect="10.0"), LiveQemu(binary))
    assert comparison.passed, comparison
    theirs = compare_live(Scenario(name, tuple(argv), dialect="10.0"), LiveQemu(binary))
    assert theirs.passed, theirs
    srats = [found.steps[0].theirs.after.srat for found in (comparison, theirs)]
    assert srats[0] == srats[1]
