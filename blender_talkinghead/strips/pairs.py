# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which strips belong together, from plain facts about them; no Blender in here.

Splitting, duplicating and pasting copy a strip's id, so an id alone names no pair. Source and result belong together
when they carry the same id *and* show some of the same content. Content frames count from a strip's *anchor*, the
timeline frame at which content frame 0 lies (or would lie).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

ROLE_NONE = "NONE"
ROLE_SOURCE = "SOURCE"
ROLE_RESULT = "RESULT"
ROLE_MATTE = "MATTE"


@dataclass(frozen=True)
class StripFacts:
    """What pairing needs to know about a strip.

    Attributes:
        container: name of the meta strip that holds it, "" for none.
        owner: name of the source when the pair was made.
        home: name of the scene in which the pair was made.
        file: name of the .blend file in which the pair was made; "" while that was unsaved.
        anchor: timeline frame of content frame 0.
        left, right: visible frames of the timeline, the right one exclusive.
    """

    scene: str
    name: str
    role: str
    id: str
    container: str
    channel: int
    anchor: int
    left: int
    right: int
    owner: str = ""
    home: str = ""
    file: str = ""

    @property
    def content(self) -> tuple[int, int]:
        """The visible content frames, the end exclusive."""
        return self.left - self.anchor, self.right - self.anchor


def overlap(one: StripFacts, other: StripFacts) -> int:
    """How many content frames two strips both show."""
    (start, end), (other_start, other_end) = one.content, other.content
    return max(0, min(end, other_end) - max(start, other_start))


def results_of(source: StripFacts, strips: Iterable[StripFacts]) -> tuple[StripFacts, ...]:
    """The results that show content of this source, the best one first.

    A result that another source with the same id suits better is left to that one; so halves of a cut, and duplicates
    made together with their result, each have their own.
    """
    known = tuple(strips)
    own = [
        strip
        for strip in known
        if strip.role == ROLE_RESULT and _match(source, strip) and _prefers(strip, source, known)
    ]
    return tuple(sorted(own, key=lambda result: _distance(source, result)))


def source_of(result: StripFacts, strips: Iterable[StripFacts]) -> StripFacts | None:
    """The source whose content a result shows."""
    candidates = [strip for strip in strips if strip.role == ROLE_SOURCE and _match(strip, result)]
    return min(candidates, key=lambda source: _distance(source, result), default=None)


def result_of(matte: StripFacts, strips: Iterable[StripFacts]) -> StripFacts | None:
    """The result whose alpha a matte shows."""
    candidates = [strip for strip in strips if strip.role == ROLE_RESULT and _match(strip, matte)]
    return min(candidates, key=lambda result: _distance(result, matte), default=None)


def needs_new_id(source: StripFacts, strips: Iterable[StripFacts], file: str) -> bool:
    """Whether a source must get an id of its own before its next job.

    True for a source without an id, for a duplicate whose content overlaps its original's, and in a .blend file of
    another name, whose saved job must not be overwritten.
    """
    if not source.id or (source.file and file and source.file != file):
        return True
    known = tuple(strips)
    rivals = [
        strip
        for strip in known
        if strip.role == ROLE_SOURCE and strip.id == source.id and not _same(strip, source) and overlap(strip, source)
    ]
    return any(_claim(rival, known) < _claim(source, known) for rival in rivals)


def _match(source: StripFacts, result: StripFacts) -> bool:
    return source.scene == result.scene and source.id == result.id != "" and overlap(source, result) > 0


def _prefers(result: StripFacts, source: StripFacts, strips: tuple[StripFacts, ...]) -> bool:
    own = _distance(source, result)
    return not any(
        strip.role == ROLE_SOURCE
        and _match(strip, result)
        and not _same(strip, source)
        and overlap(strip, source)
        and _distance(strip, result) < own
        for strip in strips
    )


def _distance(source: StripFacts, result: StripFacts) -> tuple[bool, bool, bool, int, int, str]:
    """Smaller is a better pair: aligned on the timeline, in the same meta, owner by name, then nearest."""
    return (
        source.anchor != result.anchor,
        source.container != result.container,
        result.owner != source.name,
        abs(result.channel - source.channel),
        -overlap(source, result),
        source.name + "\n" + result.name,
    )


def _claim(source: StripFacts, strips: tuple[StripFacts, ...]) -> tuple[bool, bool, bool, str, str]:
    """Smaller is the better claim of a source to the id that it shares with a duplicate."""
    aligned = any(
        strip.role == ROLE_RESULT and _match(source, strip) and strip.anchor == source.anchor for strip in strips
    )
    return source.home != source.scene, source.owner != source.name, not aligned, source.scene, source.name


def _same(one: StripFacts, other: StripFacts) -> bool:
    return (one.scene, one.name) == (other.scene, other.name)
