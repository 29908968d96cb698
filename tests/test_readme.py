"""What the README shows is what a reader gets."""

import json
import re
import shlex
import textwrap
from pathlib import Path

import pytest

from sandbox.app import Sandbox
from sandbox.cli import main

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def block(start: str) -> str:
    found = re.search(rf"^    {re.escape(start)}.*?(?=\n\n\S|\Z)", README, re.DOTALL | re.MULTILINE)
    assert found is not None, start
    return textwrap.dedent(found[0])


def test_the_first_screen_is_the_real_output(capsys, monkeypatch):
    monkeypatch.chdir(ROOT)
    assert main(["replay", "scenarios/grace-hopper-mig.yaml"]) == 0
    printed = capsys.readouterr().out
    shown = block("$ make demo").splitlines()[1:]
    assert len(shown) > 10
    assert [line for line in shown if line.strip() != "..." and line not in printed] == []


def test_the_example_that_ends_qemu_does(capsys):
    command, message = block("$ qom-sandbox tables").replace("\\\n", " ").splitlines()
    words = shlex.split(command)[2:]
    assert main(words) == 1
    assert capsys.readouterr().err.strip() == message


def test_the_example_of_lint_is_the_real_output(capsys):
    shown = block("$ qom-sandbox lint")
    command, _, output = shown.partition("node=7\n")
    assert main(shlex.split(f"{command}node=7".replace("\\\n", " "))[2:]) == 1
    assert capsys.readouterr().out.startswith(output.rstrip())


def test_the_forecast_is_the_real_output(capsys, monkeypatch):
    monkeypatch.chdir(ROOT)
    command, *shown = block("$ qom-sandbox guest").splitlines()
    assert main([word for word in shlex.split(command)[2:] if word != "--boot"]) == 0
    printed = capsys.readouterr().out
    forecast = shown[: shown.index(next(line for line in shown if line.startswith("booted: ")))]
    assert len(forecast) > 10
    assert [line for line in forecast if line.strip() != "..." and line not in printed] == []


def test_the_picture_has_the_nodes_of_the_forecast(capsys, monkeypatch):
    monkeypatch.chdir(ROOT)
    (name,) = re.findall(r"^!\[.*\]\((docs/[^)]*)\)", README, re.MULTILINE)
    drawn = re.findall(r"class='NUMANode'[^>]*>NUMANode L#\d+ P#(\d+)(?: \((\d+)MB\))?<", (ROOT / name).read_text())
    assert main(["guest", "--json", "scenarios/grace-hopper-mig.yaml"]) == 0
    nodes = json.loads(capsys.readouterr().out)["nodes"]
    assert sorted((int(node), int(size or 0)) for node, size in drawn) == [
        (node["node"], node["memory_kib"] // 1024) for node in nodes
    ]


def test_the_scenario_replays(tmp_path, capsys):
    file = tmp_path / "readme.yaml"
    file.write_text(block("name: an object-add"), encoding="utf-8")
    assert main(["replay", str(file)]) == 0
    assert "as expected" in capsys.readouterr().out


def test_the_python_example_runs(capsys):
    exec(compile(block("from sandbox.app"), "README.md", "exec"), {})
    assert "GenericInitiatorAffinity(pxm=1" in capsys.readouterr().out


def test_the_dialects_of_the_table_are_those_that_there_are():
    from qom_types.dialects import DIALECTS

    rows = re.findall(r"^\| (`[^|]*`) \| [^|]*\{|^\| (`11\.1`) \|", README, re.MULTILINE)
    named = {name for row in rows for cell in row for name in re.findall(r"`([^`]+)`", cell)}
    assert named >= set(DIALECTS)


def test_as_many_scenarios_as_the_readme_says():
    assert "nineteen" in README
    assert len(list((ROOT / "scenarios").glob("*.yaml"))) == 19


def test_the_module_docstring_of_the_python_interface_runs(capsys):
    import sandbox.app

    example = textwrap.dedent((sandbox.app.__doc__ or "").partition("::\n")[2])
    exec(compile(example, "app", "exec"), {})
    assert "pxm=1" in capsys.readouterr().out
    with pytest.raises(LookupError, match="no SLIT"):
        Sandbox("-M q35 -m 128M").tables().decoded_slit()
