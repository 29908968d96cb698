"""Facts about the project itself: who imports whom, what files hold, which tests are marked."""

from __future__ import annotations

import ast
import re
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT: Final = Path(__file__).parents[1]
MOST_LINES: Final = 300

# A package imports only from those above it; those on one line do not import each other.
ORDER: Final = (
    ("sandbox",),
    ("sandbox.buckets", "sandbox.memory_blocks", "sandbox.records", "sandbox.resources", "sandbox.runs"),
    ("sandbox.errors",),
    ("sandbox.acpi", "sandbox.qapi"),
    ("sandbox.qom",),
    ("qom_types",),
    ("sandbox.machine",),
    ("sandbox.monitor",),
    ("sandbox.scenario",),
    ("sandbox.translate",),
    ("sandbox.qmp", "sandbox.compare"),
    ("sandbox.lint", "sandbox.export", "sandbox.libvirt"),
    ("sandbox.live",),
    ("sandbox.guest",),
    ("sandbox.campaign",),
    ("sandbox.report",),
    ("sandbox.app", "sandbox.files"),
    ("sandbox.commands",),
    ("sandbox.cli", "sandbox.pytest_plugin"),
)
RANK: Final = {name: rank for rank, names in enumerate(ORDER) for name in names}

MACHINE_PATHS: Final = re.compile(r"(?<![\w.~-])/(?:root|work|farm|home/\w+|Users/\w+)/|/tmp/[\w.-]+/")
REGISTRY_HOSTS: Final = re.compile(
    r"pypi\.(?:org|io)|pythonhosted\.(?:org)|(?:deb|ftp|security|snapshot)\.debian\.(?:org)|\.ubuntu\.(?:com)"
    r"|npmjs\.(?:org|com)|golang\.(?:org)|crates\.(?:io)|rubygems\.(?:org)|\b(?:docker|ghcr|quay)\.(?:io)",
    re.IGNORECASE,
)


def project_files() -> list[Path]:
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    try:
        names = subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout.decode().split("\0")
    except (OSError, subprocess.CalledProcessError):  # an unpacked archive
        names = [
            str(path.relative_to(ROOT))
            for path in ROOT.rglob("*")
            if not any(part.startswith(".") or part in {"__pycache__", "build", "out"} for part in path.parts)
        ]
    return sorted(path for name in names if name and (path := ROOT / name).is_file())


FILES: Final = project_files()
PYTHON: Final = [path for path in FILES if path.suffix == ".py"]
SOURCES: Final = [path for path in PYTHON if path.relative_to(ROOT).parts[0] in {"sandbox", "qom_types"}]
TESTS: Final = [path for path in PYTHON if path.name.startswith("test_")]


def short(path: Path) -> str:
    return str(path.relative_to(ROOT))


