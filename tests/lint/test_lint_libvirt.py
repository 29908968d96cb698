"""What lint says of a libvirt domain: in libvirt's words, and of a nodeset once."""

from __future__ import annotations

import json

import pytest

from sandbox.cli import main
from sandbox.lint.libvirt_remedies import LIBVIRT_REMEDIES
from sandbox.lint.rules import RULES

DOMAIN = """\
<domain type='kvm'>
  <name>gpu</name>
  <memory unit='GiB'>2</memory>
  <vcpu>2</vcpu>
  <os><type arch='aarch64' machine='virt'>hvm</type></os>
  <features><acpi/><gic version='3'/></features>
  <cpu mode='host-passthrough'>
    <numa>
      <cell id='0' cpus='0-1' memory='2' unit='GiB'/>
      <cell id='1' memory='0' unit='KiB'/>
      <cell id='2' memory='0' unit='KiB'/>
    </numa>
  </cpu>
  <devices>
    <controller type='pci' index='0' model='pcie-root'/>
    <controller type='pci' index='1' model='pcie-root-port'/>
    <hostdev mode='subsystem' type='pci' managed='yes'>
      <source><address domain='0x0009' bus='0x01' slot='0x00' function='0x0'/></source>
      <acpi nodeset='1-2'/>
      <address type='pci' domain='0x0000' bus='0x01' slot='0x00' function='0x0'/>
    </hostdev>
  </devices>
</domain>
"""


@pytest.fixture
def look(tmp_path, capsys):
    def look_at(text, *options):
        file = tmp_path / "domain.xml"
        file.write_text(text)
        main(["lint", "--json", *options, "--libvirt", str(file)])
        return json.loads(capsys.readouterr().out)

    return look_at


@pytest.mark.parametrize(
    ("nodeset", "nodes"), [("1-8", "nodes 3 to 8"), ("2-3", "node 3"), ("1,4-5,8", "nodes 4 to 5, 8")]
)
def test_a_nodeset_that_is_too_long_is_one_finding(look, nodeset, nodes):
    errors = [it for it in look(DOMAIN.replace("1-2", nodeset)) if it["severity"] == "error"]
    assert [it["code"] for it in errors] == ["GI102"]
    assert f" names {nodes}, and 0 to 2 are declared: QEMU ends as it starts" in errors[0]["message"]
    assert errors[0]["remedy"].startswith("Declare a <cell> with memory='0' for each node of nodeset")


def test_nodesets_of_two_devices_are_two_findings(look):
    start, end = DOMAIN.index("    <hostdev"), DOMAIN.index("  </devices>")
    second = DOMAIN[start:end].replace("bus='0x01' slot='0x00'", "bus='0x01' slot='0x01'")
    both = (DOMAIN[:end] + second + DOMAIN[end:]).replace("1-2", "1-4")
    messages = [it["message"] for it in look(both) if it["code"] == "GI102"]
    assert [message.partition(" names ")[0] for message in messages] == [
        "'hostdev0' (gi2 to gi3)",
        "'hostdev1' (gi6 to gi7)",
    ]


def test_remedies_are_about_elements_of_the_domain(look):
    found = {it["code"]: it["remedy"] for it in look(DOMAIN)}
    assert {"GI201", "GI304", "GI601"} <= found.keys()
    for code in ("GI201", "GI304", "GI601"):
        assert "<" in found[code] or "nodeset" in found[code]
    assert look(DOMAIN.replace("<acpi/><gic", "<gic"))[0]["remedy"] == "Put <acpi/> into <features>."


def test_no_remedy_for_libvirt_names_an_option_of_qemus():
    rules = {rule.code: rule for rule in RULES}
    options = ("-numa", "-object ", "maxmem", "acpi=off", "hotplug=off")
    assert LIBVIRT_REMEDIES.keys() <= rules.keys()
    for code, remedy in LIBVIRT_REMEDIES.items():
        assert remedy != rules[code].remedy
        assert not any(option in remedy.replace("rather than an -object into", "") for option in options)
    of_setups = {rule.code for rule in RULES if rule.of_setup or rule.of_view}
    for code in of_setups - LIBVIRT_REMEDIES.keys():
        assert not any(option in rules[code].remedy for option in options)


def test_the_version_that_is_taken_is_named_unless_one_is_told(look):
    assert {it["dialect_reason"] for it in look(DOMAIN)} == {"taken for a libvirt domain"}
    told = look(DOMAIN, "--dialect", "11.1")
    assert {(it["dialect"], it["dialect_reason"]) for it in told} == {("11.1", "as asked for")}


def test_the_monitor_that_libvirt_adds_changes_the_order_in_11_1_only(look):
    cells = "".join(f"<cell id='{n}' memory='0' unit='KiB'/>" for n in range(3, 6))
    five = DOMAIN.replace("</numa>", f"{cells}</numa>").replace("1-2", "1-5")
    (both,) = [it["message"] for it in look(five) if it["code"] == "GI501"]
    orders = []
    for version in ("10.0", "11.1"):
        (told,) = [it["message"] for it in look(five, "--dialect", version) if it["code"] == "GI501"]
        orders.append(told.partition("come as ")[2])
        assert f"come as {orders[-1]}" in both
    assert orders == ["1 3 5 2 4", "5 4 3 2 1"]


def in_commandline(*objects):
    """The domain with objects of the user's, who chose the ids."""
    args = "".join(f"<qemu:arg value='-object'/><qemu:arg value='{it}'/>" for it in objects)
    text = DOMAIN.replace("      <acpi nodeset='1-2'/>\n", "").replace(
        "<domain type='kvm'>", "<domain type='kvm' xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>"
    )
    return text.replace("</domain>", f"<qemu:commandline>{args}</qemu:commandline></domain>")


def test_a_user_who_names_the_objects_is_given_ids(look):
    given = [f"acpi-generic-initiator,id={name},pci-dev=hostdev0,node={node}" for name, node in (("a", 2), ("c", 1))]
    (one,) = [it for it in look(in_commandline(*given)) if it["code"] == "GI501"]
    assert one["remedy"].startswith("Give the objects of <qemu:commandline> in this order, with these ids: ")
    pairs = one["remedy"].partition("ids: ")[2].split(", ")
    ids = {int(pair.split(" ")[-1]): pair.split(" ")[0] for pair in pairs}
    named = [f"acpi-generic-initiator,id={ids[node]},pci-dev=hostdev0,node={node}" for node in (1, 2)]
    assert "GI501" not in {it["code"] for it in look(in_commandline(*named))}


def test_who_leaves_the_names_to_libvirt_is_told_how_to_choose_them(look):
    cells = "".join(f"<cell id='{n}' memory='0' unit='KiB'/>" for n in range(3, 6))
    five = DOMAIN.replace("</numa>", f"{cells}</numa>").replace("1-2", "1-5")
    (remedy,) = [it["remedy"] for it in look(five) if it["code"] == "GI501"]
    assert "libvirt names the objects of <acpi nodeset>" in remedy
    assert "give the objects in <qemu:commandline> instead" in remedy
