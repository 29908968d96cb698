from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.errors import MachineExit
from sandbox.machine.families import machine_type
from sandbox.machine.refusals import ConfigurationError
from sandbox.machine.smp import SmpConfig, smp_config

KEYS = ("cpus", "maxcpus", "sockets", "dies", "clusters", "modules", "cores", "threads", "books", "drawers")
MACHINES = st.sampled_from(["pc", "q35", "virt", "pc-q35-6.1", "virt-6.1", "pc-i440fx-4.2"])


@given(MACHINES, st.dictionaries(st.sampled_from(KEYS), st.integers(-2, 70000)))
def test_a_topology_is_whole_or_refused(name, options):
    try:
        smp = smp_config(machine_type(name), options)
    except (ConfigurationError, MachineExit):
        return
    total = smp.sockets * smp.dies * smp.clusters * smp.modules * smp.cores * smp.threads
    assert total % 2**32 == smp.max_cpus  # QEMU multiplies 32-bit numbers
    assert 1 <= smp.cpus <= smp.max_cpus <= machine_type(name).max_cpus


def test_cpus_become_cores_since_6_2_and_sockets_before():
    assert smp_config(machine_type("q35"), {"cpus": 8}) == SmpConfig(8, 8, cores=8)
    assert smp_config(machine_type("pc-q35-6.1"), {"cpus": 8}) == SmpConfig(8, 8, sockets=8)


def test_a_zero_is_refused_since_9_0_and_warned_about_before():
    with pytest.raises(ConfigurationError, match="must be greater than zero"):
        smp_config(machine_type("virt", qemu=(9, 0)), {"cpus": 2, "sockets": 0})
    smp = smp_config(machine_type("virt", qemu=(8, 1)), {"cpus": 2, "sockets": 0})
    assert smp.cores == 2
    assert [notice.text for notice in smp.notices] == [
        "Deprecated CPU topology (considered invalid): CPU topology parameters must be greater than zero"
    ]


def test_a_level_that_a_machine_lacks_may_be_1():
    assert smp_config(machine_type("virt"), {"cpus": 2, "dies": 1}).notices == ()
    warned = smp_config(machine_type("virt", qemu=(9, 0)), {"cpus": 2, "dies": 1})
    assert "Unsupported dies parameter mustn't be specified as 1" in warned.notices[0].text
    with pytest.raises(ConfigurationError, match=r"^dies > 1 not supported by this machine's CPU topology$"):
        smp_config(machine_type("virt"), {"cpus": 2, "dies": 2})
    with pytest.raises(ConfigurationError, match=r"^dies not supported by this machine's CPU topology$"):
        smp_config(machine_type("virt", qemu=(8, 1)), {"cpus": 2, "dies": 2})


def test_modules_came_with_9_1():
    assert smp_config(machine_type("q35", qemu=(9, 1)), {"cpus": 4, "modules": 2}).modules == 2
    with pytest.raises(ConfigurationError, match="modules not supported"):
        smp_config(machine_type("q35", qemu=(9, 0)), {"cpus": 4, "modules": 2})


def test_levels_whose_product_is_zero_modulo_2_to_32_kill_qemu():
    with pytest.raises(MachineExit) as caught:
        smp_config(machine_type("pc"), {"cpus": 4, "sockets": 65536, "cores": 65536})
    assert caught.value.status == -8
