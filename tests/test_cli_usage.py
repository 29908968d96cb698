"""How words of the command line are understood: mistyped ones, versions of QEMUs, machines without a QEMU."""

import pytest

from sandbox.cli import main


def refused(capsys, *words):
    with pytest.raises(SystemExit) as caught:
        main(list(words))
    assert caught.value.code == 2
    usage, _, error = capsys.readouterr().err.rpartition(": error: ")
    return usage, error


@pytest.mark.parametrize(
    ("words", "command", "error"),
    [
        (["lnit"], "qom-sandbox", "there is no command 'lnit'; did you mean 'lint'?"),
        (["lint", "--explian", "GI102"], "qom-sandbox lint", "arguments: --explian; did you mean '--explain'?"),
        (["lint", "--fail_on=note"], "qom-sandbox lint", "arguments: --fail_on=note; did you mean '--fail-on'?"),
        (["show", "x", "--zzz"], "qom-sandbox show", "unrecognized arguments: --zzz\n"),
        (["tables", "-M", "q35"], "qom-sandbox tables", "arguments: -M; QEMU's arguments come after '--'"),
        (["show", "x", "--", "-M", "q35"], "qom-sandbox show", "'show' takes no QEMU arguments after '--'"),
    ],
)
def test_what_was_meant_is_said_below_the_commands_own_usage(capsys, words, command, error):
    usage, said = refused(capsys, *words)
    assert usage.startswith(f"usage: {command} [-h]")
    assert error in said


def test_a_word_like_no_command_is_told_all_commands(capsys):
    assert "it can be: replay, tables, show, " in refused(capsys, "frobnicate")[1]


@pytest.mark.parametrize(
    ("version", "dialect"),
    [("9.1", "9.0"), ("9.0.3", "9.0"), ("9.0.4", "9.2"), ("10.1", "10.0"), ("10.2.1", "10.0"), ("11.0", "11.1")],
)
def test_the_version_of_a_qemu_stands_for_its_dialect(capsys, version, dialect):
    assert main(["tables", "--dialect", version, "--", "-M", "q35"]) == 0
    assert capsys.readouterr().out.startswith(f"dialect {dialect} (as asked for)\n")


@pytest.mark.parametrize("text", ["10", "10.3", "8.2", "12.0", "v3", "9.x"])
def test_what_is_neither_dialect_nor_version_is_told_which_qemus_each_stands_for(capsys, text):
    assert main(["tables", "--dialect", text, "--", "-M", "q35"]) == 2
    error = capsys.readouterr().err
    assert error.startswith(f"unknown dialect '{text}'; known are: v2 (")
    assert "9.0 (QEMU 9.0.0 to 9.0.3 and 9.1)" in error


@pytest.mark.parametrize(("machine", "program"), [("q35", "x86_64"), ("pc", "x86_64"), ("virt", "aarch64")])
def test_a_campaign_passes_over_the_default_qemu_that_has_not_the_machine(capsys, tmp_path, machine, program):
    words = ["campaign", "-n", "1", "--machine", machine, "--binary-prefix", "false", "-o", str(tmp_path)]
    assert main(words) == 2
    assert capsys.readouterr().err.startswith(f"false qemu-system-{program} cannot be used as a QEMU")
