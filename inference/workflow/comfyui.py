# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads the JSON that ComfyUI writes: the workflow of its editor, and the prompt of its API."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from ..errors import ErrorCode, TalkingHeadError
from .graph import Graph, Mode, Node, Output
from .layouts import LAYOUTS, named

# Links that cross the border of a subgraph begin or end at these nodes.
_INPUTS, _OUTPUTS = -10, -20
_DEEPEST = 8
_MOST_NODES = 20_000


def graph_of(data: object) -> Graph:
    """The graph of parsed JSON.

    Raises:
        TalkingHeadError: INVALID_REQUEST when it is no workflow.
    """
    if not isinstance(data, dict):
        raise _invalid("a workflow is a JSON object")
    workflow = _unwrapped(data)
    if isinstance(workflow.get("nodes"), list):
        return _Editor(workflow).graph()
    if workflow and all("class_type" in _mapping(node) for node in workflow.values()):
        return Graph({str(key): _api_node(str(key), _mapping(node)) for key, node in workflow.items()})
    raise _invalid("it has neither 'nodes' nor entries with a 'class_type'")


def _unwrapped(data: Mapping[str, object]) -> Mapping[str, object]:
    """What is sent to the API, and what a picture carries, hold the workflow one level deeper."""
    for name in ("workflow", "prompt"):
        inner = data.get(name)
        if isinstance(inner, dict) and "nodes" not in data:
            return inner
    return data


def _api_node(key: str, data: Mapping[str, object]) -> Node:
    values: dict[str, object] = {}
    links: dict[str, Output] = {}
    for name, value in _mapping(data.get("inputs")).items():
        if isinstance(value, list) and len(value) == 2 and isinstance(value[1], int):
            links[name] = Output(str(value[0]), value[1])
        else:
            # The API wraps a list that is a value, so that it is no link.
            values[name] = value["__value__"] if isinstance(value, dict) and "__value__" in value else value
    return Node(key, str(data["class_type"]), values=values, links=links)


@dataclass
class _Scope:
    """Nodes and links of the workflow itself or of one use of a subgraph."""

    prefix: str
    links: dict[int, Output]
    instance: Mapping[str, object] | None = None
    definition: Mapping[str, object] = field(default_factory=dict)
    parent: _Scope | None = None


class _Editor:
    """Flattens the editor's form: subgraphs are put in the place of the nodes that stand for them."""

    def __init__(self, data: Mapping[str, object]) -> None:
        subgraphs = _list(_mapping(data.get("definitions")).get("subgraphs"))
        self._definitions = {str(item.get("id")): item for item in subgraphs}
        self._data = data
        self._nodes: dict[str, Node] = {}
        self._inside: dict[str, _Scope] = {}

    def graph(self) -> Graph:
        """All nodes."""
        scopes = list(self._scopes(_Scope("", _links(self._data), definition=self._data), 0))
        for scope in scopes:
            for item in _list(scope.definition.get("nodes")):
                if str(item.get("type")) not in self._definitions:
                    node = self._node(scope, item)
                    self._nodes[node.id] = node
        return Graph(self._nodes)

    def _scopes(self, scope: _Scope, depth: int) -> Iterator[_Scope]:
        yield scope
        items = _list(scope.definition.get("nodes"))
        if depth > _DEEPEST or len(self._inside) + len(items) > _MOST_NODES:
            raise _invalid("its subgraphs are nested too deeply, or it is too large")
        for item in items:
            definition = self._definitions.get(str(item.get("type")))
            if definition is not None:
                name = _id(scope, item.get("id"))
                inner = _Scope(f"{name}:", _links(definition), item, definition, scope)
                self._inside[name] = inner
                yield from self._scopes(inner, depth + 1)

    def _node(self, scope: _Scope, item: Mapping[str, object]) -> Node:
        inputs = _list(item.get("inputs"))
        type_name = str(item.get("type"))
        values, unnamed = _values(type_name, item.get("widgets_values"), inputs)
        links: dict[str, Output] = {}
        for entry in inputs:
            name = str(entry.get("name"))
            link = entry.get("link")
            output = self._output(scope, scope.links.get(link)) if isinstance(link, int) else None
            if output is not None:
                links[name] = output
            elif isinstance(link, int) and (value := self._promoted(scope, scope.links.get(link))) is not None:
                values[name] = value
        return Node(
            id=_id(scope, item.get("id")),
            type=type_name,
            mode=self._mode(scope, item),
            values=values,
            unnamed=unnamed,
            links=links,
            input_types={str(entry.get("name")): str(entry.get("type")) for entry in inputs},
            output_types=tuple(str(entry.get("type")) for entry in _list(item.get("outputs"))),
        )

    def _mode(self, scope: _Scope, item: Mapping[str, object]) -> Mode:
        """A node inside a subgraph that does not run does not run either."""
        modes = [item.get("mode")]
        level: _Scope | None = scope
        while level is not None and level.instance is not None:
            modes.append(level.instance.get("mode"))
            level = level.parent
        return next((Mode(mode) for mode in modes if mode in (Mode.MUTED, Mode.BYPASSED)), Mode.ACTIVE)

    def _output(self, scope: _Scope, output: Output | None) -> Output | None:
        """The node that a link begins at, followed out of and into subgraphs."""
        for _ in range(4 * _DEEPEST):
            if output is None:
                return None
            if output.node == str(_INPUTS):
                output, scope = self._outside(scope, output.slot)
            elif _id(scope, output.node) in self._inside:
                scope = self._inside[_id(scope, output.node)]
                output = _into(scope, output.slot)
            else:
                return Output(_id(scope, output.node), output.slot)
        return None

    def _outside(self, scope: _Scope, slot: int) -> tuple[Output | None, _Scope]:
        entry = _instance_input(scope, slot)
        link = None if entry is None else entry.get("link")
        if scope.parent is None or not isinstance(link, int):
            return None, scope
        return scope.parent.links.get(link), scope.parent

    def _promoted(self, scope: _Scope, output: Output | None) -> object:
        """The value of a widget that a subgraph shows on its own node."""
        if output is None or output.node != str(_INPUTS) or scope.instance is None:
            return None
        entry = _instance_input(scope, output.slot)
        widgets = [item for item in _list(scope.instance.get("inputs")) if item.get("widget")]
        values = scope.instance.get("widgets_values")
        if entry not in widgets or not isinstance(values, list) or len(values) != len(widgets):
            return None
        return values[widgets.index(entry)]


