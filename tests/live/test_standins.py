"""What becomes of each kind of option when a command line is made fit for a test run."""

from __future__ import annotations

import re
import shlex

import pytest
from standin_hosts import NAMES, bare_host, fit, words_of

from sandbox.live.standins import prepare
from sandbox.machine.arguments import is_paused

NOT_LIVE = "no QEMU is started"


@pytest.mark.parametrize(
    "kept",
    [
        "-M q35 -m 2G -smp 4 -numa node -cpu EPYC -rtc base=utc -uuid 1 -name a -boot strict=on -no-reboot -nodefaults",
        "-M q35 -nographic -global pcie-root-port.x-speed=16 -no-such-option value -another",
        "-device pci-testdev,id=a -object acpi-generic-initiator,id=gi0,pci-dev=a,node=1 -object rng-builtin,id=r",
        '-device \'{"driver":"pci-testdev","id":"a"}\' -object iothread,id=b -object can-bus,id=c',
        "-object secret,id=s,data=x -object rng-random,id=r,filename=/dev/urandom -object tls-creds-anon,id=t",
        "-netdev hubport,id=n,hubid=3 -net none -nic none -net nic,model=e1000 -audiodev none,id=a -fsdev synth,id=f",
        "-drive if=none,id=empty,media=cdrom -blockdev null-co,node-name=n -serial null -chardev null,id=c",
        "-monitor none -display none -icount shift=auto -overcommit cpu-pm=on -fw_cfg name=a,string=b -accel tcg",
    ],
)
def test_what_needs_nothing_stays_as_it_is(kept):
    prepared = prepare(shlex.split(kept), host=bare_host(), firmware="none")
    assert list(prepared.words) == shlex.split(kept)
    assert [change for change in prepared.changes if "a monitor is added" not in change] == []


@pytest.mark.parametrize(
    "option",
    [
        "-daemonize", "-pidfile p", "-full-screen", "-vnc :1", "-spice port=1", "-display gtk", "-gdb tcp::1", "-s",
        "-D log", "-d int", "-trace x", "-dfilter 0+1", "-incoming defer", "-runas me", "-chroot d", "-run-with user=x",
        "-sandbox on", "-plugin p.so", "-qtest unix:q", "-qtest-log x", "-add-fd fd=3,set=1", "-snapshot", "-initrd i",
        "-kernel k", "-append a", "-dtb d", "-shim s", "-option-rom r", "-mem-path /m", "-mem-prealloc",
        "-tpmdev t,id=t",
        "-smbios file=x", "-overcommit mem-lock=on", "-icount shift=1,rr=record,rrfile=r", "-perfmap", "-jitdump",
        "-dump-vmstate f", "--daemonize", "-boot splash=x",
    ],
)  # fmt: skip
def test_what_a_test_run_must_not_have_is_left_out_and_named(option):
    prepared = prepare(["-M", "q35", *option.split(" ", 1)], host=bare_host(), firmware="none")
    assert prepared.words == ("-M", "q35")
    (change,) = prepared.changes
    assert change.startswith(f"{option}: ")


