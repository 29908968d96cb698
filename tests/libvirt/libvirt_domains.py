"""Domains, written by hand and made of scenarios, for which tests/data has what libvirt makes of them."""

from __future__ import annotations

import shlex
from pathlib import Path
from random import Random

from sandbox.libvirt.from_machine import domain_of
from sandbox.libvirt.write import write_domain
from sandbox.scenario.load import load_scenario
from sandbox.translate.convert import convert

ROOT = Path(__file__).parents[2]

WHOLE = ("whole-x86", "whole-arm")
"""Domains with disks, displays and USB devices, as ``virsh dumpxml`` gives them."""

HAND = """\
<domain type='qemu'>
  <name>hand</name>
  <memory unit='GiB'>2</memory>
  <maxMemory slots='2' unit='GiB'>8</maxMemory>
  <vcpu placement='static' current='2'>4</vcpu>
  <iothreads>2</iothreads>
  <os firmware='efi'>
    <type arch='aarch64' machine='virt-9.2'>hvm</type>
  </os>
  <features><acpi/><gic version='3'/></features>
  <cpu mode='custom' match='exact'>
    <model>cortex-a57</model>
    <topology sockets='1' dies='1' clusters='1' cores='4' threads='1'/>
    <numa>
      <cell id='0' cpus='0,2' memory='1' unit='GiB'/>
      <cell id='1' cpus='1,3' memory='1' unit='GiB' memAccess='shared'>
        <distances><sibling id='2' value='44'/></distances>
      </cell>
      <cell id='2' memory='0'/>
      <cell id='3' memory='0'/>
      <cell id='4' memory='0'/>
    </numa>
  </cpu>
  <devices>
    <controller type='usb' model='none'/>
    <controller type='pci' index='0' model='pcie-root'/>
    <controller type='pci' index='1' model='pcie-expander-bus'>
      <target busNr='180'><node>1</node></target>
      <address type='pci' domain='0' bus='0' slot='5' function='0'/>
    </controller>
    <controller type='pci' index='2' model='pcie-root-port'>
      <target chassis='7' port='0x3' hotplug='off'/>
      <address type='pci' domain='0' bus='1' slot='0' function='0'/>
    </controller>
    <controller type='pci' index='3' model='pcie-switch-upstream-port'>
      <address type='pci' domain='0' bus='2' slot='0' function='0'/>
    </controller>
    <controller type='pci' index='4' model='pcie-switch-downstream-port'>
      <target chassis='9' port='0x1'/>
      <address type='pci' domain='0' bus='3' slot='1' function='0'/>
    </controller>
    <controller type='pci' index='5' model='pcie-root-port'>
      <target chassis='10' port='0x9'/>
      <address type='pci' domain='0' bus='0' slot='6' function='0' multifunction='on'/>
    </controller>
    <controller type='pci' index='6' model='pcie-to-pci-bridge'>
      <address type='pci' domain='0' bus='5' slot='0' function='0'/>
    </controller>
    <hostdev mode='subsystem' type='pci' managed='no'>
      <driver iommufd='yes'/>
      <source><address domain='0x0009' bus='0x01' slot='0x00' function='0x0'/></source>
      <acpi nodeset='2,4'/>
      <address type='pci' domain='0' bus='4' slot='0' function='0'/>
    </hostdev>
    <hostdev mode='subsystem' type='pci' managed='yes'>
      <source><address domain='0x0009' bus='0x02' slot='0x00' function='0x1'/></source>
      <alias name='ua-second'/>
      <rom bar='off'/>
      <acpi nodeset='3'/>
      <address type='pci' domain='0' bus='6' slot='0x1f' function='0'/>
    </hostdev>
    <rng model='virtio'>
      <backend model='random'>/dev/urandom</backend>
      <address type='pci' domain='0' bus='0' slot='7' function='0'/>
    </rng>
    <memballoon model='none'/>
  </devices>
</domain>
"""

