# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Results follow their sources: what changed on a source since the last look is done to its results as well.

A source that is moved, trimmed, slipped, retimed or split takes its results along; a new transform, crop, flip, opacity
or blend mode, and their keys, are copied. What the user gave a result itself stays: a value is copied only where the
result had the source's old one. Muting is not followed, so that both can be compared.

Everything is told from the strips and from what the results remember (``follow_state``), so it does not matter when
it is called, nor whether undo, redo or loading came in between.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import bpy

from ...inference.errors import TalkingHeadError
from .. import compat
from . import follow_curves, follow_pairs, follow_state, lookup, mattes
from .follow_curves import Animation
from .follow_rules import Placement, followed, keys_shift
from .follow_state import Memory
from .pairs import ROLE_NONE, ROLE_RESULT, ROLE_SOURCE, StripFacts
from .result_layout import Layout
from .result_placement import channel_between, place, set_elements

_LOGGER = logging.getLogger(__name__)
# What each pair looked like after the last pass, by scene and id: nothing is done where nothing has changed.
_seen: dict[tuple[str, str], tuple[object, object]] = {}
_paused = 0


def sync_all(*, curves: bool = True) -> bool:
    """Have all results of the open file follow; whether a strip was changed.

    Args:
        curves: also look at curves, which pays off only after an action was edited.
    """
    return any([sync(scene, curves=curves) for scene in bpy.data.scenes])


def sync(scene: Any, *, curves: bool = True) -> bool:
    """Have the results of a scene follow their sources; whether a strip was changed.

    For the main thread, and not while Blender renders.
    """
    if _paused or not scene.is_editable:
        return False
    groups: dict[str, list[Any]] = {}
    for strip in compat.all_strips(scene):
        if strip.th_role != ROLE_NONE:
            groups.setdefault(strip.th_id, []).append(strip)
    changed = False
    animation: Animation | None = None
    for pair_id, strips in groups.items():
        before, seen = _print_of(strips), _seen.get((scene.name, pair_id))
        if not curves and seen is not None and seen[0] == before:
            continue
        animation = animation or Animation(scene)
        if seen == (before, animation.print_of(strips)):
            continue
        _sync_group(scene, strips, animation)
        after = _print_of(strips)
        changed = changed or after != before
        _seen[scene.name, pair_id] = after, animation.print_of(strips)
    return changed


def frames_made(source: Any, results: Iterable[Any], *, baked: bool) -> None:
    """A job has made frames for the results of a source.

    Args:
        baked: they contain the source's crop, transform and modifiers (As Seen), so the results get none.
    """
    scene = source.id_data
    animation, now = Animation(scene), follow_pairs.placement(lookup.facts_of(source))
    for result in results:
        memory = follow_state.recall(result) or _memory(source, now, result, animation, baked=_baked(source))
        if memory.source_at == now:  # else it still has to follow
            memory = replace(memory, result_at=_place_of(result))  # the job may have made it longer
        if result.th_follow and not _locked(result):
            memory = _follow_look(source, result, memory, animation, baked=baked, adopt=True)
        follow_state.remember(result, replace(memory, baked=baked))


@contextmanager
def paused() -> Iterator[None]:
    """While something edits strips that nobody is to follow, such as those in a copy of the scene."""
    global _paused
    _paused += 1
    try:
        yield
    finally:
        _paused -= 1


def forget() -> None:
    """Look at every pair again at the next pass."""
    _seen.clear()


def _sync_group(scene: Any, strips: list[Any], animation: Animation) -> None:
    """Have the strips of one id follow."""
    by_name = {strip.name: strip for strip in strips}
    facts = lookup.facts_among(strips)
    places = {item.name: follow_pairs.placement(item) for item in facts}
    memories = {name: follow_state.recall(strip) for name, strip in by_name.items() if strip.th_role == ROLE_RESULT}
    for result_facts, source_facts in follow_pairs.assigned(facts, memories):
        result, source = by_name[result_facts.name], by_name[source_facts.name]
        memory = memories[result.name]
        known = memory is not None and (memory.source, memory.result) == (source.name, result.name)
        if memory is None or not known or not result.th_follow or _locked(result):
            fresh = _memory(source, places[source.name], result, animation, baked=_baked(source, memory))
            follow_state.remember(result, fresh)
            continue
        try:
            for piece in _pieces(scene, facts, source_facts, result_facts, memory):
                _follow(*piece, places, animation)
        except TalkingHeadError as error:  # no channel is free: the result stays where it is
            _LOGGER.warning("'%s' does not follow '%s': %s", result.name, source.name, error)
    _note_stills(scene, facts)
    mattes.follow(strips)


