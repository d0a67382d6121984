# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes a job from a strip: everything a job needs is read from Blender here, once."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ...inference.engines import description_of
from ...inference.errors import ErrorCode, TalkingHeadError
from ...inference.job import Job
from ...inference.performance import Performance
from ...inference.source import FaceChoice
from .. import compat, properties
from ..drivers import drivers, exact
from ..strips import file_session, folders, lookup, pairs, prerender, sampling, source_state, sources
from ..strips.pairs import ROLE_SOURCE, StripFacts
from ..strips.sources import Rendering, StripSource

PREVIEW_ID = "preview"


@dataclass(frozen=True)
class PreparedJob:
    """A job and where its frames belong. Holds no strip: those are looked up by id each time.

    Attributes:
        folder: where job and frames are kept; it may not exist yet (``folders.ensure``).
        scene: name of the source's scene.
        pair_id: the id that source and result carry.
        first_frame: timeline frame of the job's first frame.
        content_first: content frame of the source that the job's first frame is.
        baked: the frames contain the strip's crop, transform and modifiers, so the result has none of its own.
        cut_out: the frames are transparent around the person, so the source is hidden below.
        file_session: which opened file it belongs to (``file_session.current``).
        warnings: sentences for the user.
        source_state: what the strip's frames depend on, by which it is told later that they are out of date.
    """

    job: Job
    folder: Path
    scene: str
    pair_id: str
    first_frame: int
    content_first: int
    baked: bool
    cut_out: bool
    file_session: int
    warnings: tuple[str, ...] = ()
    source_state: Mapping[str, str] = field(default_factory=dict)

    @property
    def content(self) -> tuple[int, int]:
        """The content frames of the job, the end exclusive."""
        return self.content_first, self.content_first + len(self.job.performance)


def prepare(scene: Any, strip: Any, range_mode: str, *, with_drivers: bool = True) -> PreparedJob:
    """The job of a strip (of a result's source) for a range of frames.

    Writes nothing but the pair's identity on the strips, once nothing can fail any more, and pictures that Blender has
    to render first.

    Args:
        range_mode: one of ``properties.RANGE_...``.
        with_drivers: acting and speech are added to the sliders; their tracks must have been read.

    Raises:
        TalkingHeadError: a sentence that says what is wrong with the strip, its files, its face, its range or its
            drivers.
    """
    return _build(scene, _source(strip), range_mode, None, with_drivers)


def prepare_frame(scene: Any, strip: Any, frame: int, performance: Performance | None = None) -> PreparedJob:
    """The job of a single timeline frame of a strip, without its drivers. Writes nothing on strips.

    Args:
        performance: the sliders at that frame, if they are known; else the scene is set to the frame to read them.

    Raises:
        TalkingHeadError: as ``prepare``.
    """
    return _build(scene, _source(strip), properties.RANGE_STRIP, frame, False, performance)


def frames_in_range(scene: Any, strip: Any, range_mode: str) -> range:
    """The visible timeline frames of a strip inside a range.

    Raises:
        TalkingHeadError: INVALID_REQUEST when there are none.
    """
    first, end = compat.left(strip), compat.right(strip)
    if range_mode == properties.RANGE_PREVIEW and scene.use_preview_range:
        first, end = max(first, scene.frame_preview_start), min(end, scene.frame_preview_end + 1)
    elif range_mode != properties.RANGE_STRIP:
        first, end = max(first, scene.frame_start), min(end, scene.frame_end + 1)
    if end <= first:
        raise TalkingHeadError(
            ErrorCode.INVALID_REQUEST,
            f"The strip '{strip.name}' has no frame in the chosen range.",
            "Set the range to Strip, or move the range over the strip.",
        )
    return range(first, end)


def _source(strip: Any) -> Any:
    source = lookup.source_of(strip)
    if source is None:
        raise TalkingHeadError(
            ErrorCode.INVALID_REQUEST,
            f"The source of the result '{strip.name}' is no longer in this scene.",
            "Select an image or movie strip and animate that.",
        )
    return source


