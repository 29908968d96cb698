"""Devices, objects, memory and accelerators that need the host, and what takes their places."""

from __future__ import annotations

import pytest
from standin_hosts import bare_host, fit

from sandbox.live.standins import prepare

NOT_LIVE = "no QEMU is started"

KVM = {"has_kvm": lambda: True}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("vfio-pci,host=1:0.0,id=a,bus=b,addr=1.0,multifunction=on,rombar=0,x-no-mmap=on,display=off",
         "pci-testdev,bus=b,addr=1.0,multifunction=on,id=a"),
        ("vfio-pci-nohotplug,host=1:0.0,acpi-index=3", "pci-testdev,acpi-index=3"),
        ("driver=vfio-pci,id=a,sysfsdev=/s", "pci-testdev,id=a"),
        ('{"driver":"vfio-pci","host":"1:0.0","id":"a","bus":"b","addr":"0x0","rombar":0}',
         '\'{"bus": "b", "addr": "0x0", "driver": "pci-testdev", "id": "a"}\''),
        ("vhost-user-fs-pci,chardev=c,tag=t,queue-size=9,addr=3", "pci-testdev,addr=3"),
        ("vhost-vsock-pci,guest-cid=3,vhostfd=4", "pci-testdev"),
        ("ivshmem-doorbell,chardev=c", "pci-testdev"),
        ("virtio-gpu-gl-pci,id=g", "pci-testdev,id=g"),
        ("vfio-user-pci,socket=s,id=u", "pci-testdev,id=u"),
        ("qxl-vga,addr=2,ram_size=3", "VGA,addr=2"),
        ("virtio-vga-gl,id=v", "VGA,id=v"),
        ("usb-host,hostbus=1,id=u", "nvme-subsys,id=u"),
        ("scsi-generic,drive=d", "nvme-subsys"),
        ("tpm-crb,tpmdev=t,id=m", "nvme-subsys,id=m"),
        ("vhost-user-fs-device,chardev=c", "nvme-subsys"),
        ("loader,file=f,addr=0", "nvme-subsys"),
        ("loader,data=1,addr=0,data-len=4", "loader,data=1,addr=0,data-len=4"),
        ("e1000,romfile=/r", "e1000,romfile="),
        ("virtio-gpu-pci,blob=on,id=v", "virtio-gpu-pci,id=v"),
        ("virtio-mem-pci,memdev=m,prealloc=on", "virtio-mem-pci,memdev=m"),
        ("arm-smmuv3,primary-bus=b,id=s,accel=on,ats=on,ril=off,oas=48", "arm-smmuv3,primary-bus=b,id=s"),
        ("xen-platform", "xen-platform"),
        ("vfio-pci,id=9", "vfio-pci,id=9"),
        ('{"driver":', '{"driver":'),
    ],
)  # fmt: skip
def test_devices_of_the_host_give_their_places_away(before, after):
    words = f"-M q35 -device '{before}'"
    assert fit(words) == f"-M q35 -device {after}"


def test_a_device_is_never_taken_though_the_host_has_it():
    for has, said in (
        (True, ": a test run takes no device of the host's"),
        (False, "host's, and 0019:06:00.0 is none"),
    ):
        host = bare_host(has_pci=lambda _address, has=has: has)
        prepared = prepare(["-device", "vfio-pci,host=0019:06:00.0,id=dev0"], host=host, firmware="none")
        assert prepared.words == ("-device", "pci-testdev,id=dev0")
        assert prepared.changes[0].startswith(
            "-device vfio-pci,host=0019:06:00.0,id=dev0: a pci-testdev takes its place"
        )
        assert prepared.changes[0].endswith(said)


def test_sound_by_default_is_silent():
    assert (
        fit("-M q35 -device AC97")
        == "-M q35 -device AC97,audiodev=qom-sandbox-silent -audiodev none,id=qom-sandbox-silent"
    )
    assert fit("-M q35 -audiodev none,id=a -device AC97") == "-M q35 -audiodev none,id=a -device AC97"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("tls-creds-x509,id=t,dir=/d,endpoint=server", "tls-creds-anon,endpoint=client,id=t"),
        ("secret,id=s,file=/f", "secret,data=stand-in,id=s"),
        ("secret,id=s,data=x,keyid=k,iv=i", "secret,data=stand-in,id=s"),
        ("secret,id=s,data=x", "secret,id=s,data=x"),
        ('{"qom-type":"secret","id":"s","format":"raw","file":"/f"}',
         '\'{"id": "s", "data": "stand-in", "qom-type": "secret"}\''),
        ("rng-random,id=r,filename=/dev/hwrng", "rng-builtin,id=r"),
        ("rng-random,id=r", "rng-random,id=r"),
        ("iommufd,id=i,fd=3", "rng-builtin,id=i"),
        ("input-linux,id=i,evdev=/e", "rng-builtin,id=i"),
        ("sev-guest,id=s,cbitpos=47", "rng-builtin,id=s"),
        ("filter-dump,id=f,netdev=n,file=x", "memory-backend-ram,size=4096,id=f"),
        ("thread-context,id=t,cpu-affinity=0-3", "thread-context,id=t"),
        ("memory-backend-ram,id=m,size=1G,prealloc=on,host-nodes=0-1,policy=bind",
         "memory-backend-ram,size=1G,id=m,reserve=off"),
        ("memory-backend-file,id=m,size=1G,mem-path=/h,share=on,align=2M,pmem=on",
         "memory-backend-file,size=1G,mem-path=PRIVATE,share=on,align=2M,id=m,reserve=off"),
        ("memory-backend-file,id=m,size=1G,mem-path=/h,readonly=on",
         "memory-backend-file,size=1G,mem-path=PRIVATE/read-only.mem,readonly=on,id=m,reserve=off"),
        ("memory-backend-memfd,id=m,size=1G,hugetlb=on,hugetlbsize=2M",
         "memory-backend-file,size=1G,id=m,mem-path=PRIVATE,share=on,align=2M,reserve=off"),
        ("memory-backend-memfd,id=m,size=1G,share=off", "memory-backend-memfd,size=1G,share=off,id=m,reserve=off"),
        ("memory-backend-epc,id=m,size=1G", "memory-backend-ram,size=1G,id=m,reserve=off"),
        ('{"qom-type":"memory-backend-ram","id":"m","size":9,"host-nodes":[0],"prealloc":true}',
         '\'{"size": 9, "id": "m", "reserve": false, "qom-type": "memory-backend-ram"}\''),
    ],
)  # fmt: skip
def test_objects_that_need_the_host_keep_their_ids_and_phases(before, after):
    found = fit(f"-M q35 -object '{before}'").removeprefix("-M q35 -object ")
    if before.startswith("{"):
        assert sorted(found) == sorted(after)
    else:
        assert found == after


