"""Machines that the sandbox has not, as each command meets them: it says so, and takes none for another."""

import pytest

from sandbox.cli import main

VENDORS_DOMAIN = """
<domain type='kvm'><name>vm</name><memory unit='GiB'>1</memory><vcpu>2</vcpu>
<os><type arch='x86_64' machine='pc-q35-rhel9.4.0'>hvm</type></os></domain>
"""
COMMANDS = (
    ["tables"],
    ["guest"],
    ["lint"],
    ["translate", "--to", "10.0"],
    ["export", "--as", "args"],
    ["compare"],
    ["compare", "--qemu", "true"],
    ["serve", "--qmp", "tcp:0"],
)


def run(capsys, *words):
    status = main([str(word) for word in words])
    printed = capsys.readouterr()
    return status, printed.out, printed.err


@pytest.mark.parametrize("target", ["riscv64", "loongarch64"])
@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_qemu_for_another_architecture_is_not_modelled(capsys, command, target):
    status, text, error = run(capsys, *command, "--", f"/usr/bin/qemu-system-{target}", "-M", "virt", "-m", "512")
    assert (status, text) == (2, "")
    assert f"machines of {target} are not modelled: the sandbox has pc, q35, and virt of Arm" in error


@pytest.mark.parametrize("command", [["tables"], ["guest"], ["lint"], ["serve", "--qmp", "tcp:0"]], ids=" ".join)
def test_a_vendors_machine_is_no_refusal_of_qemus(capsys, command):
    status, text, error = run(capsys, *command, "--", "/usr/libexec/qemu-kvm", "-M", "pc-q35-rhel9.4.0")
    assert (status, text) == (2, "")
    assert "machine 'pc-q35-rhel9.4.0' is a vendor's and not modelled; name -M pc-q35-X.Y" in error


@pytest.mark.parametrize("command", [["lint"], ["export", "--as", "json"], ["guest"], ["tables"]], ids=" ".join)
def test_a_vendors_machine_in_a_domain_is_taken_for_the_newest_of_its_family(capsys, tmp_path, command):
    domain = tmp_path / "vm.xml"
    domain.write_text(VENDORS_DOMAIN)
    status, text, error = run(capsys, *command, "--libvirt", domain)
    assert (status, text != "") == (0, True)
    assert "QEMU itself has no machine pc-q35-rhel9.4.0 in dialect" in error


@pytest.mark.parametrize("program", ["qemu-system-arm", "qemu-system-i386"])
def test_a_32_bit_machine_has_tables_and_no_forecast(capsys, program):
    machine = "virt" if "arm" in program else "pc"
    assert run(capsys, "tables", "--", program, "-M", machine)[0] == 0
    status, text, error = run(capsys, "guest", "--", program, "-M", machine)
    assert (status, text) == (2, "")
    assert f"{program} runs 32-bit guests, and forecasts are of 64-bit kernels" in error


def test_a_program_has_the_machines_of_its_architecture(capsys):
    assert (
        'qemu-system-amd64: unsupported machine type: "virt"'
        in run(capsys, "tables", "--", "qemu-system-amd64", "-M", "virt")[2]
    )
