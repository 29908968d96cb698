"""Object types of a user's own, found through the entry point group ``qom_sandbox.types``.

The entry point's name is the typename; what it names is a :class:`TypePlugin`. In a package's pyproject.toml::

    [project.entry-points."qom_sandbox.types"]
    my-initiator = "my_package:PLUGIN"

The group is looked at only when a typename turns up that the dialect does not know.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sandbox.errors import InputError
from sandbox.qapi.model import Branch, EnumType, EnumValue, ObjectType, Schema
from sandbox.records import record

if TYPE_CHECKING:
    from sandbox.qom.types import TypeInfo

GROUP: Final = "qom_sandbox.types"


@record
class TypePlugin:
    """A user-creatable type.

    Attributes:
        info: the QOM type; if it adds structures, its ``instance_class`` is a
            :class:`~qom_types.contract.SratContributor`.
        members: QAPI text that defines ``struct`` and the types that it uses.
        struct: the name of the struct with the type's members.
    """

    info: TypeInfo
    members: str
    struct: str


def find_plugin(typename: str) -> TypePlugin | None:
    """Return the installed type of that name, or None.

    Raises:
        InputError: what the entry point names is no :class:`TypePlugin`.
    """
    from importlib.metadata import entry_points

    for entry in entry_points(group=GROUP, name=typename):
        found = entry.load()
        if not isinstance(found, TypePlugin) or found.info.name != typename:
            raise InputError(f"entry point '{typename}' of {GROUP}: {entry.value} is no TypePlugin of that name")
        return found
    return None


def extended(schema: Schema, plugin: TypePlugin) -> Schema:
    """Return a dialect's schema with a further type of objects.

    Raises:
        InputError: the plug-in's members are not QAPI, or define what the schema has already.
    """
    from sandbox.qapi.schema import parse_schema

    file = f"<{GROUP}: {plugin.info.name}>"
    added = parse_schema(plugin.members, file).definitions
    known = dict(schema.definitions)
    for name, definition in added.items():
        if definition.place.file == file:
            if name in known:
                raise InputError(f"'{name}' is defined already", definition.place)
            known[name] = definition
        else:
            known.setdefault(name, definition)
    struct = added.get(plugin.struct)
    if not isinstance(struct, ObjectType):
        raise InputError(f"{file}: it does not define the struct '{plugin.struct}'")
    types = schema.lookup_as(EnumType, "ObjectType")
    known["ObjectType"] = types._replace(values=(*types.values, EnumValue(plugin.info.name, struct.place)))
    options = schema.lookup_as(ObjectType, "ObjectOptions")
    branch = Branch(plugin.info.name, plugin.struct, struct.place)
    known["ObjectOptions"] = options._replace(branches=(*options.branches, branch))
    return Schema(known, schema.files)
