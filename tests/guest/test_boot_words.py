"""The command line of a guest that is booted."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from sandbox.errors import MachineExit
from sandbox.guest.boot.cache import GuestKernel
from sandbox.guest.boot.words import boot_words, prepare_boot
from sandbox.live.prepared import PRIVATE, Prepared
from sandbox.live.standins import probe_host
from sandbox.records import replace

NOT_LIVE = "command lines only"

X86 = GuestKernel("x86", "6.12", Path("/k/vmlinuz"), Path("/k/busybox"))
ARM = GuestKernel("arm64", "6.12", Path("/k/vmlinuz"), Path("/k/busybox"), Path("/k/edk2.fd"))

FIRST = f"-chardev socket,id=qom-sandbox-console,path={PRIVATE}x/console -serial chardev:qom-sandbox-console"

CLOCK = "-icount shift=3,sleep=off"


def booted(text: str, kernel: GuestKernel = X86, **options: bool) -> Prepared:
    return boot_words(prepare_boot(shlex.split(text), kernel.arch), kernel, b"initrd", f"{PRIVATE}x/console", **options)


def machine_of(text: str, kernel: GuestKernel = X86, **options: bool) -> str:
    """What is left of the user's words between our console and our kernel."""
    words = " ".join(booted(text, kernel, **options).words)
    assert words.startswith(f"{FIRST} ")
    return words.removeprefix(f"{FIRST} ").partition(f" {CLOCK} -kernel ")[0]


def test_our_kernel_is_booted_and_its_console_is_the_first_port():
    found = booted("qemu-system-x86_64 -M q35 -serial null")
    assert " ".join(found.words) == (
        f"{FIRST} -M q35 -serial null {CLOCK} -kernel /k/vmlinuz -initrd {PRIVATE}/initrd -append "
        "console=ttyS0 earlyprintk=ttyS0 loglevel=7 oops=panic panic=-1 nokaslr"
    )
    assert found.files == {"initrd": b"initrd"}


def test_arm_is_booted_by_firmware():
    found = booted("-M virt -cpu max", ARM)
    assert found.words[-2:] == ("-bios", "/k/edk2.fd")


def test_where_qemu_sees_other_paths_everything_is_copied():
    found = booted("-M virt -cpu max", ARM, copied=True)
    assert found.files == {"initrd": b"initrd", "kernel": Path("/k/vmlinuz"), "firmware": Path("/k/edk2.fd")}
    assert {f"{PRIVATE}/kernel", f"{PRIVATE}/firmware"} <= set(found.words)


@pytest.mark.parametrize(
    "gone",
    [
        "-kernel bzImage -initrd rootfs -append 'root=/dev/sda quiet'",
        "-bios OVMF.fd",
        "-pflash code.fd",
        "-drive if=pflash,format=raw,unit=0,file=code.fd",
        "-S",
        "-nographic",
        "-no-shutdown -action panic=none",
        "-daemonize",
    ],
)
def test_what_the_user_boots_and_how_is_left_out(gone):
    assert machine_of(f"-M q35 {gone} -m 1G") == "-M q35 -m 1G"


def test_what_is_left_out_is_told():
    assert booted("-M q35 -kernel bzImage -S").changes == ("-kernel bzImage: left out, our kernel is booted",)


def test_machine_options_of_firmware_are_left_out():
    assert machine_of("-machine q35,pflash0=code,hmat=on,kernel=a,,b") == "-machine type=q35,hmat=on"
    assert machine_of("-machine q35,hmat=on") == "-machine q35,hmat=on"


def test_other_drives_stay():
    assert machine_of("-M q35 -drive if=none,id=d") == "-M q35 -drive if=none,id=d"


@pytest.mark.parametrize(
    ("words", "cpu"),
    [
        ("-M virt", "-cpu cortex-a57"),
        ("-M virt -cpu cortex-a15", "-cpu cortex-a57"),
        ("-M virt -cpu max", "-cpu max"),
        ("-M virt -cpu neoverse-n1,pmu=off", "-cpu neoverse-n1,pmu=off"),
    ],
)
def test_arm64_runs_on_a_64_bit_processor(words, cpu):
    assert machine_of(words, ARM) == f"-M virt {cpu}"


@pytest.mark.parametrize("clock", ["-icount shift=7", "-accel tcg,thread=multi"])
def test_a_clock_of_the_users_stays(clock):
    assert CLOCK not in " ".join(booted(f"-M q35 {clock}").words)


@pytest.mark.parametrize(
    ("words", "without"),
    [
        ("-M q35 -enable-kvm", "-M q35 -machine accel=tcg"),
        ("-M q35 -accel kvm", "-M q35 -accel tcg"),
        ("-M q35,accel=kvm -cpu host,phys-bits=46", "-M q35,accel=tcg -cpu max,phys-bits=46"),
    ],
)
def test_a_guest_is_booted_without_kvm_also_where_the_host_has_it(words, without):
    host = replace(probe_host(), has_kvm=lambda: True)
    assert " ".join(prepare_boot(words.split(), "x86", host).words) == without
    assert CLOCK in " ".join(booted(words).words)


def test_x86_keeps_its_default_processor():
    assert machine_of("-M q35") == "-M q35"


def test_a_device_of_the_hosts_has_a_stand_in():
    found = booted("-M q35 -device vfio-pci,host=0009:01:00.0,bus=pcie.0,addr=04.0,id=dev0")
    assert "pci-testdev,bus=pcie.0,addr=04.0,id=dev0" in found.words
    assert any("vfio-pci" in change for change in found.changes)


def test_the_machine_of_the_forecast_keeps_what_the_user_has_of_the_host_and_boots_nothing_of_the_users():
    found = prepare_boot(shlex.split("-M q35,pflash0=code -S -nodefaults -bios x -device vfio-pci,id=gpu"), "x86")
    assert found.own_words[:5] == ("-M", "type=q35", "-S", "-nodefaults", "-device")
    assert found.own_words[5:] == ("vfio-pci,id=gpu", "-qmp", "null")
    assert prepare_boot(["-M", "virt"], "arm64").own_words == ("-M", "virt", "-cpu", "cortex-a57")


def test_initiators_go_where_the_guest_is_given_its_tables():
    words = (
        "-M q35 -object iothread,id=m -object acpi-generic-initiator,id=g,pci-dev=d,node=1 "
        "-object nvidia-acpi-generic-initiator,id=n,device=d,numa-node-start=1,numa-node-count=2"
    )
    assert machine_of(words) == words
    assert machine_of(words, initiators=False) == "-M q35 -object iothread,id=m"


def test_an_unknown_option_ends_as_in_qemu():
    with pytest.raises(MachineExit, match="-bogus: invalid option"):
        prepare_boot(["-bogus"], "x86")
