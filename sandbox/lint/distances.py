"""Rules about distances."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sandbox.acpi.slit import MATRIX_OFFSET
from sandbox.lint.model import NOTE, WARNING, Found, Rule
from sandbox.lint.setup import listed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sandbox.lint.setup import Setup
    from sandbox.lint.view import View

LOCAL: Final = 10
MOST_SHOWN: Final = 8
"""How many cells of a matrix are told of one by one."""


def no_distances(view: View) -> Iterator[Found]:
    """There are initiators and no distances."""
    if view.srat is None or view.slit is not None or "slit" in view.cut_off:
        return
    nodes = sorted({entry.pxm for entry in view.initiators() if entry.enabled})
    if nodes and len(view.guest_nodes()) > 1:
        message = f"no distances are given: a guest takes 20 from {listed(nodes)} to any other"
        yield Found(message, view.where("SRAT"))


def rejected_option(setup: Setup) -> Iterator[Found]:
    """A distance for which Linux throws the matrix away, among the options."""
    if setup.board is None or setup.config is None:
        return
    for given in setup.config.numa:
        values = given.values
        if values["type"] == "dist" and values["src"] != values["dst"] and values["val"] <= LOCAL:
            pair = f"{values['src']} and {values['dst']}"
            message = f"the distance between nodes {pair} is {values['val']}, for which Linux rejects all distances"
            yield Found(message, setup.where(given.option))


def rejected_cell(view: View) -> Iterator[Found]:
    """The same in a table that was brought, with the diagonal."""
    rows = view.rows() or ()
    cells = [(source, destination) for source, row in enumerate(rows) for destination in _rejected(source, row)]
    for source, destination in cells[:MOST_SHOWN]:
        wanted = "10" if source == destination else "more than 10"
        value = rows[source][destination]
        message = f"the distance from {source} to {destination} is {value}, and Linux wants {wanted}"
        offset = MATRIX_OFFSET + source * len(rows) + destination
        yield Found(f"{message}: it rejects all distances", view.where("SLIT", offset))
    if len(cells) > MOST_SHOWN:
        message = f"{len(cells) - MOST_SHOWN} more distances are not as Linux wants them"
        yield Found(message, view.where("SLIT", MATRIX_OFFSET))


def too_small(view: View) -> Iterator[Found]:
    """SLIT has no distances for some of SRAT's domains."""
    rows = view.rows()
    beyond = sorted({pxm for pxm in view.guest_nodes() if rows is not None and pxm >= len(rows)})
    if beyond:
        localities = "1 locality" if len(rows or ()) == 1 else f"{len(rows or ())} localities"
        message = f"SLIT has {localities}, and SRAT names {listed(beyond)}: a guest takes 20 from there to any other"
        yield Found(message, view.where("SLIT", MATRIX_OFFSET - 8))


def _rejected(source: int, row: bytes) -> Iterator[int]:
    """Give the places in a row of what Linux rejects."""
    for destination, value in enumerate(row):
        if (value != LOCAL) if source == destination else (value <= LOCAL):
            yield destination


DISTANCES: Final = (
    Rule(
        "GI601",
        "no-distances",
        NOTE,
        "There are initiators and no distances.",
        "Without SLIT a guest takes 10 within a node and 20 between any two, so that the memory of a GPU seems as near "
        "as that of another socket.",
        "Linux 6.1 to 7.3 as booted",
        "Give -numa dist for every pair, those of the initiators' nodes included; 'qom-sandbox translate "
        "--distances-from' takes the host's.",
        of_view=no_distances,
    ),
    Rule(
        "GI602",
        "distances-rejected",
        WARNING,
        "Linux rejects the whole matrix of distances.",
        "Each distance of a node to itself must be 10 and every other one above 10; over one bad cell Linux throws all "
        "away and takes 10 and 20.",
        "Linux 6.1 to 7.3 as booted",
        "Use 11 or more between different nodes, and 10 within a node.",
        of_setup=rejected_option,
        of_brought=rejected_cell,
    ),
    Rule(
        "GI603",
        "too-few-localities",
        WARNING,
        "SLIT has fewer localities than SRAT has domains.",
        "Linux takes 20 for what SLIT does not say.",
        "Linux 6.1 to 7.3 as booted",
        "Give the distances of all nodes.",
        of_brought=too_small,
    ),
)
