"""Input visitors: what users write -> the value that a schema type describes, or QEMU's own error about it.

Which visitor an option or command has decides its words:

==============================  =====================  =========================================
what                            visitor                what it says of a node that is no number
==============================  =====================  =========================================
QMP, ``-object '{...}'``        :func:`visit_json`     Parameter 'node' expects uint64
``-object``, ``-numa``          :func:`visit_opts`     Parameter 'node' expects a uint64 value
``-smp``, HMP's ``object_add``  :func:`visit_keyval`   Parameter 'node' expects integer
==============================  =====================  =========================================

Objects come back as dicts in the order of the schema, members that were not given are absent, 64-bit integers are ints.

Source: QEMU 10.0 behaviour.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.errors import InputError
from sandbox.qapi.model import Command

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sandbox.qapi.model import Schema
    from sandbox.qapi.visit_tree import TreeVisitor


def visit_json(schema: Schema, typename: str, value: object, name: str | None = None) -> Any:
    """Return ``value``, which came from JSON, read as a type of the schema.

    Args:
        schema: the schema.
        typename: the name of a type; ``q_obj_NAME-arg`` is that of the arguments of a command NAME.
        value: as :func:`sandbox.qapi.json.parse_json` returns it.
        name: what messages call the value itself, as a property's setter does in ``qom-set``.

    Raises:
        QemuError: the value is not of the type.
        InputError: the schema has no such type, or the value nests too deeply.
    """
    from sandbox.qapi.visit_json import JSON_SCALARS
    from sandbox.qapi.visit_tree import TreeVisitor

    return _guarded(TreeVisitor(schema, JSON_SCALARS, "[%d]"), typename, value, name)


def visit_arguments(schema: Schema, command: str, arguments: Mapping[str, object]) -> Any:
    """Return the arguments of a QMP command; those of a command without ``gen`` come back as they are.

    Raises:
        QemuError: they are not what the command takes.
        InputError: the schema has no such command.
    """
    definition = schema.lookup_as(Command, command)
    return visit_json(schema, definition.arg_type, dict(arguments)) if definition.gen else dict(arguments)


def visit_keyval(schema: Schema, typename: str, tree: object, name: str | None = None) -> Any:
    """Return ``tree``, which came from :func:`sandbox.qapi.keyval.parse_keyval`, read as a type of the schema.

    Messages call the value itself ``name``, as a property's setter does.

    Raises:
        QemuError: the tree is not of the type.
        InputError: the schema has no such type, or the tree nests too deeply.
    """
    from sandbox.qapi.visit_keyval import INDEX, KEYVAL_SCALARS
    from sandbox.qapi.visit_tree import TreeVisitor

    return _guarded(TreeVisitor(schema, KEYVAL_SCALARS, INDEX), typename, tree, name)


def visit_opts(schema: Schema, typename: str, pairs: Iterable[tuple[str, str]]) -> Any:
    """Return ``pairs``, which came from :func:`sandbox.qapi.opts.parse_opts`, read as a struct or union of the schema.

    Raises:
        QemuError: the pairs are not of the type.
        InputError: the schema has no such type, or it has members that options cannot write.
    """
    from sandbox.qapi.visit_opts import OptsVisitor

    return OptsVisitor(schema, pairs).visit(typename)


def _guarded(visitor: TreeVisitor, typename: str, value: object, name: str | None) -> Any:
    try:
        return visitor.visit(typename, value, None if name is None else (None, name))
    except RecursionError:
        raise InputError(f"the value nests too deeply for type '{typename}'") from None
