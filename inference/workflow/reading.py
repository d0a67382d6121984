# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads values off nodes and keeps account: what was used, what was not understood, what is worth a note."""

from __future__ import annotations

import math
from fractions import Fraction

from .graph import Graph, Mode, Node
from .plan import NotUnderstood

_SHOWN_LENGTH = 80
_MOST = 1_000_000_000


class Reading:
    """One reading of a graph."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        # Dictionaries keep the order and hold everything once.
        self._problems: dict[NotUnderstood, None] = {}
        self._notes: dict[str, None] = {}
        self.settings: dict[str, dict[str, object]] = {}
        self._used: set[str] = set()

    @property
    def problems(self) -> tuple[NotUnderstood, ...]:
        """What was listed."""
        return tuple(self._problems)

    @property
    def notes(self) -> tuple[str, ...]:
        """What was told."""
        return tuple(self._notes)

    def use(self, node: Node) -> None:
        """Say that a node was read; a node whose widgets cannot be told apart is listed."""
        if node.id in self._used:
            return
        self._used.add(node.id)
        if node.unnamed is not None:
            self.report(
                node,
                f"widgets {shown(list(node.unnamed))}",
                "this layout of the node is not known, so none of its values is used",
            )

    def used(self, node: Node) -> bool:
        """Whether a node was read."""
        return node.id in self._used

    def report(self, node: Node, what: str, reason: str) -> None:
        """List something that is not carried over."""
        self._problems[NotUnderstood(node.id, node.type, what, reason)] = None

    def note(self, text: str) -> None:
        """Tell something that was understood."""
        self._notes[text] = None

    def setting(self, topic: str, **values: object) -> None:
        """Keep settings of a topic; what is None is left out."""
        kept = {name: value for name, value in values.items() if value is not None}
        if kept:
            self.settings.setdefault(topic, {}).update(kept)

    def raw(self, node: Node, name: str) -> object:
        """A widget's value; None when there is none or it cannot be known, which is listed."""
        try:
            return self.graph.value(node, name)
        except LookupError as error:
            self.report(node, name, str(error))
            return None

    def number(self, node: Node, name: str, default: float) -> float:
        """A finite number."""
        value = self.raw(node, name)
        if value is None:
            return default
        try:
            number = float(value)  # type: ignore[arg-type]
        except (TypeError, ValueError, OverflowError):
            number = math.nan
        if not math.isfinite(number):
            self.report(node, f"{name} = {shown(value)}", "it is no number")
            return default
        return number

    def whole(self, node: Node, name: str, default: int, minimum: int = 0) -> int:
        """A whole number of at least ``minimum``."""
        number = self.number(node, name, default)
        if number != int(number) or not minimum <= number <= _MOST:
            self.report(node, f"{name} = {number:g}", f"it must be a whole number from {minimum} to {_MOST}")
            return default
        return int(number)

    def rate(self, node: Node, name: str) -> Fraction | None:
        """A frame rate as an exact fraction of the decimal number in the file; None for 0 or none."""
        number = self.number(node, name, 0.0)
        if number == 0:
            return None
        if not 0 < number <= 1000:
            self.report(node, f"{name} = {number:g}", "it is no frame rate")
            return None
        value = self.graph.value(node, name)
        return Fraction(str(value)) if isinstance(value, (int, float)) else Fraction(str(number))

    def switch(self, node: Node, name: str, default: bool) -> bool:
        """On or off; anything else counts as in the node, where only what is empty is off, and is listed."""
        value = self.raw(node, name)
        if value is None or isinstance(value, bool):
            return default if value is None else value
        state = "on" if value else "off"
        self.report(node, f"{name} = {shown(value)}", f"it is neither on nor off; the node takes it for {state}")
        return bool(value)

    def text(self, node: Node, name: str) -> str:
        """A text; "" when there is none."""
        value = self.raw(node, name)
        return value if isinstance(value, str) else ""

    def list_unused(self, harmless: frozenset[str], reasons: dict[str, str]) -> None:
        """List the nodes that were not read, but for those that only show, save or pass things on."""
        for node in self.graph.nodes.values():
            if node.mode is Mode.ACTIVE and not self.used(node) and node.type not in harmless:
                self.report(node, "the node", reasons.get(node.type, "Talking Head has no use for this kind of node"))


def shown(value: object) -> str:
    """A value of a file in a message, cut to a readable length."""
    try:
        text = repr(value)
    except RecursionError:
        text = type(value).__name__
    return text if len(text) <= _SHOWN_LENGTH else text[: _SHOWN_LENGTH - 3] + "..."