PLAIN_PC = """\
<domain type='qemu' xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>
  <name>plain</name>
  <memory>524288</memory>
  <vcpu>2</vcpu>
  <os><type arch='x86_64' machine='pc-i440fx-9.2'>hvm</type></os>
  <features><acpi/></features>
  <cpu>
    <numa>
      <cell id='0' cpus='0-1' memory='524288' unit='KiB'/>
      <cell id='1' memory='0' unit='KiB'/>
    </numa>
  </cpu>
  <devices>
    <controller type='usb' model='none'/>
    <controller type='pci' index='0' model='pci-root'/>
    <controller type='pci' index='1' model='pci-bridge'>
      <target chassisNr='5'/>
      <address type='pci' domain='0' bus='0' slot='0x9' function='0'/>
    </controller>
    <memballoon model='none'/>
  </devices>
  <qemu:commandline>
    <qemu:arg value='-device'/>
    <qemu:arg value='{"driver":"pci-testdev","id":"test","bus":"pci.1","addr":"3"}'/>
    <qemu:arg value='-object'/>
    <qemu:arg value='acpi-generic-initiator,id=own,pci-dev=test,node=1'/>
  </qemu:commandline>
</domain>
"""


MODULES = """\
    <memory model='dimm'>
      <target><size unit='MiB'>128</size><node>1</node></target>
    </memory>
    <memory model='virtio-mem'>
      <target dynamicMemslots='yes'>
        <size unit='MiB'>512</size><node>0</node><block unit='MiB'>4</block><requested unit='MiB'>64</requested>
        <address base='0x180000000'/>
      </target>
      <address type='pci' domain='0' bus='0' slot='9' function='0'/>
    </memory>
    <memory model='dimm'>
      <source><pagesize unit='KiB'>4</pagesize></source>
      <target><size unit='KiB'>261500</size><node>0</node></target>
      <alias name='ua-module'/>
      <address type='dimm' slot='2' base='0x150000000'/>
    </memory>
    <memory model='nvdimm' access='shared'>
      <source><path>/var/nvdimm</path><alignsize unit='MiB'>4</alignsize></source>
      <target><size unit='MiB'>256</size><node>1</node><label><size unit='KiB'>128</size></label><readonly/></target>
    </memory>
    <memory model='virtio-mem'>
      <target><size unit='MiB'>32</size><node>1</node><block unit='MiB'>2</block><requested>0</requested></target>
      <address type='pci' domain='0' bus='0' slot='0xa' function='0'/>
    </memory>
"""


def with_modules(arch: str) -> str:
    """A domain with memory devices of each kind that libvirt has on an architecture."""
    machine, root = ("pc-q35-9.2", "") if arch == "x86_64" else ("virt-9.2", " firmware='efi'")
    pmem = """\
    <memory model='virtio-pmem'>
      <source><path>/var/pmem</path></source>
      <target><size unit='MiB'>128</size></target>
      <address type='pci' domain='0' bus='0' slot='0xb' function='0'/>
    </memory>
"""
    return f"""\
<domain type='qemu'>
  <name>modules-{arch}</name>
  <memory unit='MiB'>512</memory>
  <maxMemory slots='4' unit='GiB'>8</maxMemory>
  <vcpu>2</vcpu>
  <os{root}><type arch='{arch}' machine='{machine}'>hvm</type></os>
  <features><acpi/></features>
  <cpu{" mode='custom'" * (arch != "x86_64")}>{"<model>cortex-a57</model>" * (arch != "x86_64")}
    <numa>
      <cell id='0' cpus='0-1' memory='512' unit='MiB'/>
      <cell id='1' memory='0'/>
    </numa>
  </cpu>
  <devices>
    <controller type='usb' model='none'/>
    <hostdev mode='subsystem' type='pci' managed='no'>
      <driver name='vfio' model='nvgrace_gpu_vfio_pci'/>
      <source><address domain='0x0009' bus='0x01' slot='0x00' function='0x0'/></source>
      <acpi nodeset='1'/>
      <address type='pci' domain='0' bus='0' slot='8' function='0'/>
    </hostdev>
    <memballoon model='none'/>
{MODULES}{pmem * (arch == "x86_64")}  </devices>
</domain>
"""


