"""Disks, flash and firmware: empty, idle, or a copy of the user's."""

from __future__ import annotations

from pathlib import Path

import pytest
from standin_hosts import bare_host, fit

from sandbox.errors import InputError
from sandbox.live.prepared import PRIVATE
from sandbox.live.standins import prepare

NOT_LIVE = "no QEMU is started"

EMPTY = "driver=null-co,read-zeroes=on"
CODE = "/usr/share/OVMF/OVMF_CODE.fd"
VARS = "/var/lib/vars.fd"


def images(name):
    return 1 << 20 if name in (CODE, VARS) else None


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("-hda a", f"-drive index=0,media=disk,{EMPTY}"),
        ("a.img", f"-drive index=0,media=disk,{EMPTY}"),
        ("-cdrom a", f"-drive index=2,media=cdrom,{EMPTY}"),
        ("-fda a", "-drive if=floppy,index=0,driver=null-co,size=1474560,read-zeroes=on"),
        ("-sd a", f"-drive if=sd,{EMPTY}"),
        ("-drive file=a,if=none,id=d,format=qcow2,cache=none,aio=native,readonly=on",
         f"-drive if=none,readonly=on,id=d,{EMPTY}"),
        ("-drive file=a,,b,if=ide,bus=1,unit=0,media=cdrom", f"-drive if=ide,bus=1,unit=0,media=cdrom,{EMPTY}"),
        ("-drive driver=qcow2,file.driver=nbd,file.host=h,if=none,id=d,node-name=n",
         f"-drive if=none,node-name=n,id=d,{EMPTY}"),
        ("-drive if=none,id=d", "-drive if=none,id=d"),
        ("-drive driver=null-co,id=d", "-drive driver=null-co,id=d"),
        ("-blockdev driver=qcow2,node-name=n,file=m,read-only=on",
         "-blockdev null-co,node-name=n,read-only=on,read-zeroes=on"),
        ("-blockdev qcow2,node-name=n,file.driver=file,file.filename=f,file.node-name=m",
         "-blockdev driver=null-co,node-name=m -blockdev null-co,node-name=n,read-zeroes=on"),
        ("-blockdev null-aio,node-name=n", "-blockdev null-aio,node-name=n"),
    ],
)  # fmt: skip
def test_disks_are_empty_and_keep_their_places(before, after):
    assert fit(before) == after


def test_block_nodes_in_json_are_empty_and_keep_their_names():
    inner = '{"driver":"file","filename":"/f","node-name":"m"}'
    words = f'-blockdev \'{{"node-name":"n","read-only":true,"driver":"luks","key-secret":"s","file":{inner}}}\''
    first, second = fit(words).split(" -blockdev ")
    assert first == "-blockdev driver=null-co,node-name=m"
    assert sorted(second) == sorted(
        '\'{"driver": "null-co", "node-name": "n", "read-only": true, "read-zeroes": true}\''
    )


X86_FLASH = f"-M q35 -drive if=pflash,format=raw,readonly=on,file={CODE} -drive if=pflash,format=raw,file={VARS}"
VIRT_NODES = (
    "-M virt,pflash0=code,pflash1=vars -blockdev driver=file,filename=/c,node-name=storage "
    "-blockdev driver=raw,file=storage,node-name=code,read-only=on -blockdev driver=file,filename=/v,node-name=vars"
)


def test_flash_is_empty_where_processors_never_run():
    flash = "driver=null-co,size=1048576,read-zeroes=on"
    assert fit(X86_FLASH) == f"-M q35 -drive if=pflash,readonly=on,unit=0,{flash} -drive if=pflash,unit=1,{flash}"
    assert (
        fit(f"-M virt -pflash {CODE}") == "-M virt -drive if=pflash,unit=0,driver=null-co,size=67108864,read-zeroes=on"
    )
    nodes = [word for word in fit(VIRT_NODES).split() if word.startswith("null-co") or "driver" in word]
    assert len(nodes) == 3
    assert all("null-co" in node and "size=67108864" in node for node in nodes)


def test_processors_that_run_without_firmware_idle():
    words = "-M q35 -m 1G"
    prepared = prepare(words.split(), host=bare_host(), firmware="none", run_state=True)
    assert prepared.words == (*words.split(), "-bios", f"{PRIVATE}/idle.bin")
    assert prepared.own_words == tuple(words.split())
    image = prepared.files["idle.bin"]
    assert len(image) == 65536
    assert image[0xFFF0:0xFFF4] == bytes([0xFA, 0xF4, 0xEB, 0xFD])
    assert fit("-M q35 -bios b", run_state=True) == "-M q35 -bios PRIVATE/idle.bin"
    assert fit("-M q35,firmware=b", run_state=True) == "-M q35,firmware=PRIVATE/idle.bin"
    flash = fit(X86_FLASH, run_state=True).split(" -drive ")
    assert flash[1] == "if=pflash,readonly=on,unit=0,format=raw,file=PRIVATE/idle.bin"