def _build(
    scene: Any,
    strip: Any,
    range_mode: str,
    frame: int | None,
    with_drivers: bool,
    known: Performance | None = None,
) -> PreparedJob:
    rendering = sources.rendering_of(scene, strip)
    settings = properties.settings_of(strip)
    facts = lookup.facts_of(strip)
    if frame is None:
        frames = frames_in_range(scene, strip, range_mode)
        pair_id = _pair_id(strip, facts)
        place = folders.place_for(scene, strip, pair_id)
    else:
        frames = range(frame, frame + 1)
        pair_id, place = PREVIEW_ID, folders.preview_place()
    driven = drivers.Driven(known) if known is not None else _performance(scene, strip, frames, with_drivers)
    # Previews go without the pictures around their own.
    around = description_of(strip.th_engine).neighbours if frame is None else 0
    looked_at = range(frames[0] - around, frames[-1] + around + 1)
    shown = _pictures(scene, strip, rendering, looked_at, facts.anchor, place.path / f"rendered-{pair_id[:8]}")
    job = Job(
        id=pair_id,
        name=strip.name,
        engine=strip.th_engine,
        settings=settings,
        source=shown.source,
        face=FaceChoice(strip.th_face_index, properties.points_of(strip), _face_picture(strip, shown)),
        pictures=tuple(shown.picture_at(number) for number in frames),
        performance=driven.performance,
    )
    job = driven.in_job(job)
    if frame is None:
        _remember(strip, pair_id, facts.anchor, place)
    return PreparedJob(
        job=job,
        folder=place.path,
        scene=scene.name,
        pair_id=pair_id,
        first_frame=frames[0],
        content_first=frames[0] - facts.anchor,
        baked=rendering is Rendering.AS_SEEN,
        cut_out=settings.get("cut_out") is True,
        file_session=file_session.current(),
        warnings=_warnings(strip, rendering, place) + driven.warnings,
        source_state=source_state.of(strip) if frame is None else {},
    )


def _performance(scene: Any, strip: Any, frames: range, with_drivers: bool) -> drivers.Driven:
    if with_drivers and (lacking := exact.needs_sound(strip)):
        hint = "Choose a sound strip or a file in the panel Speech."
        raise TalkingHeadError(ErrorCode.INVALID_REQUEST, lacking, hint)
    if with_drivers and drivers.driven(strip):
        return drivers.performance_of(scene, strip, frames)
    return drivers.Driven(sampling.sample(scene, strip, frames))


def _pictures(scene: Any, strip: Any, rendering: Rendering, frames: range, anchor: int, folder: Path) -> StripSource:
    if rendering is Rendering.NONE:
        return sources.describe(scene, strip)
    shown = prerender.plan(strip, folder, anchor)
    visible = range(shown.first_frame, shown.first_frame + len(shown.pictures))
    # The face may have been chosen on a picture that is trimmed away by now.
    face_frame = visible[min(max(0, _face_picture(strip, shown) - shown.pictures[0]), len(visible) - 1)]
    needed = {frame for frame in frames if frame in visible} | {face_frame}
    prerender.render(scene, strip, sorted(needed), shown, as_seen=rendering is Rendering.AS_SEEN)
    return shown


def _face_picture(strip: Any, shown: StripSource) -> int:
    return strip.th_face_picture if strip.th_face_picture >= 0 else shown.pictures[0]


def _pair_id(strip: Any, facts: StripFacts) -> str:
    """The id of the strip's pair, a new one if it has none or is a duplicate."""
    if strip.th_role == ROLE_SOURCE and not pairs.needs_new_id(facts, lookup.facts_of_file(), lookup.file_name()):
        return strip.th_id
    return uuid.uuid4().hex


def _remember(strip: Any, pair_id: str, anchor: int, place: folders.Place) -> None:
    """Make the strip a source with this id; its own results come along."""
    found = lookup.results_of(strip)
    mattes = [matte for result in found for matte in lookup.mattes_of(result)]
    for owned in (*mattes, *found, strip):
        lookup.remember_pair(owned, pair_id, strip.name)
    strip.th_role = ROLE_SOURCE
    strip.th_folder = folders.stored(place.path)
    lookup.remember_placement(strip, anchor)


def _warnings(strip: Any, rendering: Rendering, place: folders.Place) -> tuple[str, ...]:
    warnings = []
    if place.temporary:
        warnings.append(folders.UNSAVED_WARNING)
    if rendering is not Rendering.AS_SEEN and any(not modifier.mute for modifier in strip.modifiers):
        warnings.append("The strip's modifiers are not on the result. Turn on As Seen to include them.")
    return tuple(warnings)
