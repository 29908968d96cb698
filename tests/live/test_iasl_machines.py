"""iasl reads the tables of whole machines and compiles what it read to the same bytes."""

import shutil
import subprocess

import pytest

from sandbox.acpi.srat import GenericPortAffinity, decode_srat
from sandbox.app import Sandbox

pytestmark = pytest.mark.live
NOT_LIVE = "no QEMU is started; the marker stands for iasl, which `make qemu` installs"

NODES = " ".join(f"-numa node,nodeid={node}" for node in range(2, 10))
TWO = "-object memory-backend-ram,id=m0,size=1G -object memory-backend-ram,id=m1,size=1G"
DISTANCES = " ".join(
    f"-numa dist,src={source},dst={other},val={20 + source + other}" for source in range(10) for other in range(source)
)
ALL = f"-m 2G -smp 4 {TWO} -numa node,cpus=0-1,memdev=m0 -numa node,cpus=2-3,memdev=m1 {NODES}"
GPU = "-device vfio-pci-nohotplug,host=0009:01:00.0,addr=04.0,rombar=0,id=dev0"
EIGHT = " ".join(f"-object acpi-generic-initiator,id=gi{i},pci-dev=dev0,node={i + 2}" for i in range(8))
MACHINES = {
    "the cover letter": (
        f"-M virt,gic-version=3 {ALL} {GPU} "
        "-object nvidia-acpi-generic-initiator,id=gi0,device=dev0,numa-node-start=2,numa-node-count=8"
    ),
    "eight objects on q35 with distances": f"-M q35 {ALL} {DISTANCES} {GPU} {EIGHT}",
    "hot-plug room on pc": f"-M pc {ALL.replace('-m 2G', '-m 2G,slots=4,maxmem=8G')} {GPU} {EIGHT}",
    "x2APIC processors": (
        "-M q35 -cpu qemu64,+x2apic -m 128M -smp 280 -object memory-backend-ram,id=m0,size=128M -numa node,memdev=m0"
    ),
    "HMAT": (
        f"-M q35,hmat=on {ALL} "
        "-numa hmat-lb,initiator=0,target=0,hierarchy=memory,data-type=access-latency,latency=10 "
        "-numa hmat-lb,initiator=1,target=0,hierarchy=memory,data-type=access-latency,latency=25"
    ),
}


@pytest.mark.parametrize("name", MACHINES)
def test_iasl_compiles_what_it_read_to_the_same_bytes(name, tmp_path):
    iasl = shutil.which("iasl")
    if iasl is None:
        pytest.skip("no iasl on PATH: install acpica-tools, or run `make qemu`")
    tables = Sandbox(MACHINES[name]).tables()
    if tables.srat is not None:
        assert not any(isinstance(entry, GenericPortAffinity) for entry in decode_srat(tables.srat).entries)
    for table in ("srat", "slit", "hmat"):
        ours = getattr(tables, table)
        if ours is None:
            continue
        (tmp_path / f"{table}.dat").write_bytes(ours)
        for command in (("-p", table, "-d", f"{table}.dat"), ("-p", f"{table}-again", f"{table}.dsl")):
            subprocess.run([iasl, *command], cwd=tmp_path, check=True, capture_output=True)
        theirs = (tmp_path / f"{table}-again.aml").read_bytes()
        assert theirs[:9] + theirs[10:28] + theirs[36:] == ours[:9] + ours[10:28] + ours[36:]