WITHOUT_CELLS = """\
<domain type='qemu'>
  <name>without-cells</name>
  <memory unit='MiB'>640</memory>
  <maxMemory slots='4' unit='GiB'>8</maxMemory>
  <vcpu>2</vcpu>
  <os><type arch='x86_64' machine='pc-q35-9.2'>hvm</type></os>
  <features><acpi/></features>
  <devices>
    <controller type='usb' model='none'/>
    <hostdev mode='subsystem' type='pci' managed='yes'>
      <source><address domain='0x0009' bus='0x01' slot='0x00' function='0x0'/></source>
      <acpi nodeset='0'/>
      <address type='pci' domain='0' bus='0' slot='8' function='0'/>
    </hostdev>
    <memballoon model='none'/>
    <memory model='dimm'>
      <target><size unit='MiB'>128</size></target>
    </memory>
  </devices>
</domain>
"""


def of_scenario(stem: str) -> str:
    """The domain of a shipped scenario, of a machine type that QEMUs of different age have."""
    path = ROOT / "scenarios" / f"{stem}.yaml"
    scenario = load_scenario(path.read_text(encoding="utf-8"), path.name)
    merged = convert(scenario, "10.0", keep_ids=True).scenario
    words = [word.replace("virt,", "virt-9.2,") for word in merged.command_line]
    return write_domain(domain_of(words, "10.0", stem).domain)


def random_domain(seed: int) -> str:
    """A machine drawn at random: root ports, GPUs behind them and beside them, nodes, distances, companions."""
    random = Random(seed)
    gpus, ports = random.randrange(1, 4), random.randrange(0, 3)
    share = random.randrange(1, 9)
    count = 1 + gpus * share
    words = "-M pc-q35-9.2 -m 256M -smp 2 -object memory-backend-ram,id=m0,size=256M -numa node,memdev=m0"
    words += " -numa node" * (count - 1)
    if random.random() < 0.5:
        pairs = ((one, other) for one in range(count) for other in range(one + 1, count))
        words += "".join(f" -numa dist,src={a},dst={b},val={random.randrange(11, 200)}" for a, b in pairs)
    words += "".join(f" -object iothread,id=io{n}" for n in range(random.randrange(3)))
    for port in range(ports):
        words += f" -device pcie-root-port,id=rp{port},chassis={port + 1},addr={port + 8}"
    for gpu in range(gpus):
        place = f"bus=rp{gpu},addr=0" if gpu < ports else f"addr={gpu + 16}"
        words += f" -device vfio-pci,host=0009:0{gpu + 1}:00.0,id=gpu{gpu},{place}"
        nodes = range(1 + gpu * share, 1 + (gpu + 1) * share)
        words += "".join(f" -object acpi-generic-initiator,id=g{n},pci-dev=gpu{gpu},node={n}" for n in nodes)
    return write_domain(domain_of(shlex.split(words), "10.0", f"random-{seed}").domain)


def domains() -> dict[str, str]:
    """All of them by name."""
    shipped = ("grace-hopper-merged", "distances", "two-gpus")
    made = {stem: of_scenario(stem) for stem in shipped}
    whole = {name: (Path(__file__).parent / f"{name}.xml").read_text(encoding="utf-8") for name in WHOLE}
    drawn = {f"random-{seed}": random_domain(seed) for seed in range(8)}
    modules = {f"modules-{arch}": with_modules(arch) for arch in ("x86_64", "aarch64")}
    modules["without-cells"] = WITHOUT_CELLS
    return {"hand": HAND, "plain-pc": PLAIN_PC, **whole, **made, **drawn, **modules}
