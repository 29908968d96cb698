"""``-numa dist``: the distances between nodes, and the SLIT that comes of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sandbox.errors import QemuError
from sandbox.machine.families import MAX_NODES
from sandbox.machine.refusals import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Container, Mapping

LOCAL: Final = 10
"""The distance of a node to itself, and the least of all."""

Distances = dict[tuple[int, int], int]
"""Given distances by source and destination; one that is given again replaces the earlier."""


def check_distance(source: int, destination: int, value: int, nodes: Container[int]) -> None:
    """Check one ``-numa dist``.

    Args:
        source: the node from which it is measured, 16 bits.
        destination: the node to which it is measured, 16 bits.
        value: 8 bits.
        nodes: the nodes declared so far.

    Raises:
        QemuError: a number is out of range, a node is not declared, or the distance is none.

    Source: QEMU 10.0 behaviour.
    """
    for name, pxm in (("src", source), ("dst", destination)):
        if pxm >= MAX_NODES:
            raise QemuError(f"Parameter '{name}' expects an integer between 0 and {MAX_NODES - 1}")
    if source not in nodes or destination not in nodes:
        raise QemuError("Source/Destination NUMA node is missing. Please use '-numa node' option to declare it first.")
    if value < LOCAL:
        raise QemuError(f"NUMA distance ({value}) is invalid, it shouldn't be less than {LOCAL}.")
    if source == destination and value != LOCAL:
        raise QemuError(f"Local distance of node {source} should be {LOCAL}.")


def distance_rows(given: Mapping[tuple[int, int], int], nodes: int) -> tuple[bytes, ...]:
    """Complete the distances into the matrix of SLIT: a row per source, a byte per destination.

    A pair that is given in one direction is symmetric; if any pair is not, all must be given in both directions.

    Raises:
        ConfigurationError: a distance is missing.

    Source: QEMU 10.0 behaviour.
    """
    lopsided = False
    for source in range(nodes):
        for destination in range(source + 1, nodes):
            there, back = given.get((source, destination)), given.get((destination, source))
            if there is None and back is None:
                raise ConfigurationError(
                    f"The distance between node {source} and {destination} is missing, "
                    "at least one distance value between each nodes should be provided."
                )
            lopsided = lopsided or (there is not None and back is not None and there != back)
    pairs = [(source, destination) for source in range(nodes) for destination in range(nodes) if source != destination]
    if lopsided and any(pair not in given for pair in pairs):
        raise ConfigurationError(
            "At least one asymmetrical pair of distances is given, "
            "please provide distances for both directions of all node pairs."
        )
    complete = {(pxm, pxm): LOCAL for pxm in range(nodes)}
    for source, destination in pairs:
        complete[source, destination] = given.get((source, destination)) or given[destination, source]
    return tuple(bytes(complete[source, destination] for destination in range(nodes)) for source in range(nodes))
