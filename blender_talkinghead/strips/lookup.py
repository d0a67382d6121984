# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds pairs of strips in Blender: gathers the facts, asks ``pairs``, and looks strips up by name again.

Nothing here keeps a strip: undo, deleting and loading make pointers invalid.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import bpy

from .. import compat
from . import pairs
from .pairs import ROLE_MATTE, ROLE_NONE, ROLE_RESULT, ROLE_SOURCE, StripFacts

# These have content with a beginning of its own. A single image and a generator have not: their content starts at the
# left handle, wherever that is dragged.
_TYPES_WITH_CONTENT = {"IMAGE", "MOVIE", "META", "SCENE", "MOVIECLIP", "MASK", "SOUND"}


def file_name() -> str:
    """Name of the .blend file; "" while unsaved."""
    return Path(bpy.data.filepath).name


def is_still(strip: Any) -> bool:
    """Whether a strip's content has no beginning of its own."""
    if strip.type == "IMAGE":
        return len(strip.elements) == 1
    return strip.type not in _TYPES_WITH_CONTENT


def facts_of_scene(scene: Any, pair_id: str | None = None) -> tuple[StripFacts, ...]:
    """Facts about every source and result of a scene, or about those alone that carry an id.

    Panels ask while they are drawn, for one id: then the other strips of a long edit cost next to nothing.
    """
    strips = compat.all_strips(scene)
    if pair_id is not None:
        strips = [strip for strip in strips if strip.th_id == pair_id]
    return facts_among([strip for strip in strips if strip.th_role != ROLE_NONE])


def facts_among(strips: Iterable[Any]) -> tuple[StripFacts, ...]:
    """Facts about strips of one scene that are sources or results."""
    strips = tuple(strips)
    results = [_facts(strip, result_anchor(strip)) for strip in strips if strip.th_role == ROLE_RESULT]
    sources = [_facts(strip, _source_anchor(strip, results)) for strip in strips if strip.th_role == ROLE_SOURCE]
    return (*sources, *results)


def facts_of_file() -> tuple[StripFacts, ...]:
    """Facts about every source and result of every scene."""
    return tuple(facts for scene in bpy.data.scenes for facts in facts_of_scene(scene))


def facts_of(strip: Any) -> StripFacts:
    """Facts about one strip, seen as a source unless it is a result."""
    if strip.th_role in (ROLE_RESULT, ROLE_MATTE):
        return _facts(strip, result_anchor(strip))
    results = [facts for facts in facts_of_scene(strip.id_data, strip.th_id) if facts.role == ROLE_RESULT]
    return _facts(strip, _source_anchor(strip, results))


def source_of(strip: Any) -> Any | None:
    """The source of a result or matte strip; any other strip itself; None for one whose source is gone."""
    if strip.th_role not in (ROLE_RESULT, ROLE_MATTE):
        return strip
    scene = strip.id_data
    source = pairs.source_of(facts_of(strip), facts_of_scene(scene, strip.th_id))
    return None if source is None else compat.strip_named(scene, source.name)


def results_of(source: Any) -> list[Any]:
    """The result strips of a source, the best one first."""
    if source.th_role != ROLE_SOURCE:
        return []
    scene = source.id_data
    found = pairs.results_of(facts_of(source), facts_of_scene(scene, source.th_id))
    return [compat.strip_named(scene, facts.name) for facts in found]


def mattes_of(result: Any) -> list[Any]:
    """The matte strips that show the alpha of a result."""
    scene = result.id_data
    strips = [strip for strip in compat.all_strips(scene) if strip.th_id == result.th_id]
    known = facts_among(strips)
    mattes = [strip for strip in strips if strip.th_role == ROLE_MATTE]
    best = [pairs.result_of(facts_of(matte), known) for matte in mattes]
    return [matte for matte, facts in zip(mattes, best, strict=True) if facts and facts.name == result.name]


def find_source(pair_id: str, scene_name: str, content: tuple[int, int]) -> Any | None:
    """The source with an id that shows some of the content frames (end exclusive), first of all in the named scene."""
    best: tuple[tuple[bool, bool, int], Any] | None = None
    for scene in bpy.data.scenes:
        for facts in facts_of_scene(scene, pair_id):
            shared = min(facts.content[1], content[1]) - max(facts.content[0], content[0])
            if facts.role != ROLE_SOURCE or shared <= 0:
                continue
            # By owner, a duplicate that was made while the job ran is not taken for its original.
            rank = (scene.name == scene_name, facts.owner == facts.name, shared)
            if best is None or rank > best[0]:
                best = rank, compat.strip_named(scene, facts.name)
    return None if best is None else best[1]


def result_anchor(strip: Any) -> int:
    """Timeline frame at which a result shows, or would show, content frame 0 of its source."""
    return compat.content_start(strip) - compat.content_trim_start(strip) - strip.th_result_first


def remember_pair(strip: Any, pair_id: str, owner: str) -> None:
    """Note to which pair a strip belongs, and where the pair was made: by these a copy is told from its original."""
    strip.th_id, strip.th_owner = pair_id, owner
    strip.th_scene, strip.th_file = strip.id_data.name, file_name()


def remember_placement(source: Any, anchor: int) -> None:
    """Note where a source lies, from which the anchor of a still is found after moving and trimming it."""
    source.th_seen_left, source.th_seen_right = compat.left(source), compat.right(source)
    source.th_seen_anchor = anchor


def _source_anchor(strip: Any, results: list[StripFacts]) -> int:
    if not is_still(strip):
        return compat.content_start(strip) - compat.content_trim_start(strip)
    left, right = compat.left(strip), compat.right(strip)
    if strip.th_seen_right <= strip.th_seen_left:  # never seen by a job
        return left
    moved = left - strip.th_seen_left
    if moved == right - strip.th_seen_right:
        return strip.th_seen_anchor + moved
    # Trimmed or split, and perhaps moved as well: its result, which has content of its own, tells.
    above = [r for r in results if r.id == strip.th_id and min(r.right, right) > max(r.left, left)]
    if above:
        return min(above, key=lambda r: (r.owner != strip.name, abs(r.channel - strip.channel))).anchor
    one_handle_moved = left == strip.th_seen_left or right == strip.th_seen_right
    return strip.th_seen_anchor + (0 if one_handle_moved else moved)


def _facts(strip: Any, anchor: int) -> StripFacts:
    parent = strip.parent_meta()
    return StripFacts(
        scene=strip.id_data.name,
        name=strip.name,
        role=strip.th_role,
        id=strip.th_id,
        container="" if parent is None else parent.name,
        channel=strip.channel,
        anchor=anchor,
        left=compat.left(strip),
        right=compat.right(strip),
        owner=strip.th_owner,
        home=strip.th_scene,
        file=strip.th_file,
    )
