"""SRAT, SLIT and single entries as bytes, well formed or not, without the encoders of the sandbox."""

import struct

MIB = 1 << 20
RAM = 512 * MIB


def table(signature, revision, body):
    head = struct.pack("<4sIBB6s8sI4sI", signature, 36 + len(body), revision, 0, b"BOCHS ", b"BXPC    ", 1, b"BXPC", 1)
    return head + body


def srat(*entries, revision=1):
    return table(b"SRAT", revision, struct.pack("<IQ", 1, 0) + b"".join(entries))


def slit(*rows, count=None):
    return table(b"SLIT", 1, struct.pack("<Q", len(rows) if count is None else count) + b"".join(map(bytes, rows)))


def processor(pxm, apic_id, flags=1):
    return struct.pack("<BBBBIBBHI", 0, 16, pxm & 0xFF, apic_id, flags, 0, pxm >> 8 & 0xFF, pxm >> 16, 0)


def x2apic(pxm, apic_id, flags=1):
    return struct.pack("<BBHIIIII", 2, 24, 0, pxm, apic_id, flags, 0, 0)


def gicc(pxm, uid, flags=1):
    return struct.pack("<BBIIII", 3, 18, pxm, uid, flags, 0)


def memory(pxm, base, length, flags=1):
    return struct.pack("<BBIHQQIIQ", 1, 40, pxm, 0, base, length, 0, flags, 0)


def initiator(pxm, flags=1, handle_type=1):
    return struct.pack("<BBBBI16sII", 5, 32, 0, handle_type, pxm, b"\0\0\0\x20" + bytes(12), flags, 0)


def port(pxm, flags=1):
    return struct.pack("<BBBBI16sII", 6, 32, 0, 0, pxm, b"ACPI0016" + bytes(8), flags, 0)


def of_length(entry, length):
    """An entry that gives a length; it is cut or filled with zeros to it, unless that is 0."""
    changed = entry[:1] + bytes([length]) + entry[2:]
    return changed[:length].ljust(length, b"\0") if length else changed


CPUS = processor(0, 0) + processor(1, 1)
ALL_RAM = memory(0, 0, RAM // 2) + memory(1, RAM // 2, RAM // 2)
