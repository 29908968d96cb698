"""Schemas as query-qmp-schema tells them, made comparable: names of types replaced by what they are."""

from __future__ import annotations

from typing import Any


class Told:
    """What a reply to query-qmp-schema says."""

    def __init__(self, infos: list[dict[str, Any]]) -> None:
        self.infos = infos
        self._types = {info["name"]: info for info in infos if info["meta-type"] not in ("command", "event")}

    def names(self) -> list[str]:
        """The commands and events, in order."""
        return [info["name"] for info in self.infos if info["meta-type"] in ("command", "event")]

    def definition(self, name: str) -> dict[str, Any]:
        """A command or event with its types written out."""
        info = next(info for info in self.infos if info["name"] == name)
        return {key: self.expand(value) if key.endswith("-type") and key != "meta-type" else value
                for key, value in info.items()}  # fmt: skip

    def expand(self, name: str, above: tuple[str, ...] = ()) -> Any:
        """A type, written out; one that is inside itself is told by how far up it is."""
        if name.startswith("["):
            return [self.expand(name[1:-1], above)]
        if name in above:
            return {"above": len(above) - above.index(name)}
        info = self._types[name]
        inside = (*above, name)
        told = {key: value for key, value in info.items() if key != "name"}
        for key in ("members", "variants"):
            if info["meta-type"] in ("object", "alternate") and key in info:
                told[key] = [{**member, "type": self.expand(member["type"], inside)} for member in info[key]]
        return told
