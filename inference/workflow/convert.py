# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Turns a workflow's graph into a plan."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from . import hello_meme, live_portrait, live_portrait_kj
from .graph import Graph, Mode, Node
from .live_portrait import Film
from .media_nodes import LOADERS, output_of
from .plan import ACTING, Plan
from .reading import Reading

_HARMLESS = frozenset(
    (
        "PreviewImage", "SaveImage", "Note", "MarkdownNote", "Reroute", "Reroute (rgthree)", "SetNode", "GetNode",
        "PrimitiveNode", "PrimitiveInt", "PrimitiveFloat", "PrimitiveString", "PrimitiveStringMultiline",
        "PrimitiveBoolean", "INTConstant", "FloatConstant", "StringConstant", "StringConstantMultiline",
        "BOOLConstant", "Label (rgthree)",
    )
)  # fmt: skip
_REASONS = {
    live_portrait.EDITOR: "it is linked to no node that animates",
    "SaveExpData": "poses are saved in Blender, with Save Pose",
    "LoadExpData": "import the .exp file by itself",
    "ExpData": "its codes name key points of LivePortrait, not sliders",
    "PrintExpData": "it only prints",
    **dict.fromkeys(LOADERS, "nothing that is imported uses it"),
}


def plan_of(graph: Graph) -> Plan:
    """The plan of a workflow. Of several nodes that animate one counts; the others are listed."""
    reading = Reading(graph)
    animator, film = _film(reading)
    rate = output_of(reading, animator)
    rate = _rate(reading, film, rate)
    _list_sleeping(reading)
    reading.list_unused(_HARMLESS, _REASONS)
    if animator is None:
        reading.note("No node of this workflow animates a face that Talking Head knows.")
    return Plan(
        rate=rate,
        frames=film.frames,
        strips=film.strips,
        settings=reading.settings,
        keys=film.keys,
        not_understood=reading.problems,
        notes=reading.notes,
    )


def _film(reading: Reading) -> tuple[Node | None, Film]:
    portrait = sorted(reading.graph.active(live_portrait.ANIMATOR), key=_promise)
    others = reading.graph.active(live_portrait_kj.ANIMATOR, *hello_meme.ANIMATORS)
    stills = live_portrait.last_editors(reading)
    candidates: Sequence[Node] = [*portrait, *others] or stills[::-1]
    if not candidates:
        return None, Film((), (), 0)
    chosen = candidates[0]
    for other in candidates[1:]:
        reading.use(other)
        reading.report(other, "the node", f"one film is imported at a time, that of {chosen.type} {chosen.id}")
    if chosen.type == live_portrait.ANIMATOR:
        return chosen, live_portrait.film_of(reading, chosen)
    if chosen.type == live_portrait_kj.ANIMATOR:
        return chosen, live_portrait_kj.film_of(reading, chosen)
    if chosen.type in hello_meme.ANIMATORS:
        return chosen, hello_meme.film_of(reading, chosen)
    return chosen, live_portrait.still_of(reading, chosen)


def _promise(node: Node) -> tuple[bool, bool]:
    """Sorts nodes that have poses before those that have none, and those that are on before those that are off."""
    return "motion_link" not in node.links, not node.values.get("turn_on", True)


def _rate(reading: Reading, film: Film, written: Fraction | None) -> Fraction | None:
    """The film's rate: that of the node that writes it, or else that of the driving clip."""
    acting = next((strip for strip in film.strips if strip.role == ACTING), None)
    read = None if acting is None or acting.rate is None else acting.rate / acting.every_nth
    if written is not None and read is not None and read != written:
        reading.note(
            f"The driving clip is read at {float(read):g} frames a second and the film plays at {float(written):g}: "
            f"it acts {float(written / read):g} times as fast."
        )
    return written or read


def _list_sleeping(reading: Reading) -> None:
    for node in reading.graph.nodes.values():
        if node.mode is not Mode.ACTIVE and node.type not in _HARMLESS:
            reading.report(node, "the node", f"it is {node.mode.name.lower()} in the workflow")