def module_name(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def package_of(module: str) -> str:
    parts = module.split(".")
    return ".".join(parts[:2] if parts[0] == "sandbox" else parts[:1])


def imports(text: str, module: str, *, is_package: bool = False) -> Iterator[tuple[int, str]]:
    """Line and module of every import, wherever it stands: late, for types only, or relative."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = module.split(".")[: None if is_package and node.level == 1 else -node.level + is_package]
            stem = ".".join([*(base if node.level else ()), *([node.module] if node.module else ())])
            if stem == "sandbox":
                yield from ((node.lineno, f"sandbox.{alias.name}") for alias in node.names)
            else:
                yield node.lineno, stem


def test_imports_are_seen_wherever_they_stand():
    text = "if TYPE_CHECKING:\n    from sandbox.cli import main\ndef late():\n    import sandbox.live.qmp\n"
    assert list(imports(text, "sandbox.acpi.srat")) == [(2, "sandbox.cli"), (4, "sandbox.live.qmp")]
    relative = "from . import a\nfrom .b import c\nfrom ..errors import d\nfrom sandbox import app\n"
    assert [name for _, name in imports(relative, "sandbox.acpi.srat")] == [
        "sandbox.acpi",
        "sandbox.acpi.b",
        "sandbox.errors",
        "sandbox.app",
    ]
    assert [name for _, name in imports("from .b import c\nfrom ..x import y\n", "sandbox.acpi", is_package=True)] == [
        "sandbox.acpi.b",
        "sandbox.x",
    ]


def test_every_package_has_a_place_in_the_order():
    assert {package_of(module_name(path)) for path in SOURCES} <= RANK.keys()


@pytest.mark.parametrize("path", SOURCES, ids=short)
def test_imports_go_one_way(path):
    module = module_name(path)
    own = package_of(module)
    wrong = [
        f"{short(path)}:{line}: {own} imports {name}"
        for line, name in imports(path.read_text(encoding="utf-8"), module, is_package=path.stem == "__init__")
        if (package := package_of(name)) in RANK and package != own and RANK[package] >= RANK[own]
    ]
    assert wrong == []


def test_sources_are_found():
    assert {"sandbox.errors", "sandbox.live.session"} <= {module_name(path) for path in SOURCES}
    assert Path(__file__) in TESTS


def test_files_hold_one_idea():
    lengths = {short(path): len(path.read_text(encoding="utf-8").splitlines()) for path in PYTHON}
    assert {name: count for name, count in lengths.items() if count > MOST_LINES} == {}


def test_modules_say_what_they_are():
    silent = [short(path) for path in SOURCES if not ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))]
    assert silent == []


@pytest.mark.parametrize("pattern", [MACHINE_PATHS, REGISTRY_HOSTS], ids=["machine paths", "registry hosts"])
def test_files_know_no_particular_machine(pattern):
    found = [
        f"{short(path)}:{number}: {match[0]}"
        for path in FILES
        for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1)
        if (match := pattern.search(line))
    ]
    assert found == []


def marked_live(node: ast.AST) -> bool:
    return any(isinstance(part, ast.Attribute) and part.attr == "live" for part in ast.walk(node))


def is_named(node: ast.stmt, name: str) -> bool:
    return isinstance(node, ast.Assign) and any(isinstance(t, ast.Name) and t.id == name for t in node.targets)


def imports_live(node: ast.AST, helpers: frozenset[str]) -> bool:
    names = [name for _, name in imports(ast.unparse(node), "tests")]
    return any(name.startswith("sandbox.live") or name in helpers for name in names)


def run_on_import(tree: ast.Module) -> ast.Module:
    """The module without its functions and without what it imports for types only."""
    late = (ast.FunctionDef, ast.AsyncFunctionDef, ast.If)
    return ast.Module([node for node in tree.body if not isinstance(node, late)], type_ignores=[])


def unmarked_tests(text: str, helpers: frozenset[str] = frozenset()) -> list[str]:
    """The tests of a module that could meet a live QEMU and do not say so.

    Where a module imports sandbox.live, itself or through a helper beside it, each of its tests is marked; where only a
    test does, that test. ``NOT_LIVE`` says for a whole module why no QEMU runs.
    """
    tree = ast.parse(text)
    if any(is_named(node, "pytestmark") and marked_live(node) for node in tree.body):
        return []
    reasons = [node.value for node in tree.body if isinstance(node, ast.Assign) and is_named(node, "NOT_LIVE")]
    if any(isinstance(reason, ast.Constant) and reason.value for reason in reasons):
        return []
    everywhere = imports_live(run_on_import(tree), helpers)
    tests = (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
    return [
        test.name
        for test in tests
        if test.name.startswith("test_")
        and (everywhere or imports_live(test, helpers))
        and not any(marked_live(decorator) for decorator in test.decorator_list)
    ]


def test_a_live_test_without_its_marker_is_noticed():
    test = "from sandbox.live import dump\ndef test_a(): pass\n"
    assert unmarked_tests(test) == ["test_a"]
    assert unmarked_tests("import pytest\npytestmark = pytest.mark.live\n" + test) == []
    assert unmarked_tests("NOT_LIVE = 'bytes only'\n" + test) == []
    assert unmarked_tests("NOT_LIVE = ''\n" + test) == ["test_a"]
    assert unmarked_tests("from helper import run\ndef test_a(): pass\n", frozenset({"helper"})) == ["test_a"]
    assert unmarked_tests(test.replace("def", "@pytest.mark.live\ndef")) == []
    assert unmarked_tests("def test_a():\n    import sandbox.live\ndef test_b(): pass\n") == ["test_a"]
    assert unmarked_tests("if TYPE_CHECKING:\n    import sandbox.live\ndef test_a(): pass\n") == []


def test_live_tests_are_marked():
    beside = [path for path in PYTHON if path.parts[len(ROOT.parts)] == "tests" and path not in TESTS]
    trees = {path.stem: ast.parse(path.read_text(encoding="utf-8")) for path in beside}
    helpers = frozenset(stem for stem, tree in trees.items() if imports_live(run_on_import(tree), frozenset()))
    unmarked = {short(path): unmarked_tests(path.read_text(encoding="utf-8"), helpers) for path in TESTS}
    assert {name: tests for name, tests in unmarked.items() if tests} == {}