def test_an_iommufd_stays_where_the_host_has_one_but_its_descriptor_does_not():
    assert fit("-object iommufd,id=i,fd=3", exists=lambda name: name == "/dev/iommu") == "-object iommufd,id=i"


def test_a_device_does_not_use_an_object_that_cannot_serve_it():
    words = "-object cryptodev-vhost-user,id=c,chardev=x -device virtio-crypto-pci,cryptodev=c,id=d"
    assert fit(words) == "-object memory-backend-ram,size=4096,id=c -device pci-testdev,id=d"


def test_memory_that_may_not_go_unpromised_lies_in_a_file_where_it_is_large():
    strict = {"takes_unpromised": lambda: False, "largest_memory": lambda: 2 << 30}
    assert fit("-object memory-backend-ram,id=m,size=2G", **strict) == "-object memory-backend-ram,id=m,size=2G"
    large = "-object memory-backend-file,size=3G,id=m,mem-path=PRIVATE,align=2097152,share=on"
    assert fit("-object memory-backend-ram,id=m,size=3G", **strict) == large


@pytest.mark.parametrize(("machine", "name"), [("q35", "pc.ram"), ("virt,highmem=on", "mach-virt.ram")])
def test_more_memory_than_the_host_promises_becomes_an_object_for_both(machine, name):
    words = ["-M", machine, "-m", "9G"]
    prepared = prepare(words, host=bare_host(), firmware="none")
    members = f"memory-backend-ram,id={name},size={9 << 30}"
    backend = ("-machine", f"memory-backend={name}")
    assert prepared.words == (*words, "-object", f"{members},reserve=off", *backend)
    assert prepared.own_words == (*words, "-object", members, *backend)
    for enough in (
        ["-M", machine, "-m", "8G"],
        [*words, "-numa", "node,memdev=a"],
        [*words, "-machine", "memory-backend=a"],
    ):
        assert prepare(enough, host=bare_host(), firmware="none").words == tuple(enough)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("-M q35 -accel kvm,kernel-irqchip=split -cpu host,migratable=on",
         "-M q35 -accel tcg -cpu max,migratable=on,phys-bits=52"),
        ("-M q35,accel=kvm:tcg,usb=off -cpu host,phys-bits=46", "-M q35,accel=tcg,usb=off -cpu max,phys-bits=46"),
        ("-M q35 -enable-kvm -cpu EPYC,enforce", "-M q35 -machine accel=tcg -cpu EPYC"),
        ("-M q35 -accel kvm -cpu EPYC,host-phys-bits=on",
         "-M q35 -accel tcg -cpu EPYC,host-phys-bits=on,phys-bits=52"),
        ("-M virt,gic_version=host -accel kvm -cpu host,kvm-steal-time=off,pmu=on",
         "-M virt,gic-version=max -accel tcg -cpu max,pmu=on"),
        ("-M q35 -accel tcg,thread=multi -cpu max", "-M q35 -accel tcg,thread=multi -cpu max"),
        ("-M q35 -cpu host", "-M q35 -cpu host"),
    ],
)  # fmt: skip
def test_without_kvm_both_machines_have_tcg(before, after):
    prepared = prepare(before.split(), host=bare_host(), firmware="none")
    assert prepared.words == prepared.own_words == tuple(after.split())
    assert bool(prepared.changes) == (before != after)


def test_kvm_stays_where_the_host_has_it_for_the_same_architecture():
    words = "-M q35 -accel kvm -cpu host"
    assert fit(words, **KVM) == words
    assert fit(words, architecture="aarch64", **KVM) == "-M q35 -accel tcg -cpu max,phys-bits=52"
    assert fit(words.replace("q35", "virt"), architecture="arm64", **KVM) == words.replace("q35", "virt")


def test_machine_properties_that_name_files_and_protections_are_left_out():
    words = "-M q35,kernel=k,initrd=i,append=a,memory-encryption=s,confidential_guest_support=s,dumpdtb=d,usb=off"
    assert fit(words) == "-M q35,usb=off"
