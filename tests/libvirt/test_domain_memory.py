"""Which memory of a machine a domain says to lie on huge pages."""

from __future__ import annotations

import shlex

import pytest

from sandbox.libvirt.from_machine import Made, domain_of
from sandbox.libvirt.write import write_domain

HUGE = "-object memory-backend-memfd,id=m0,size=128M,hugetlb=on"
SECOND = "-object memory-backend-{},id=m1,size=128M{} -numa node,memdev=m0 -numa node,memdev=m1"


def made(words: str) -> Made:
    return domain_of(shlex.split(words), "10.0")


@pytest.mark.parametrize(
    ("words", "inner"),
    [
        (f"-m 128M {HUGE} -numa node,memdev=m0", "<hugepages/>"),
        (
            f"-m 128M {HUGE},hugetlbsize=2M -numa node,memdev=m0",
            "<hugepages><page size='2048' unit='KiB'/></hugepages>",
        ),
        (f"-m 256M {HUGE} {SECOND.format('memfd', ',hugetlb=on')}", "<hugepages/>"),
        (f"-M q35,memory-backend=m0 -m 128M {HUGE}", "<hugepages/>"),
        (
            "-m 128M -object memory-backend-file,id=m0,size=128M,mem-path=/dev/hugepages/x -numa node,memdev=m0",
            "<hugepages/>",
        ),
    ],
)
def test_memory_on_huge_pages_stays_there(words, inner):
    text = write_domain(made(f"-M q35 {words}").domain)
    assert f"  <memoryBacking>\n    {inner}\n  </memoryBacking>\n" in text


def test_huge_pages_of_a_part_of_the_memory_are_noted():
    found = made(f"-M q35 -m 256M {HUGE} {SECOND.format('ram', '')}")
    assert "memoryBacking" not in write_domain(found.domain)
    assert found.notes == ("the huge pages of m0 are left out: <hugepages> with a nodeset says such a thing",)
    assert "memoryBacking" not in write_domain(
        made("-M q35 -m 128M -object memory-backend-ram,id=m0,size=128M -numa node,memdev=m0").domain
    )
