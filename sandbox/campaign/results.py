"""The results file: a line of JSON for what the campaign is, then one for each case, written as soon as it is done."""

from __future__ import annotations

import contextlib
import fcntl
import json
from typing import IO, TYPE_CHECKING, Any, Self

from sandbox.errors import InputError
from sandbox.records import field, field_names, record

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType


@record
class Result:
    """One case's line.

    Attributes:
        number: the case.
        binary: the QEMU's label.
        kind: how it was run.
        family: the machine's family.
        features: what of it QEMU did, by name.
        rounds: how often firmware read the tables.
        commands: how many QMP commands QEMU answered, or ended at.
        seconds: wall time, without that of shrinking.
        own_seconds: the part in which QEMU waited for us.
        outcome: ``equal``, ``different`` or ``error``.
        refused: whether QEMU ended as it started, by itself.
        difference: its kind; "" if there is none.
        what: in what the sides differed, or what went wrong with QEMU.
        scenario: the file that shows the difference, in the results' directory; "" if none.
        shrink_runs: how many cases were run to make it small.
    """

    number: int
    binary: str
    kind: str
    family: str
    outcome: str
    features: tuple[str, ...] = ()
    rounds: int = 0
    commands: int = 0
    seconds: float = 0.0
    own_seconds: float = 0.0
    refused: bool = False
    difference: str = ""
    what: str = ""
    scenario: str = ""
    shrink_runs: int = 0

    def as_json(self) -> dict[str, Any]:
        """Return the line as a JSON object; times in seconds to the microsecond."""
        values = {name: getattr(self, name) for name in field_names(Result)}
        values["features"] = list(self.features)
        values |= {name: round(values[name], 6) for name in ("seconds", "own_seconds")}
        return {name: value for name, value in values.items() if value != ""}

    @classmethod
    def from_json(cls, line: dict[str, Any]) -> Result:
        """Return the result that a line stands for.

        Raises:
            TypeError: a member is missing or unknown.
        """
        return cls(**{**line, "features": tuple(line.get("features", ()))})


@record
class Earlier:
    """What a file holds already: its results by number, and how many of its bytes are whole lines."""

    results: dict[int, Result] = field(default_factory=dict)
    length: int = 0


def read_results(path: Path, header: dict[str, Any]) -> Earlier:
    """Read the results of a campaign that was stopped; a last line that is cut off is left out.

    Args:
        path: the file.
        header: what the campaign must be.

    Raises:
        InputError: the file is of another campaign, or it is none.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror}") from error
    lines = data.split(b"\n")
    whole, length = lines[:-1], len(data) - len(lines[-1])
    found: dict[int, Result] = {}
    for number, line in enumerate(whole, 1):
        try:
            value = json.loads(line)
            if number == 1:
                _check_header(path, value, header)
                continue
            result = Result.from_json(value)
        except (ValueError, TypeError) as error:
            raise InputError(f"{path}:{number}: no line of a campaign's results") from error
        found[result.number] = result
    return Earlier(found, length)


def _check_header(path: Path, found: Any, header: dict[str, Any]) -> None:
    if not isinstance(found, dict) or "campaign" not in found:
        raise InputError(f"{path}:1: no results of a campaign")
    for name, value in header.items():
        if found.get(name) != value:
            remedy = "give the same settings, or another directory"
            raise InputError(f"{path} is of a campaign with {name} {found.get(name)!r}, not {value!r}: {remedy}")


class ResultsFile:
    """An open results file; a context manager that closes it."""

    def __init__(self, path: Path, header: dict[str, Any], *, resume: bool) -> None:
        """Open the file and write the first line, or go on behind the last whole one.

        Raises:
            InputError: it is there already and ``resume`` is false, it is of another campaign, or a running one has it,
                or it cannot be written.
        """
        self.earlier = Earlier()
        self._path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file: IO[bytes] = path.open("r+b" if resume and path.exists() else "xb")
        except FileExistsError:
            raise InputError(f"{path} is there already: go on with --resume, or give another directory") from None
        except OSError as error:
            raise InputError(f"cannot write {path}: {error.strerror}") from error
        try:
            self._lock()
            if resume:
                self.earlier = read_results(path, header)
                self._file.truncate(self.earlier.length)
                self._file.seek(self.earlier.length)
            if not self.earlier.length:
                self._write(header)
        except BaseException:
            self._close()
            raise

    def _lock(self) -> None:
        """Keep other campaigns out; the kernel lets go of the lock however this process ends."""
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            remedy = "wait for its end, or give another directory"
            raise InputError(f"another campaign is writing {self._path}: {remedy}") from None
        except OSError as error:
            raise InputError(
                f"cannot lock {self._path}: {error.strerror}; --results can name a file elsewhere"
            ) from error

    def append(self, result: Result) -> None:
        """Write one result, through to the file.

        Raises:
            InputError: there is no room.
        """
        self._write(result.as_json())

    def _write(self, value: dict[str, Any]) -> None:
        try:
            self._file.write(json.dumps(value).encode() + b"\n")
            self._file.flush()
        except OSError as error:
            raise InputError(f"cannot write {self._path}: {error.strerror}") from error

    def _close(self) -> None:
        with contextlib.suppress(OSError):  # what has no room has been told by then
            self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()


class Unkept:
    """What stands for a results file where none is kept; a context manager."""

    def __init__(self) -> None:
        self.earlier = Earlier()

    def append(self, result: Result) -> None:
        """Keep nothing."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close nothing."""
