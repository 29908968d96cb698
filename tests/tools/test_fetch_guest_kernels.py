"""How tools/fetch-guest-kernels fetches, tried on archives of its own; the packages are invented."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "tools" / "fetch-guest-kernels"

KERNEL = "linux-image-cloud"
PARTS = {
    "x86/6.1/vmlinuz",
    "arm64/6.1/vmlinuz",
    "x86/6.12/vmlinuz",
    "arm64/6.12/vmlinuz",
    "x86/busybox/busybox",
    "arm64/busybox/busybox",
    "arm64/edk2/QEMU_EFI.fd",
}

pytestmark = pytest.mark.skipif(
    any(shutil.which(name) is None for name in ("bash", "apt-get", "dpkg-deb")), reason="needs bash, apt-get and dpkg"
)


class Archive:
    """A folder that serves the suites bookworm, trixie and trixie-backports, as apt reads it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.packages: dict[tuple[str, str], list[str]] = {}

    def add(
        self, suite: str, name: str, arch: str, files: dict[str, str], depends: str = "", version: str = "1"
    ) -> None:
        tree = self.folder / "build" / f"{suite}-{name}-{version}-{arch}"
        control = f"Package: {name}\nVersion: {version}\nArchitecture: {arch}\nMaintainer: nobody <n@mail.example>\n"
        control += f"Depends: {depends}\n" if depends else ""
        for path, content in files.items():
            (tree / path).parent.mkdir(parents=True, exist_ok=True)
            (tree / path).write_text(content)
        (tree / "DEBIAN").mkdir(parents=True, exist_ok=True)
        (tree / "DEBIAN/control").write_text(f"{control}Description: invented\n")
        deb = self.folder / "pool" / f"{name}_{version}_{arch}_{suite}.deb"
        deb.parent.mkdir(exist_ok=True)
        subprocess.run(
            ["dpkg-deb", "-Znone", "--root-owner-group", "-b", tree, deb], check=True, stdout=subprocess.DEVNULL
        )
        data = deb.read_bytes()
        stanza = f"{control}Filename: pool/{deb.name}\nSize: {len(data)}\nSHA256: {hashlib.sha256(data).hexdigest()}\n"
        for index in ("amd64", "arm64") if arch == "all" else (arch,):
            self.packages.setdefault((suite, index), []).append(f"{stanza}Description: invented\n")

    def publish(self) -> None:
        for suite in {suite for suite, _ in self.packages}:
            folder = self.folder / "dists" / suite
            lines = []
            for arch in ("amd64", "arm64"):
                index = folder / "main" / f"binary-{arch}" / "Packages"
                index.parent.mkdir(parents=True, exist_ok=True)
                index.write_text("\n".join(self.packages.get((suite, arch), [])))
                data = index.read_bytes()
                lines.append(f" {hashlib.sha256(data).hexdigest()} {len(data)} {index.relative_to(folder)}\n")
            head = f"Suite: {suite}\nCodename: {suite}\nDate: Sat, 01 Jan 2022 00:00:00 UTC\n"
            head += "Architectures: amd64 arm64\nComponents: main\nSHA256:\n"
            (folder / "Release").write_text(head + "".join(lines))


@pytest.fixture(scope="module")
def full_archive(tmp_path_factory):
    """An archive with everything that is wanted; kernels and busybox hold their own names."""
    made = Archive(tmp_path_factory.mktemp("archive"))
    for suite, version in (("bookworm", "6.1.0-9"), ("trixie", "6.12.5+deb13")):
        for arch in ("amd64", "arm64"):
            name = f"linux-image-{version}-cloud-{arch}"
            made.add(suite, f"{KERNEL}-{arch}", arch, {}, depends=f"{name} (= 1)")
            made.add(suite, name, arch, {f"boot/vmlinuz-{version}": name, f"boot/config-{version}": "no kernel"})
    for arch in ("amd64", "arm64"):
        made.add("trixie", "busybox-static", arch, {"usr/bin/busybox": f"busybox {arch}"})
    firmware = {"usr/share/qemu-efi-aarch64/QEMU_EFI.fd": "edk2", "usr/share/AAVMF/AAVMF_CODE.fd": "another"}
    made.add("trixie", "qemu-efi-aarch64", "all", firmware)
    newest = "7.9+deb13-cloud-amd64"
    made.add(
        "trixie-backports", f"{KERNEL}-amd64", "amd64", {}, depends=f"linux-base-x (= 1), linux-image-{newest} (= 1)"
    )
    binary = f"dracut | initramfs-tools, linux-base-{newest} (= 1), linux-binary-{newest} (= 1)"
    made.add("trixie-backports", f"linux-image-{newest}", "amd64", {}, depends=binary)
    made.add(
        "trixie-backports", f"linux-binary-{newest}", "amd64", {f"boot/vmlinuz-{newest}": "newest"}, version="7.9.1-1"
    )
    made.publish()
    return made


