"""Replies are compared member by member, ends by status and message; what only a host can know is left out."""

import pytest

from sandbox.compare.replies import compare_ends, compare_replies
from sandbox.scenario.transcript import Ended, Refused, Returned

WORDS = ("-M", "q35", "-device", "vfio-pci,host=0009:01:00.0,bus=nope")


def differences(checks):
    return [(d.path, d.expected, d.actual) for check in checks for d in check.differences]


def test_equal_values_pass_and_one_member_fails():
    assert differences(compare_replies("qom-list", Returned([{"name": "a"}]), Returned([{"name": "a"}]))) == []
    found = differences(compare_replies("qom-list", Returned([{"name": "a"}]), Returned([{"name": "b"}])))
    assert found == [("return[0].name", '"a"', '"b"')]


def test_a_number_is_not_its_float():
    assert differences(compare_replies("qom-get", Returned(1), Returned(1.0)))


def test_error_class_and_description_both_count():
    ours = Refused("GenericError", "object 'a' not found")
    assert differences(compare_replies("object-del", ours, ours)) == []
    other = Refused("DeviceNotFound", "object 'b' not found")
    assert [path for path, *_ in differences(compare_replies("object-del", ours, other))] == [
        "error.class",
        "error.desc",
    ]


@pytest.mark.parametrize("other", [None, Refused("GenericError", "no")])
def test_a_return_is_not_an_error_and_not_silence(other):
    assert differences(compare_replies("object-add", Returned({}), other))
    assert differences(compare_replies("object-add", other, Returned({})))


def test_silence_on_both_sides_is_the_same():
    assert compare_replies("object-add", None, None) == ()


def test_of_a_version_major_and_minor_count():
    def version(major, minor, micro, package):
        return Returned({"qemu": {"major": major, "minor": minor, "micro": micro}, "package": package})

    assert differences(compare_replies("query-version", version(10, 0, 2, "Debian"), version(10, 0, 7, ""))) == []
    assert differences(compare_replies("query-version", version(10, 0, 2, ""), version(10, 1, 2, "")))


def test_thread_ids_are_left_out_and_the_rest_is_not():
    ours, theirs = Returned([{"cpu-index": 0, "thread-id": 1}]), Returned([{"cpu-index": 0, "thread-id": 99}])
    assert differences(compare_replies("query-cpus-fast", ours, theirs)) == []
    assert differences(compare_replies("query-cpus-fast", ours, Returned([{"cpu-index": 1, "thread-id": 1}])))
    assert differences(compare_replies("qom-get", ours, theirs))


def test_how_a_run_claims_memory_and_which_kind_its_monitor_is_do_not_count():
    ours, theirs = ({"id": "m0", "size": 4096, "reserve": reserve, "policy": "default"} for reserve in (True, False))
    assert differences(compare_replies("query-memdev", Returned([ours]), Returned([theirs]))) == []
    assert differences(compare_replies("query-memdev", Returned([ours]), Returned([{**ours, "size": 8192}])))
    listed = [{"name": "compat_monitor0", "type": f"child<monitor-{kind}>"} for kind in ("hmp", "qmp")]
    assert differences(compare_replies("qom-list", Returned(listed[:1]), Returned(listed[1:]))) == []
    other = [{"name": "compat_monitor0", "type": "child<secret>"}]
    assert differences(compare_replies("qom-list", Returned(listed[:1]), Returned(other)))
    named = [{"name": "other", "type": "child<monitor-qmp>"}]
    assert differences(compare_replies("qom-list", Returned(listed[:1]), Returned(named)))


def test_both_alive_needs_no_check():
    assert compare_ends(None, None, (), ()) == ()


def test_an_end_on_one_side_is_a_difference():
    assert differences(compare_ends(Ended(1, "a"), None, (), ()))
    assert differences(compare_ends(None, Ended(1, "a"), (), ()))


def test_the_status_and_the_last_lines_count_and_warnings_do_not():
    ours = Ended(1, "qemu-system-x86_64: bad node")
    theirs = Ended(1, "qemu-system-x86_64: warning: old machine\nearlier noise\n/usr/bin/qemu-system-x86_64: bad node")
    assert differences(compare_ends(ours, theirs, (), ())) == []
    assert differences(compare_ends(ours, Ended(-6, theirs.stderr), (), ())) == [("exit.status", "1", "-6")]
    assert differences(compare_ends(ours, Ended(1, "qemu-system-x86_64: bad device"), (), ()))


def test_a_hint_below_the_message_counts():
    ours = Ended(1, "qemu-system-x86_64: no bus\nchoose one of: a, b")
    assert differences(compare_ends(ours, Ended(1, "qemu-system-x86_64: no bus\nchoose one of: a, c"), (), ()))


def test_an_option_that_was_replaced_is_no_difference_and_its_message_is():
    other = ("-M", "q35", "-device", "pci-testdev,bus=nope")
    ours = Ended(1, f"qemu-system-x86_64: -device {WORDS[3]}: Bus 'nope' not found")
    assert differences(compare_ends(ours, Ended(1, f"qemu: -device {other[3]}: Bus 'nope' not found"), WORDS, other))
    theirs = Ended(1, f"qemu-system-x86_64: -device {other[3]}: Bus 'nope' not found")
    assert differences(compare_ends(ours, theirs, WORDS, other)) == []
    assert differences(compare_ends(ours, theirs, WORDS, WORDS))
    wrong = Ended(1, f"qemu-system-x86_64: -device {other[3]}: Bus 'other' not found")
    assert differences(compare_ends(ours, wrong, WORDS, other))