def test_virt_idles_only_where_the_user_gave_firmware():
    assert fit("-M virt -m 1G", run_state=True) == "-M virt -m 1G"
    assert fit("-M virt -bios b", run_state=True) == "-M virt -bios PRIVATE/idle.bin"
    second = "-drive if=pflash,unit=1,driver=null-co,size=67108864,read-zeroes=on"
    assert fit("-M virt -pflash a -pflash b", run_state=True) == f"-M virt {second} -bios PRIVATE/idle.bin"
    assert fit(VIRT_NODES, run_state=True).startswith("-M virt,pflash1=vars -blockdev")
    assert fit(VIRT_NODES, run_state=True).endswith("-bios PRIVATE/idle.bin")


@pytest.mark.parametrize(("cpu", "code"), [("cortex-a57", "7f2003d5ffffff17"), ("cortex-a15", "03f020e3fdffffea")])
def test_virt_idles_in_the_language_of_its_processors(cpu, code):
    words = ["-M", "virt", "-cpu", cpu, "-bios", "b"]
    files = prepare(words, host=bare_host(), firmware="none", run_state=True).files
    assert files["idle.bin"].hex() == code


def test_real_firmware_runs_from_a_copy():
    given = {"firmware": "enumerated", "size_of": images}
    prepared = prepare(X86_FLASH.split(), host=bare_host(size_of=images), firmware="enumerated")
    assert dict(prepared.files) == {"flash0.img": Path(CODE), "flash1.img": Path(VARS)}
    assert fit(X86_FLASH, **given) == X86_FLASH.replace(CODE, "PRIVATE/flash0.img").replace(VARS, "PRIVATE/flash1.img")
    assert fit(f"-M q35 -bios {CODE}", **given) == "-M q35 -bios PRIVATE/firmware.bin"
    assert fit("-M q35 -bios bios-256k.bin", **given) == "-M q35 -bios bios-256k.bin"
    assert fit("-M q35", **given) == "-M q35"


def test_real_firmware_in_block_nodes_is_copied_where_its_file_is_named():
    nodes = (
        f'{{"driver":"raw","node-name":"code","file":{{"driver":"file","filename":"{CODE}"}}}}',
        f"driver=raw,node-name=vars,file.driver=file,file.filename={VARS}",
    )
    words = ["-M", "virt,pflash0=code,pflash1=vars", "-blockdev", nodes[0], "-blockdev", nodes[1]]
    prepared = prepare(words, host=bare_host(size_of=images), firmware="enumerated")
    assert dict(prepared.files) == {"flash0.img": Path(CODE), "flash1.img": Path(VARS)}
    assert f'"filename": "{PRIVATE}/flash0.img"' in prepared.words[3]
    assert prepared.words[5] == f"raw,node-name=vars,file.driver=file,file.filename={PRIVATE}/flash1.img"


def test_firmware_that_is_not_there_is_wrong_input():
    for words in (f"-M q35 -bios {CODE}", f"-M q35 -pflash {CODE}", f"-M q35,firmware={CODE}"):
        with pytest.raises(InputError, match=f"there is no file {CODE}: name one that is there, or leave it out"):
            fit(words, firmware="enumerated")


EDK2 = "/usr/share/qemu-efi-aarch64/QEMU_EFI.fd"


def test_virt_gets_edk2_where_firmware_is_to_run_and_none_is_given():
    found = {"size_of": lambda name: 1 if name == EDK2 else None}
    words = ("-M", "virt", "-cpu", "max")
    prepared = prepare(words, host=bare_host(**found), firmware="enumerated")
    assert prepared.words == prepared.own_words == (*words, "-bios", EDK2)
    chroot = bare_host(root=Path("/jail"), **found)
    prepared = prepare(words, host=chroot, firmware="enumerated")
    assert prepared.words == (*words, "-bios", f"{PRIVATE}/edk2.fd")
    assert dict(prepared.files) == {"edk2.fd": Path("/jail") / EDK2[1:]}
    assert prepared.own_words == (*words, "-bios", EDK2)
    text = " ".join(words)
    assert fit(text, firmware="enumerated", variables={"AAVMF": "/my/efi.fd"}) == f"{text} -bios /my/efi.fd"
    assert fit(text) == text


@pytest.mark.parametrize("cpu", ["", " -cpu cortex-a15"])
def test_virt_with_a_32_bit_processor_cannot_run_that_edk2(cpu):
    with pytest.raises(InputError, match="for 64-bit processors, and cortex-a15 is none: give another with -cpu"):
        fit(f"-M virt{cpu}", firmware="enumerated", variables={"AAVMF": "/my/efi.fd"})


def test_virt_without_any_edk2_is_wrong_input_with_a_remedy():
    with pytest.raises(InputError, match="install the package qemu-efi-aarch64, or give one with -bios FILE"):
        fit("-M virt -cpu max", firmware="enumerated")


@pytest.mark.parametrize("option", ["-readconfig f", "-set device.a.host=1"])
def test_options_that_hide_others_are_refused(option):
    with pytest.raises(InputError, match="on the command line itself"):
        fit(f"-M q35 {option}")
