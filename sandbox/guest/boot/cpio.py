"""Writing a cpio archive in the format that Linux unpacks as its first file system.

Source: Linux, "initramfs buffer format": the "newc" format. A header of text, 110 characters with numbers of eight
hexadecimal digits, then the name with a zero byte, then the data; name and data each end at a multiple of four bytes.
"""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING, Final

from sandbox.records import record

if TYPE_CHECKING:
    from collections.abc import Iterable

MAGIC: Final = "070701"
LAST: Final = "TRAILER!!!"
ALIGNMENT: Final = 4


@record
class Entry:
    """A member of an archive; it belongs to root and was changed at the beginning of time.

    Attributes:
        name: the path, without a slash in front.
        mode: type and permissions, as ``st_mode`` has them.
        data: the content of a regular file, the target of a symbolic link.
        device: major and minor number of a device node.
    """

    name: str
    mode: int
    data: bytes = b""
    device: tuple[int, int] = (0, 0)


def directory(name: str) -> Entry:
    """Return an empty directory."""
    return Entry(name, stat.S_IFDIR | 0o755)


def file(name: str, data: bytes, *, executable: bool = False) -> Entry:
    """Return a regular file."""
    return Entry(name, stat.S_IFREG | (0o755 if executable else 0o644), data)


def symlink(name: str, target: str) -> Entry:
    """Return a symbolic link."""
    return Entry(name, stat.S_IFLNK | 0o777, target.encode())


def character_device(name: str, major: int, minor: int) -> Entry:
    """Return the node of a character device."""
    return Entry(name, stat.S_IFCHR | 0o600, device=(major, minor))


def archive(entries: Iterable[Entry]) -> bytes:
    """Return the archive of the entries, in their order; a directory stands ahead of what is in it.

    Equal entries give equal bytes. Another archive may follow the result as it is.
    """
    parts = [_member(number, entry) for number, entry in enumerate(entries, 1)]
    return b"".join((*parts, _member(0, Entry(LAST, 0))))


def _member(inode: int, entry: Entry) -> bytes:
    name = entry.name.encode() + b"\0"
    links = 2 if stat.S_ISDIR(entry.mode) else 1
    owner = group = changed = 0
    place = checksum = 0
    numbers = (inode, entry.mode, owner, group, links, changed, len(entry.data), place, place, *entry.device)
    header = MAGIC + "".join(f"{number:08X}" for number in (*numbers, len(name), checksum))
    return _filled(header.encode() + name) + _filled(entry.data)


def _filled(data: bytes) -> bytes:
    return data + bytes(-len(data) % ALIGNMENT)
