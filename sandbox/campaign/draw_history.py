"""Drawing what is done to a machine over QMP: rounds of commands, each ended by a reset."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sandbox.campaign.draw_mistakes import draw_mistake
from sandbox.campaign.draw_objects import INITIATOR, PORT, SERIES, companion, initiator, port
from sandbox.campaign.draw_virtio_memory import ask_of_memory
from sandbox.campaign.hand import option_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox.campaign.case import Command
    from sandbox.campaign.hand import Hand

RESET: Final[Command] = ("system_reset", None)
ROUNDS: Final = (1, 1, 2, 3, 5)
LENGTHS: Final = (0, 1, 2, 4, 8, 15, 25)
BEYOND: Final = 128
"""The first node number that QEMU has no room for."""

TYPENAMES: Final = ("acpi-generic-initiator", "iothread", "memory-backend-ram", "secret", "rng-builtin")


def draw_history(hand: Hand, objects: list[tuple[str, str]]) -> tuple[Command, ...]:
    """Draw the commands of all rounds.

    Args:
        hand: the draw.
        objects: type and id of the objects that there are at the start.
    """
    return _History(hand, objects).draw()


class _History:
    """Draws the commands, and keeps which objects there are by then."""

    def __init__(self, hand: Hand, objects: list[tuple[str, str]]) -> None:
        self.hand = hand
        self.alive = [name for _, name in objects]
        self.types = {name: typename for typename, name in objects}
        self.gone: list[str] = []
        self.commands: list[Command] = []
        self.can_add = bool(hand.pci_ids) and hand.nodes > 0

    def draw(self) -> tuple[Command, ...]:
        """Return the commands of all rounds; each round ends with a reset, the last perhaps with the end of QEMU."""
        if self.hand.chance(0.08):
            return ()
        actions: tuple[tuple[int, Callable[[], None]], ...] = (
            (8, self.add),
            (5, self.delete),
            (3, self.change),
            (3, self.mistake),
            (3, self.ask),
            (1, self.add_companion),
            (1, self.fail_to_complete),
            (1, self.add_port),
            (1, self.type_in_monitor),
        )
        weights, choices = [weight for weight, _ in actions], [action for _, action in actions]
        rounds = self.hand.pick(ROUNDS)
        for _ in range(rounds):
            for action in self.hand.random.choices(choices, weights, k=self.hand.pick(LENGTHS)):
                self.begin()
                action()
            self.begin()
            if any(command == RESET for command in self.commands):
                self.hand.cover("several-rounds")
            self.commands.append(RESET)
        self.begin()
        if self.can_add and self.hand.chance(0.06):
            self.end()
        return tuple(self.commands)

    def begin(self) -> None:
        """Have what is covered from now on belong to the next command."""
        self.hand.step = len(self.commands) + 1

    def send(self, name: str, arguments: dict[str, Any] | None, feature: str) -> None:
        self.hand.cover(feature)
        self.commands.append((name, arguments))

    def _made(self, members: dict[str, Any]) -> None:
        name, typename = str(members["id"]), str(members["qom-type"])
        self.alive.append(name)
        self.types[name] = typename
        if typename == SERIES:
            self.hand.cover("nvidia-objects")

    def add(self) -> None:
        if not self.can_add:
            return
        members = initiator(self.hand)
        if self.gone and self.hand.chance(0.35):
            members["id"] = self.gone.pop(self.hand.random.randrange(len(self.gone)))
            self.hand.cover("re-adds")
        self.send("object-add", members, "adds")
        self._made(members)

    def add_port(self) -> None:
        if not self.can_add or not self.hand.host_bridges:
            return
        members = port(self.hand)
        self.send("object-add", members, "port-adds")
        self._made(members)

    def add_companion(self) -> None:
        members = companion(self.hand)
        if self.hand.chance(0.2):
            members = {"qom-type": "memory-backend-ram", "id": self.hand.fresh_id("m"), "size": 1 << 20}
        self.send("object-add", members, "companion-adds")
        self._made(members)

    def delete(self) -> None:
        if self.alive:
            name = self.alive.pop(self.hand.random.randrange(len(self.alive)))
            self.gone.append(name)
            self.send("object-del", {"id": name}, "deletes")

    def _initiators(self) -> list[str]:
        return [name for name in self.alive if self.types.get(name) in (INITIATOR, PORT, SERIES)]

    def change(self) -> None:
        """Set a property of an initiator or port to another right value."""
        names = self._initiators()
        if not names or not self.hand.nodes:
            return
        name = self.hand.pick(names)
        typename = self.types[name]
        prop: str
        value: object
        if self.hand.chance(0.5) or not self.hand.pci_ids:
            prop, value = "node", self.hand.random.randrange(self.hand.nodes)
        elif typename == PORT:
            prop, value = "pci-bus", self.hand.pick(self.hand.host_bridges)
        else:
            prop = "device" if self.hand.target.dialect == "v2" else "pci-dev"
            value = self.hand.pick(self.hand.pci_ids)
        path = self.hand.pick((f"/objects/{name}", f"/objects/{name}", name))
        self.send("qom-set", {"path": path, "property": prop, "value": value}, "qom-sets")

    def mistake(self) -> None:
        name, arguments = draw_mistake(self.hand, self.alive, self._initiators())
        if name == "object-add" and (arguments or {}).get("id") in self.alive:
            self.hand.cover("duplicates")
        self.send(name, arguments, "error-replies")

    def fail_to_complete(self) -> None:
        """Ask for an object whose completion fails: it takes a bucket and leaves it again."""
        name = self.hand.fresh_id("s")
        self.send("object-add", {"qom-type": "secret", "id": name}, "failed-completions")

    def ask(self) -> None:
        hand = self.hand
        choices: list[Command] = [
            ("qom-list", {"path": "/objects"}),
            ("qom-list", {"path": "/objects"}),
            ("qom-list-types", {"implements": hand.pick(("acpi-generic-initiator", "acpi-generic-port", "iothread"))}),
            ("qom-list-properties", {"typename": hand.pick(TYPENAMES)}),
            ("query-memdev", None),
            ("query-name", None),
        ]
        if self.alive:
            name = hand.pick(self.alive)
            choices += [
                ("qom-get", {"path": f"/objects/{name}", "property": "type"}),
                ("qom-list", {"path": f"/objects/{name}"}),
                ("qom-list", {"path": name}),
            ]
        about_memory = ask_of_memory(hand)
        command, arguments = hand.pick(about_memory if about_memory and hand.chance(0.6) else choices)
        self.send(command, arguments, "queries")

    def type_in_monitor(self) -> None:
        """Do it as a person would, in the human monitor."""
        if self.alive and self.hand.chance(0.4):
            name = self.alive.pop(self.hand.random.randrange(len(self.alive)))
            self.gone.append(name)
            line = f"object_del {name}"
        elif self.can_add and self.hand.chance(0.7):
            members = initiator(self.hand)
            line = f"object_add {option_text(members)}"
            self._made(members)
        else:
            line = self.hand.pick(
                ("object_del nothing", "object_add nope,id=a", "object_add", "object_del", "frobnicate")
            )
        self.send("human-monitor-command", {"command-line": line}, "human-monitor")

    def end(self) -> None:
        """End QEMU: at once, or when it next makes its tables."""
        hand = self.hand
        hand.cover("ends")
        right = initiator(hand)
        names = self._initiators()
        device = "device" if hand.target.dialect == "v2" else "pci-dev"
        backends = [text.split("id=")[1].split(",")[0] for text in hand.objects if text.startswith("memory-backend")]
        wrong: list[Command] = [
            ("object-add", {**right, "node": BEYOND}),
            ("object-add", {**right, "node": hand.nodes + hand.upto(3)}),
            ("object-add", {**right, device: hand.pick(("nothing", "", "/machine", *backends))}),
            ("human-monitor-command", {"command-line": f"object_add {option_text({**right, 'node': BEYOND})}"}),
        ]
        if names:
            wrong.append(("qom-set", {"path": f"/objects/{hand.pick(names)}", "property": "node", "value": BEYOND + 7}))
        if hand.target.has_ports:
            bus = hand.pick(("pcie.0", "nothing", *hand.pci_ids))
            wrong.append(
                ("object-add", {"qom-type": PORT, "id": hand.fresh_id("gp"), "pci-bus": bus, "node": 0}),
            )
        self.commands.append(hand.pick(wrong))
        self.begin()
        if hand.chance(0.5) and self.can_add:
            self.add()
        self.commands.append(RESET)
