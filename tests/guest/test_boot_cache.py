"""Finding what a guest is booted from."""

from __future__ import annotations

from pathlib import Path

import pytest

from sandbox.errors import InputError
from sandbox.guest.boot.cache import cache_folder, guest_kernel, kernel_versions


@pytest.fixture
def cache(tmp_path):
    """A cache with two kernels for x86, one of them the newest, and one for arm64."""
    for part in ("x86/6.12/vmlinuz", "x86/newest/vmlinuz", "x86/busybox/busybox", "arm64/6.1/vmlinuz"):
        path = tmp_path / "guest" / part
        path.parent.mkdir(parents=True)
        path.write_text("")
    for part, version in (("x86/6.12", "6.12.5-1"), ("x86/newest", "7.3.4-1~bpo13+1"), ("x86/busybox", "1:1.37.0-6")):
        (tmp_path / "guest" / part / "package").write_text(f"Package: p\nVersion: {version}\n")
    return tmp_path


def test_the_cache_is_where_the_fetching_program_puts_it():
    assert cache_folder({"QOM_SANDBOX_CACHE": "/own", "XDG_CACHE_HOME": "/xdg"}) == Path("/own")
    assert cache_folder({"QOM_SANDBOX_CACHE": "", "XDG_CACHE_HOME": "/xdg"}) == Path("/xdg/qom-sandbox")
    assert cache_folder({}) == Path("~/.cache/qom-sandbox").expanduser()


def test_kernels_are_known_by_the_version_of_their_package(cache):
    assert kernel_versions("x86", cache=cache) == ("6.12", "7.3")
    assert kernel_versions("arm64", cache=cache) == ("6.1",)
    assert guest_kernel("x86", "7.3", cache=cache).image == cache / "guest/x86/newest/vmlinuz"


def test_a_kernel_of_ones_own_needs_busybox_only(cache, tmp_path):
    own = tmp_path / "bzImage"
    own.write_text("")
    found = guest_kernel("x86", image=own, cache=cache)
    assert (found.version, found.image, found.busybox) == ("", own, cache / "guest/x86/busybox/busybox")
    with pytest.raises(InputError, match="no kernel image"):
        guest_kernel("x86", image=tmp_path / "absent", cache=cache)


def test_what_is_missing_is_named_with_its_remedy(cache):
    with pytest.raises(
        InputError, match=r"no kernel 6\.1 in .*there are 6\.12, 7\.3.*make guest-kernels.*--kernel-image"
    ):
        guest_kernel("x86", "6.1", cache=cache)
    with pytest.raises(InputError, match=r"no .*QEMU_EFI\.fd: .*make guest-kernels"):
        guest_kernel("arm64", "6.1", cache=cache)
    with pytest.raises(InputError, match="known are x86, arm64"):
        guest_kernel("riscv", cache=cache)
