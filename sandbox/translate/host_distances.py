"""Distances of a host, from ``numactl -H``, for the nodes of a guest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sandbox.errors import InputError, Place, QemuError
from sandbox.machine.arguments import WITH_VALUE
from sandbox.machine.command_line import parse_arguments
from sandbox.machine.distances import LOCAL
from sandbox.qapi.opts import parse_opts
from sandbox.records import replace
from sandbox.runs import list_text
from sandbox.translate.nodesets import parse_node_set

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sandbox.scenario.model import Scenario

    Distances = Mapping[tuple[int, int], int]

HEADING: Final = "node distances:"
NEAREST: Final = LOCAL + 1
"""The distance between nodes of the guest that are one node of the host: the least that Linux takes for two nodes."""


def read_distances(text: str, file: str) -> dict[tuple[int, int], int]:
    """Return the distances of a host by source and destination, from the output of ``numactl -H``.

    Raises:
        InputError: there are none, or they are not as numactl writes them.
    """
    lines = text.splitlines()
    start = next((number for number, line in enumerate(lines) if line.strip() == HEADING), None)
    if start is None:
        raise InputError(f"no line '{HEADING}': give the output of 'numactl -H'", Place(file))
    if start + 1 >= len(lines):
        raise InputError("the text ends before the distances", Place(file, start + 1))
    columns = [_number(word, file, start + 2) for word in lines[start + 1].split()[1:]]
    found: dict[tuple[int, int], int] = {}
    for number, line in enumerate(lines[start + 2 :], start + 3):
        node, colon, values = line.partition(":")
        if not colon:
            break
        cells = values.split()
        if len(cells) != len(columns):
            raise InputError(f"{len(cells)} distances for {len(columns)} nodes", Place(file, number))
        source = _number(node.strip(), file, number)
        found |= {(source, it): _number(cell, file, number) for it, cell in zip(columns, cells, strict=True)}
    if len(found) != len(columns) ** 2:
        raise InputError(f"{len(found)} distances for {len(columns)} nodes", Place(file, start + 1))
    return found


def read_map(pairs: Sequence[str]) -> dict[int, int]:
    """Return for each node of the guest the host's, from texts as ``0=0`` and ``2-9=10-17``: host first.

    One node of the host can stand for several of the guest: ``0=0-1``.

    Raises:
        InputError: a text is no such pair, or a node of the guest stands in two of them.
    """
    found: dict[int, int] = {}
    for pair in pairs:
        host, equals, guest = pair.partition("=")
        if not equals:
            raise InputError(f"'{pair}' is no pair of nodes; write the host's and the guest's as '2-9=2-9'")
        hosts, guests = parse_node_set(host), parse_node_set(guest)
        if len(hosts) == 1:
            hosts = hosts * len(guests)
        if len(hosts) != len(guests):
            raise InputError(f"'{pair}': {len(hosts)} nodes of the host and {len(guests)} of the guest")
        for one, other in zip(hosts, guests, strict=True):
            if other in found:
                raise InputError(f"'{pair}': node {other} of the guest has a node of the host already")
            found[other] = one
    return found


def guest_distances(host: Distances, nodes: Mapping[int, int]) -> dict[tuple[int, int], int]:
    """Return the distances of a guest.

    Args:
        host: the host's.
        nodes: for each node of the guest the host's.

    Returns:
        By source and destination, ascending; a node is 10 away from itself, and :data:`NEAREST` from others that are
        the same node of the host.

    Raises:
        InputError: the host has no such node.
    """
    known = {source for source, _ in host}
    missing = sorted(set(nodes.values()) - known)
    if missing:
        raise InputError(f"the host has no node {list_text(missing)}; it has {list_text(known)}")
    pairs = [(source, destination) for source in sorted(nodes) for destination in sorted(nodes)]
    found = {(source, destination): host[nodes[source], nodes[destination]] for source, destination in pairs}
    found |= {pair: NEAREST for pair in pairs if nodes[pair[0]] == nodes[pair[1]]}
    return {**found, **{(node, node): LOCAL for node in nodes}}


def shared_nodes(nodes: Mapping[int, int]) -> Iterator[str]:
    """Give a sentence for each node of the host that is several of the guest.

    Args:
        nodes: for each node of the guest the host's.
    """
    for host in sorted(set(nodes.values())):
        guests = [guest for guest, known in nodes.items() if known == host]
        if len(guests) > 1:
            yield (
                f"nodes {list_text(guests)} of the guest are all node {host} of the host: {NEAREST} between them,"
                " the least that Linux takes"
            )


def with_distances(scenario: Scenario, distances: Distances) -> Scenario:
    """Return a scenario whose command line has these distances instead of those that it has.

    Where all are symmetric, each pair is given once.

    Raises:
        InputError: a declared node has no distances, or a node with distances is not declared.
        MachineExit: QEMU refuses the command line.
    """
    config = parse_arguments(scenario.command_line, scenario.dialect, scenario.place)
    declared: list[int] = []
    for given in config.numa:
        if given.values["type"] == "node":
            declared.append(given.values.get("nodeid", len(declared)))
    named = {node for pair in distances for node in pair}
    for nodes, problem in (
        (
            set(declared) - named,
            "declared without a node of the host: add it to --map (0=0-1 gives two nodes one of the host)",
        ),
        (named - set(declared), "mapped to a node of the host without being declared: add -numa node"),
    ):
        if nodes:
            subject = f"node {min(nodes)} is" if len(nodes) == 1 else f"nodes {list_text(nodes)} are"
            raise InputError(f"{subject} {problem}", scenario.place)
    symmetric = all(distances[destination, source] == value for (source, destination), value in distances.items())
    options = [
        f"dist,src={source},dst={destination},val={value}"
        for (source, destination), value in distances.items()
        if source != destination and (not symmetric or source < destination)
    ]
    words = without_distances(scenario.command_line)
    return replace(scenario, command_line=(*words, *(word for option in options for word in ("-numa", option))))


def without_distances(words: Sequence[str]) -> tuple[str, ...]:
    """Return a command line without its ``-numa dist`` options."""
    kept: list[str] = []
    waiting = iter(words)
    for word in waiting:
        name = word.lstrip("-") if word.startswith("-") else ""
        value = next(waiting, None) if name in WITH_VALUE else None
        if name == "numa" and value is not None and _is_distance(value):
            continue
        kept += [word] if value is None else [word, value]
    return tuple(kept)


def _is_distance(value: str) -> bool:
    try:
        return dict(parse_opts(value, "type")).get("type") == "dist"
    except QemuError:
        return False


def _number(word: str, file: str, line: int) -> int:
    if not word.isdecimal():
        raise InputError(f"'{word}' is no number", Place(file, line))
    return int(word)


def check_distances(distances: Distances) -> None:
    """Refuse what QEMU or Linux would.

    Raises:
        InputError: a distance between two nodes is not above 10, or above 255.
    """
    for (source, destination), value in distances.items():
        if source != destination and not LOCAL < value <= 255:
            raise InputError(f"the distance from {source} to {destination} is {value}; it must be from 11 to 255")