def test_a_pause_is_left_to_the_start_and_can_be_asked_for():
    assert fit("-M q35 -S") == "-M q35"
    assert is_paused(["-M", "q35", "-S"])
    assert is_paused(["--S"])
    assert not is_paused(["-append", "-S", "-s"])


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("-overcommit mem-lock=on,cpu-pm=on", "-overcommit cpu-pm=on"),
        ("-boot menu=on,splash=a.bmp,strict=on", "-boot menu=on,strict=on"),
        ("-boot order=c,splash-time=3", "-boot order=c,splash-time=3"),
        ("-boot d", "-boot d"),
        ("-smbios type=11,value=a,path=b", "-smbios type=11,value=stand-in"),
        ("-fw_cfg opt/a,file=b", "-fw_cfg opt/a,string=stand-in"),
        ("-usbdevice braille -usbdevice mouse", "-usbdevice tablet -usbdevice mouse"),
        ("-vga qxl -vga virtio", "-vga std -vga virtio"),
    ],
)
def test_names_of_files_and_of_what_is_missing_are_taken_from_options(before, after):
    assert fit(before) == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("-netdev tap,id=a -netdev user,id=b", "-netdev hubport,id=a,hubid=7000 -netdev hubport,id=b,hubid=7001"),
        ("-netdev '{\"type\":\"tap\",\"fd\":\"3\",\"id\":\"a\"}'",
         "-netdev '{\"hubid\": 7000, \"type\": \"hubport\", \"id\": \"a\"}'"),
        ("-nic tap,model=e1000,mac=1,ifname=x", "-nic hubport,model=e1000,mac=1,hubid=7000"),
        ("-nic model=e1000", "-nic model=e1000,type=hubport,hubid=7000"),
        ("-net nic -net tap,ifname=x", "-net nic -net none"),
        ("-fsdev local,id=a,path=/p,security_model=none", "-fsdev synth,id=a"),
        ("-virtfs local,path=/p,mount_tag=t,security_model=none", "-virtfs synth,mount_tag=t"),
        ("-audiodev pa,id=a,server=x -audio driver=alsa,model=hda", "-audiodev none,id=a -audio none,model=hda"),
        ("-audio model=hda", "-audio none,model=hda"),
        ("-audiodev '{\"id\":\"a\",\"driver\":\"spice\"}'", "-audiodev '{\"driver\": \"none\", \"id\": \"a\"}'"),
    ],
)  # fmt: skip
def test_backends_reach_nothing_and_keep_their_ids(before, after):
    assert fit(before) == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("-chardev socket,id=a,path=/s,server=on", "-chardev null,id=a"),
        ("-chardev stdio,id=a,mux=on,signal=off", "-chardev null,mux=on,id=a"),
        ("-chardev ringbuf,id=a,logfile=x", "-chardev null,id=a"),
        ("-chardev hub,id=h,chardevs.0=a", "-chardev hub,id=h,chardevs.0=a"),
        ("-serial pty -serial none -serial chardev:x", "-serial null -serial none -serial chardev:x"),
        ("-parallel /dev/lp0 -debugcon file:x", "-parallel null -debugcon null"),
    ],
)  # fmt: skip
def test_character_devices_and_ports_lead_nowhere(before, after):
    assert fit(before) == after


OURS = "-qmp unix:PRIVATE/qmp"
OUR_CHARDEV = "-chardev socket,id=qom-sandbox-qmp,path=PRIVATE/qmp"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("-monitor stdio -qmp unix:q -qmp-pretty unix:p", f"-monitor null {OURS} -qmp-pretty null"),
        ("-qmp-pretty stdio", OURS),
        ("-monitor stdio -monitor vc", f"{OURS} -monitor null"),
        ("-mon chardev=c,mode=control,pretty=on,id=m -qmp x",
         f"{OUR_CHARDEV} -mon qom-sandbox-qmp,mode=control,id=m -qmp null"),
        ("-mon c,mode=readline -serial mon:stdio",
         f"{OUR_CHARDEV} -mon qom-sandbox-qmp,mode=control -serial mon:null"),
        ("-serial mon:stdio -parallel mon:x", "-serial null -parallel mon:null"),
    ],
)  # fmt: skip
def test_our_monitor_takes_the_place_of_the_first_for_programs(before, after):
    assert fit(before) == after


def test_a_monitor_more_is_told_to_the_machine_that_is_asked():
    for words in ("-M q35 -nodefaults", "-M q35 -monitor none"):
        prepared = prepare(words.split(), host=bare_host(), firmware="none")
        assert prepared.own_words == (*words.split(), "-qmp", "null")
        assert prepared.changes == ("a monitor is added: the command line has none, and the test run needs one",)
    prepared = prepare(["-M", "q35"], host=bare_host(), firmware="none")
    assert prepared.own_words == ("-M", "q35")


OF_HOST = re.compile(
    r"""(?:^|[=:"'])/(?!dev/urandom$|machine/)|\b(?:host|sysfsdev|evdev|wwpn|fds?|ifname)["']?[=:]"""
    r"""|^(?:{"driver":\s*")?(?:vfio|vhost|usb-host|tap|kvm(?!-pit))"""
)


@pytest.mark.parametrize("name", NAMES)
def test_nothing_of_the_users_is_named_in_a_test_run(name):
    given = words_of(name)
    prepared = prepare(given, host=bare_host(), firmware="none", run_state=True)
    assert [word for word in prepared.words if OF_HOST.search(word)] == []
    assert name == "nothing-special" or any(OF_HOST.search(word) for word in given)


def test_every_change_is_a_sentence_of_its_own():
    for name in NAMES:
        changes = prepare(words_of(name), host=bare_host(), firmware="none").changes
        assert all(": " in change and not change.endswith((".", " ")) for change in changes)
        assert len(set(changes)) >= len(changes) - 1
