"""XML as a tree whose elements know their line and column."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from xml.parsers import expat

from sandbox.errors import InputError, Place
from sandbox.records import field, record

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

UNITS: Final = {
    "b": 1,
    "bytes": 1,
    "kb": 1000,
    "k": 1 << 10,
    "kib": 1 << 10,
    "mb": 1000**2,
    "m": 1 << 20,
    "mib": 1 << 20,
    "gb": 1000**3,
    "g": 1 << 30,
    "gib": 1 << 30,
    "tb": 1000**4,
    "t": 1 << 40,
    "tib": 1 << 40,
}


@record(frozen=False)
class Element:
    """An element.

    Attributes:
        tag: its name with its prefix, as written.
        attributes: likewise.
        place: where it begins.
        text: the text directly inside, without white space around it.
        children: the elements directly inside.
    """

    tag: str
    attributes: Mapping[str, str]
    place: Place
    text: str = ""
    children: list[Element] = field(default_factory=list)

    def find(self, path: str) -> Element | None:
        """Return the first element at a path of tags, such as ``cpu/numa``."""
        return next(self.every(path), None)

    def every(self, path: str) -> Iterator[Element]:
        """Give all elements at a path of tags."""
        tag, _, rest = path.partition("/")
        for child in self.children:
            if child.tag == tag:
                if rest:
                    yield from child.every(rest)
                else:
                    yield child

    def get(self, name: str, default: str = "") -> str:
        """Return an attribute."""
        return self.attributes.get(name, default)

    def number(self, name: str, default: int | None = None) -> int:
        """Return an attribute that is a number, hexadecimal with 0x.

        Raises:
            InputError: it is none, or is missing and has no default.
        """
        text = self.attributes.get(name)
        if text is None and default is not None:
            return default
        return whole_number(text, f"attribute {name} of <{self.tag}>", self.place)


def whole_number(text: str | None, what: str, place: Place) -> int:
    """Read a whole number that is not negative.

    Raises:
        InputError: it is none.
    """
    try:
        value = int(text or "", 0)
    except ValueError:
        value = -1
    if value < 0:
        raise InputError(f"{what} is '{text}'; it must be a whole number" if text else f"{what} is missing", place)
    return value


def kib(element: Element, value: int | None = None) -> int:
    """Return an amount of memory in KiB, rounded up; ``value`` where its number is not the text of the element.

    Raises:
        InputError: it is no number, or its unit is not known.
    """
    unit = element.get("unit", "KiB")
    if unit.lower() not in UNITS:
        raise InputError(f"the unit '{unit}' of <{element.tag}> is not known; KiB, MiB, GiB, TiB are", element.place)
    if value is None:
        value = whole_number(element.text, f"<{element.tag}>", element.place)
    return -(-value * UNITS[unit.lower()] // 1024)


def read_elements(data: bytes, file: str) -> Element:
    """Read an XML document; ``file`` is how messages call it.

    Raises:
        InputError: it is no XML, or has a document type declaration, which libvirt's XML never has.
    """
    return _Reader(file).read(data)


class _Reader:
    """Builds the tree from the parser's events."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.open: list[Element] = []
        self.root: Element | None = None
        self.parser = expat.ParserCreate()
        self.parser.StartElementHandler = self.start
        self.parser.EndElementHandler = self.end
        self.parser.CharacterDataHandler = self.text
        self.parser.StartDoctypeDeclHandler = self.refuse

    def read(self, data: bytes) -> Element:
        try:
            self.parser.Parse(data, True)  # noqa: FBT003 - expat takes no keyword
        except expat.ExpatError as error:
            place = Place(self.file, error.lineno, error.offset + 1)
            raise InputError(f"not XML: {expat.ErrorString(error.code)}", place) from None
        if self.root is None:
            raise InputError("not XML: no element", Place(self.file))
        return self.root

    def place(self) -> Place:
        return Place(self.file, self.parser.CurrentLineNumber, self.parser.CurrentColumnNumber + 1)

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        element = Element(tag, attributes, self.place())
        if self.open:
            self.open[-1].children.append(element)
        else:
            self.root = element
        self.open.append(element)

    def end(self, _tag: str) -> None:
        element = self.open.pop()
        element.text = element.text.strip()

    def text(self, text: str) -> None:
        self.open[-1].text += text

    def refuse(self, *_: object) -> None:
        raise InputError("a document type declaration, which a libvirt domain does not have", self.place())