@pytest.fixture
def archive(full_archive, tmp_path):
    """A copy of it that a test may spoil."""
    copy = Archive(tmp_path / "archive")
    shutil.copytree(full_archive.folder, copy.folder)
    copy.packages = {place: list(stanzas) for place, stanzas in full_archive.packages.items()}
    return copy


@pytest.fixture
def fetch(tmp_path):
    """Runs the program with a cache of its own; gives exit status, stdout and stderr."""

    def run(*arguments: str, source: Path | None = None, **environment: str) -> tuple[int, str, str]:
        settings = {"QOM_SANDBOX_CACHE": str(tmp_path / "cache"), "PATH": os.environ["PATH"], "HOME": str(tmp_path)}
        if source is not None:
            settings["QOM_SANDBOX_APT_SOURCE"] = str(source)
        command = ["bash", str(SCRIPT), *arguments]
        done = subprocess.run(command, env=settings | environment, capture_output=True, text=True, check=False)
        return done.returncode, done.stdout, done.stderr

    return run


@pytest.fixture
def source(tmp_path, archive):
    """An apt source that serves one suite of the archive, for one architecture."""
    path = tmp_path / "own.list"
    path.write_text(f"deb [arch=amd64 trusted=yes] file:{archive.folder} trixie main\n")
    return path


def contents(folder: Path) -> dict[str, str]:
    found = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != "package")
    return {str(path.relative_to(folder)): path.read_text() for path in found}


def test_kernels_busybox_and_firmware_are_fetched_from_derived_sources(fetch, source, tmp_path):
    status, output, errors = fetch(source=source)
    assert status == 0, output + errors
    guest = tmp_path / "cache/guest"
    assert contents(guest) == {
        "arm64/6.1/vmlinuz": "linux-image-6.1.0-9-cloud-arm64",
        "arm64/6.12/vmlinuz": "linux-image-6.12.5+deb13-cloud-arm64",
        "arm64/busybox/busybox": "busybox arm64",
        "arm64/edk2/QEMU_EFI.fd": "edk2",
        "x86/6.1/vmlinuz": "linux-image-6.1.0-9-cloud-amd64",
        "x86/6.12/vmlinuz": "linux-image-6.12.5+deb13-cloud-amd64",
        "x86/busybox/busybox": "busybox amd64",
    }
    told = (guest / "x86/6.12/package").read_text()
    assert told == "Package: linux-image-6.12.5+deb13-cloud-amd64\nVersion: 1\nArchitecture: amd64\n"
    assert {path.name for path in guest.iterdir()} == {"x86", "arm64"}, "something temporary was left"


def test_the_newest_kernel_is_followed_to_the_package_that_holds_it(fetch, source, tmp_path):
    status, output, errors = fetch("--newest", source=source)
    assert status == 0, output + errors
    folder = tmp_path / "cache/guest/x86/newest"
    assert (folder / "vmlinuz").read_text() == "newest"
    assert "Version: 7.9.1-1" in (folder / "package").read_text()