def _pieces(
    scene: Any, facts: tuple[StripFacts, ...], source: StripFacts, result: StripFacts, memory: Memory
) -> list[tuple[Any, Any, Memory]]:
    """Source, result and memory; several where the source was cut: then the result is cut at the same frames."""
    own: Any = compat.strip_named(scene, result.name)
    parts = follow_pairs.parts_of(facts, source, result, memory)
    found = [(compat.strip_named(scene, source.name), own, memory)]
    for part, first in parts:
        frame = result.anchor + first
        if not compat.left(own) < frame < compat.right(own):
            continue
        rest = own.split(frame=frame, split_method="SOFT")
        rest.select = own.select
        before = found[-1][2]
        first_content, end_content = before.source_at.content
        left = replace(before, source_at=before.source_at.between(first_content, first), result_at=_place_of(own))
        found[-1] = (found[-1][0], own, left)
        right = replace(
            before,
            source=part.name,
            result=rest.name,
            source_at=before.source_at.between(first, end_content),
            result_at=_place_of(rest),
        )
        found.append((compat.strip_named(scene, part.name), rest, right))
        own = rest
    return found


def _follow(source: Any, result: Any, memory: Memory, places: dict[str, Placement], animation: Animation) -> None:
    """Do to a result what was done to its source."""
    if result.name not in places:  # cut off right now, and its curves with it
        animation.refresh()
    now, at = places[source.name], _place_of(result)
    if now != memory.source_at and at == memory.result_at:  # else both were moved, and that by somebody else
        _move(result, at, followed(memory.source_at, now, at), keys_shift(memory.source_at, now))
    memory = replace(memory, source_at=now, result_at=_place_of(result))
    follow_state.remember(result, _follow_look(source, result, memory, animation, baked=memory.baked, adopt=False))


def _follow_look(source: Any, result: Any, memory: Memory, animation: Animation, *, baked: bool, adopt: bool) -> Memory:
    look = follow_state.look_of(source, animation.of(source), baked=baked)
    own_curves = animation.of(result)
    for path, value in look.items():
        old = memory.look.get(path)
        if value is None or old is None or value == old or path in own_curves:
            continue
        if follow_state.value_of(result, path) == old:
            follow_state.set_value(result, path, value)
    freed = follow_curves.freed(source, animation, memory.curves, baked=baked)
    curves = follow_curves.follow(source, result, animation, memory.curves, baked=baked, adopt=adopt)
    for path in freed:  # copies of curves are gone: what the source has now
        if look[path] is not None:
            follow_state.set_value(result, path, look[path])
    return replace(memory, look=look, curves=curves)


def _move(result: Any, at: Placement, to: Placement, shift: int) -> None:
    """Place a result and shift its keys; where it grows, the nearest picture shows until frames are rendered.

    Raises:
        TalkingHeadError: INVALID_REQUEST when no channel is free.
    """
    if to == at:
        return
    names = [element.filename for element in result.elements]
    first, end = result.th_result_first, result.th_result_first + len(names)
    start, stop = to.content
    layout = Layout(min(first, start), max(end, stop), start, stop)
    channel_between(result, to.left, to.right)  # before anything is changed
    set_elements(result, [names[0]] * (first - layout.first) + names + [names[-1]] * (layout.end - end))
    place(result, layout, to.anchor)
    if shift:
        compat.shift_keys(result, shift)


def _memory(source: Any, place: Placement, result: Any, animation: Animation, *, baked: bool) -> Memory:
    """What a result remembers that takes its source as it is."""
    return Memory(
        source.name,
        result.name,
        place,
        _place_of(result),
        follow_state.look_of(source, animation.of(source), baked=baked),
        follow_curves.look_only(source, result, animation, baked=baked),
        baked,
    )


def _place_of(strip: Any) -> Placement:
    return Placement(lookup.result_anchor(strip), compat.left(strip), compat.right(strip))


def _baked(source: Any, memory: Memory | None = None) -> bool:
    """Whether frames contain the look of their source; where no job said so, as the source would be rendered now."""
    return source.type not in ("IMAGE", "MOVIE") or source.th_as_seen if memory is None else memory.baked


def _locked(result: Any) -> bool:
    return result.lock or compat.container_of(result).channels[result.channel].lock


def _note_stills(scene: Any, facts: tuple[StripFacts, ...]) -> None:
    """Note where stills lie, so that the next change is told from this place and not from that at the last job."""
    for item in facts:
        source = compat.strip_named(scene, item.name) if item.role == ROLE_SOURCE else None
        if source is None or not lookup.is_still(source):
            continue
        if source.th_seen_right > source.th_seen_left:  # a job has seen it
            seen = (source.th_seen_anchor, source.th_seen_left, source.th_seen_right)
            if seen != (item.anchor, item.left, item.right):
                lookup.remember_placement(source, item.anchor)


def _print_of(strips: list[Any]) -> tuple[object, ...]:
    """What tells whether anything that results follow has changed."""
    return tuple(value for strip in strips for value in _values(strip))


def _values(strip: Any) -> tuple[object, ...]:
    transform, crop = strip.transform, strip.crop
    return (
        strip.name, strip.th_role, strip.th_follow, strip.th_follow_state, strip.lock,
        compat.left(strip), compat.right(strip), compat.content_start(strip), compat.content_trim_start(strip),
        transform.scale_x, transform.scale_y, transform.offset_x, transform.offset_y, transform.rotation,
        tuple(transform.origin), transform.filter,
        crop.min_x, crop.max_x, crop.min_y, crop.max_y,
        strip.use_flip_x, strip.use_flip_y, strip.color_multiply, strip.color_saturation, strip.multiply_alpha,
        strip.blend_type, strip.blend_alpha,
    )  # fmt: skip
