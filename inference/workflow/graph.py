# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A ComfyUI workflow as nodes with named values and named links, whichever way it was saved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum

MOST_HOPS = 1000


class Mode(IntEnum):
    """Whether a node runs; the numbers are ComfyUI's."""

    ACTIVE = 0
    MUTED = 2
    BYPASSED = 4


@dataclass(frozen=True)
class Output:
    """An output of a node, by its position."""

    node: str
    slot: int


@dataclass(frozen=True)
class Node:
    """A node.

    Attributes:
        id: as text; "12:5" is node 5 of the subgraph that node 12 stands for.
        type: class of the node, such as "ExpressionEditor".
        mode: whether it runs.
        values: widget values by name.
        unnamed: widget values whose names are not known, because the layout is not; None when all are named.
        links: what is linked to an input, by the input's name.
        input_types, output_types: type by name and by position, where the file says.
    """

    id: str
    type: str
    mode: Mode = Mode.ACTIVE
    values: Mapping[str, object] = field(default_factory=dict)
    unnamed: tuple[object, ...] | None = None
    links: Mapping[str, Output] = field(default_factory=dict)
    input_types: Mapping[str, str] = field(default_factory=dict)
    output_types: tuple[str, ...] = ()


# Nodes that hand on what is linked to them.
_PASSING = {"Reroute", "Reroute (rgthree)", "easy getNode", "ReroutePrimitive|pysssss"}
_CONSTANTS = {
    "PrimitiveNode", "PrimitiveInt", "PrimitiveFloat", "PrimitiveString", "PrimitiveStringMultiline",
    "PrimitiveBoolean", "INTConstant", "FloatConstant", "StringConstant", "StringConstantMultiline", "BOOLConstant",
}  # fmt: skip


@dataclass(frozen=True)
class Graph:
    """All nodes by id, in the order of the file."""

    nodes: Mapping[str, Node]

    def active(self, *types: str) -> list[Node]:
        """Nodes of these types that run, in the order of the file."""
        return [node for node in self.nodes.values() if node.type in types and node.mode is Mode.ACTIVE]

    def linked(self, node: Node, name: str) -> Node | None:
        """The node that feeds an input, past reroutes and bypassed nodes; None when nothing that runs does."""
        output = self.origin(node, name)
        return None if output is None else self.nodes[output.node]

    def origin(self, node: Node, name: str) -> Output | None:
        """The output that feeds an input, past reroutes and bypassed nodes."""
        output = node.links.get(name)
        for _ in range(MOST_HOPS):
            origin = None if output is None else self.nodes.get(output.node)
            if output is None or origin is None or origin.mode is Mode.MUTED:
                return None
            if origin.mode is Mode.ACTIVE and not _passes(origin):
                return output
            output = self._behind(origin, output.slot)
        return None

    def value(self, node: Node, name: str) -> object:
        """A widget's value; where a link stands in for the widget, that of the constant at the other end.

        Raises:
            LookupError: a link brings the value, and only running the workflow would tell which.
        """
        if name not in node.links:
            return node.values.get(name)
        origin = self.linked(node, name)
        if origin is not None and origin.type in _CONSTANTS:
            values = [*origin.values.values(), *(origin.unnamed or ())]
            if values:
                return values[0]
        raise LookupError("comes from a link, and only running the workflow would tell its value")

    def _behind(self, node: Node, slot: int) -> Output | None:
        """What a node that passes things on has at its input for one of its outputs."""
        if node.type == "GetNode":
            return self._set_by(node)
        if len(node.links) == 1 and _passes(node):
            return next(iter(node.links.values()))
        kind = node.output_types[slot] if slot < len(node.output_types) else ""
        # ComfyUI takes the input at the same position if its type fits, else the first that does.
        names = list(node.input_types)
        same = names[slot : slot + 1]
        for name in [*same, *names]:
            if node.input_types[name] == kind and name in node.links:
                return node.links[name]
        return None

    def _set_by(self, getter: Node) -> Output | None:
        """What a pair of SetNode and GetNode, which share a name, hands on."""
        name = _first_value(getter)
        for node in self.nodes.values():
            if node.type == "SetNode" and _first_value(node) == name and node.links:
                return next(iter(node.links.values()))
        return None


def _passes(node: Node) -> bool:
    return node.type in _PASSING or node.type in ("SetNode", "GetNode")


def _first_value(node: Node) -> object:
    return next(iter([*node.values.values(), *(node.unnamed or ())]), None)