def _instance_input(scope: _Scope, slot: int) -> Mapping[str, object] | None:
    """What the node that stands for a subgraph has at the subgraph's input of that position."""
    declared = _list(scope.definition.get("inputs"))
    if scope.instance is None or slot >= len(declared):
        return None
    name = declared[slot].get("name")
    return next((item for item in _list(scope.instance.get("inputs")) if item.get("name") == name), None)


def _into(scope: _Scope, slot: int) -> Output | None:
    """What a subgraph has at its output of that position."""
    for link in _raw_links(scope.definition):
        if link[3] == _OUTPUTS and link[4] == slot:
            return Output(str(link[1]), _whole(link[2]))
    return None


def _values(
    type_name: str, widgets: object, inputs: Sequence[Mapping[str, object]]
) -> tuple[dict[str, object], tuple[object, ...] | None]:
    """Named values, and the values whose names are not known."""
    if isinstance(widgets, dict):
        return {str(name): value for name, value in widgets.items()}, None
    if not isinstance(widgets, list):
        return {}, () if type_name in LAYOUTS else None
    names = [str(_mapping(entry["widget"]).get("name")) for entry in inputs if entry.get("widget")]
    found = named(type_name, widgets, names)
    return ({}, tuple(widgets)) if found is None else (found, None)


def _links(data: Mapping[str, object]) -> dict[int, Output]:
    """Where each link begins, by its id."""
    return {link[0]: Output(str(link[1]), _whole(link[2])) for link in _raw_links(data) if isinstance(link[0], int)}


def _raw_links(data: Mapping[str, object]) -> Iterator[Sequence[object]]:
    """Id, origin and its slot, target and its slot of each link: older files hold lists, newer ones objects."""
    links = data.get("links")
    for link in links if isinstance(links, list) else []:
        if isinstance(link, dict):
            yield [link.get(name) for name in ("id", "origin_id", "origin_slot", "target_id", "target_slot")]
        elif isinstance(link, list) and len(link) >= 5:
            yield link


def _id(scope: _Scope, number: object) -> str:
    return f"{scope.prefix}{number}"


def _whole(value: object) -> int:
    return value if isinstance(value, int) else 0


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, dict) else {}


def _list(value: object) -> list[Mapping[str, object]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _invalid(details: str) -> TalkingHeadError:
    return TalkingHeadError(
        ErrorCode.INVALID_REQUEST,
        f"The file is no workflow of ComfyUI: {details}.",
        "Save it in ComfyUI again with Workflow > Save or Export (API).",
    )
