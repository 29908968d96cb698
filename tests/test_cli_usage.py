"""Words that are no command or no option: what was probably meant is said, above it how the command is used."""

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