def test_what_is_there_is_not_fetched_again(fetch, tmp_path):
    for part in PARTS:
        path = tmp_path / "cache/guest" / part
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("mine")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/apt-get").write_text("#!/bin/sh\nexit 3\n")
    (tmp_path / "bin/apt-get").chmod(0o755)
    status, output, errors = fetch(PATH=f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    assert (status, errors) == (0, "")
    assert output == f"fetch-guest-kernels: all is in {tmp_path / 'cache/guest'}\n"
    assert set(contents(tmp_path / "cache/guest").values()) == {"mine"}


def test_only_what_is_missing_is_fetched(fetch, source, tmp_path):
    assert fetch(source=source)[0] == 0
    guest = tmp_path / "cache/guest"
    (guest / "x86/6.12/vmlinuz").write_text("mine")
    (guest / "arm64/6.1/vmlinuz").unlink()
    (guest / "x86/busybox/busybox").write_text("")
    status, output, errors = fetch(source=source)
    assert status == 0, output + errors
    assert "fetching" in output
    assert "edk2" not in output
    found = contents(guest)
    assert found.keys() == PARTS
    assert found["x86/6.12/vmlinuz"] == "mine"
    assert found["x86/busybox/busybox"] == "busybox amd64"


def test_a_suite_that_cannot_be_read_leaves_the_others_whole(fetch, source, archive, tmp_path):
    shutil.rmtree(archive.folder / "dists/bookworm")
    status, output, errors = fetch(source=source)
    assert status == 1
    assert "the suite bookworm cannot be read" in output
    assert "not everything could be fetched: bookworm." in errors
    assert "What is wanted: x86/6.1/vmlinuz arm64/6.1/vmlinuz" in errors
    assert "--kernel-image" in errors
    assert contents(tmp_path / "cache/guest").keys() == {part for part in PARTS if "/6.1/" not in part}


def test_a_package_that_lacks_its_file_leaves_nothing_behind(fetch, source, archive, tmp_path):
    archive.add("trixie", "busybox-static", "amd64", {"usr/share/doc/x": "no program"}, version="2")
    archive.publish()
    status, output, _ = fetch(source=source)
    assert status == 1
    assert "has no *bin/busybox" in output
    found = contents(tmp_path / "cache/guest")
    assert "x86/busybox/busybox" not in found
    assert not list((tmp_path / "cache/guest").glob(".*"))


def test_damaged_packages_are_not_taken(fetch, source, archive, tmp_path):
    deb = next((archive.folder / "pool").glob("busybox-static_1_amd64_*"))
    data = bytearray(deb.read_bytes())
    data[-1] ^= 1
    deb.write_bytes(data)
    assert fetch(source=source)[0] == 1
    assert "x86/busybox/busybox" not in contents(tmp_path / "cache/guest")


def test_without_apt_the_parts_and_their_places_are_named(fetch, tmp_path):
    (tmp_path / "bin").mkdir()
    for name in ("bash", "dirname", "cut", "paste", "cat"):
        (tmp_path / "bin" / name).symlink_to(shutil.which(name))
    status, _, errors = fetch(PATH=str(tmp_path / "bin"))
    assert status == 1
    assert "there is no apt-get here." in errors
    assert all(part in errors for part in PARTS)
    assert str(tmp_path / "cache/guest") in errors


def test_a_machine_without_a_source_for_debian_is_told_how_to_name_one(fetch, tmp_path):
    (tmp_path / "other.list").write_text("deb http://mirror.example/ubuntu noble main\n")
    status, output, _ = fetch(source=tmp_path / "other.list")
    assert status == 1
    assert "no apt source serves Debian, so none for the suite bookworm can be derived" in output
    assert "QOM_SANDBOX_APT_SOURCE" in output


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("deb [arch=amd64 trusted=yes] file:/a trixie main", "deb [ trusted=yes] file:/a trixie main"),
        ("deb [ signed-by=/k arch=amd64,i386 ] file:/a trixie main", "deb [ signed-by=/k  ] file:/a trixie main"),
        ("deb [arch=amd64] file:/a trixie main", "deb file:/a trixie main"),
        ("Types: deb\nArchitectures: amd64\nURIs: file:/a", "Types: deb\nURIs: file:/a"),
    ],
)
def test_a_source_for_one_architecture_is_opened_for_all(given, kept):
    command = ["bash", "-c", 'source "$1"; for_all_architectures', "bash", str(SCRIPT)]
    done = subprocess.run(command, input=f"{given}\n", capture_output=True, text=True, check=True)
    assert done.stdout == f"{kept}\n"


def test_the_cache_follows_the_variables_of_the_user(fetch, tmp_path):
    for part in PARTS:
        for folder in ("own", "xdg/qom-sandbox", ".cache/qom-sandbox"):
            path = tmp_path / folder / "guest" / part
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("x")
    places = [
        fetch(QOM_SANDBOX_CACHE=str(tmp_path / "own"), XDG_CACHE_HOME=str(tmp_path / "xdg"))[1],
        fetch(QOM_SANDBOX_CACHE="", XDG_CACHE_HOME=str(tmp_path / "xdg"))[1],
        fetch(QOM_SANDBOX_CACHE="")[1],
    ]
    assert [place.split(" is in ")[1].strip() for place in places] == [
        str(tmp_path / folder / "guest") for folder in ("own", "xdg/qom-sandbox", ".cache/qom-sandbox")
    ]
