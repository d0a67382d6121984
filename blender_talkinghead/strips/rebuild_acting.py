# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The exact motion of a saved job on a strip again: its clips as muted strips that act, at the same places in time.

All else that acting gave is in the job's sliders already, so only what the engine took from the clip is let through.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from ...inference.acting import ExactMotion
from ...inference.job import Job
from ...inference.motion import mix
from ...inference.source import SourceKind
from .. import compat
from ..drivers import driver_media, driver_strips
from ..drivers.driver_strips import Part
from ..drivers.exact import GROUPS_OF
from ..performance import curves
from . import lookup, sampling
from .channels import free_channel

# Places in the clip, in pictures, that are one.
_SAME = 1e-3
_LOST = "What the engine took from the driving clip (Exact) is not there again: {reason}."


def rebuild_acting(scene: Any, strip: Any, job: Job, first_frame: int) -> str:
    """Let the clips of a saved job's exact motion act for the strip that was made from it.

    Args:
        first_frame: timeline frame of the job's first frame.

    Returns:
        Sentences that say what is missing; "" when all is there again.
    """
    motions = {Part.ACTING: job.exact, Part.HEAD: job.exact_head, Part.EXPRESSION: job.exact_expression}
    there = {part: exact for part, exact in motions.items() if exact is not None}
    others = frozenset().union(*(GROUPS_OF[part] for part in there if part in driver_strips.ADDED))
    missing = []
    for part, exact in there.items():
        if part in driver_strips.ADDED and not strip.th_acting_on:
            missing.append(_LOST.format(reason="another clip acted beside it"))
            continue
        regions = [group.value for group in GROUPS_OF[part] - (others if part is Part.ACTING else frozenset())]
        missing.append(_rebuild(scene, strip, part, exact, first_frame, regions))
    return " ".join(dict.fromkeys(filter(None, missing)))


def _rebuild(scene: Any, strip: Any, part: Part, exact: ExactMotion, first_frame: int, regions: Sequence[str]) -> str:
    """Let one clip act; what is missing, as a sentence."""
    clip = exact.capture.source
    missing = [name for name in clip.files if not Path(name).is_file()]
    if missing:
        return _LOST.format(reason=f"the clip {missing[0]} does not exist")
    shown = shown_frames(exact.positions)
    if shown is None:
        return ""
    frames = range(first_frame, first_frame + len(exact))
    if exact.capture.is_template:
        if not _begins_with(strip, exact, frames):
            return _LOST.format(reason="the motion template did not begin with the strip")
        _switch_on(strip, part, exact)
        setattr(strip, part.file, clip.files[0])
        span = (frames[shown[0]], frames[shown[1]] + 1)
    else:
        channel = free_channel(scene.sequence_editor, 1, first_frame, first_frame + len(exact), count=2)
        driver = _insert(scene, exact, first_frame, shown, channel)
        driver_strips.assign(strip, part, driver.name)
        _switch_on(strip, part, exact)
        if not _at_the_same_places(scene, strip, part, exact, frames):
            _switch_off(strip, part)
            compat.strips_in(scene.sequence_editor).remove(driver)
            return _LOST.format(reason="the clip was played at another speed, or came from Blender")
        span = (compat.left(driver), compat.right(driver))
    for region in regions:
        set_strength(scene, strip, region, np.array(getattr(exact, region)), frames, span)
    return ""


def _begins_with(strip: Any, exact: ExactMotion, frames: range) -> bool:
    """Whether a driving file stands where it does when it begins with the strip and keeps one speed."""
    places = [place for place in exact.positions if place is not None]
    steps = [after - before for before, after in pairwise(places) if after > before]
    if exact.positions[0] is None or not steps:
        return False
    return abs(places[0] - steps[0] * (frames[0] - lookup.facts_of(strip).anchor)) <= _SAME


def shown_frames(positions: Sequence[float | None]) -> tuple[int, int] | None:
    """First and last frame of a job at which a driver plays; around them a picture is held, or nothing shows.

    Args:
        positions: place in the driver at each frame.
    """
    there = [index for index, position in enumerate(positions) if position is not None]
    if not there:
        return None
    first, last = there[0], there[-1]
    while first < last and positions[first] == positions[first + 1]:
        first += 1
    while last > first and positions[last] == positions[last - 1]:
        last -= 1
    return first, last


def _insert(scene: Any, exact: ExactMotion, first_frame: int, shown: tuple[int, int], channel: int) -> Any:
    clip, editor = exact.capture.source, scene.sequence_editor
    position = exact.positions[shown[0]]
    assert position is not None
    start = first_frame + shown[0] - round(position)
    name = Path(clip.files[0]).stem
    if clip.kind is SourceKind.MOVIE:
        driver = compat.new_movie_strip(editor, name, clip.files[0], channel, start)
    else:
        driver = compat.new_image_strip(editor, name, clip.files[0], channel, start)
        for file in clip.files[1:]:
            driver.elements.append(Path(file).name)
    compat.set_right(driver, first_frame + shown[1] + 1)
    compat.set_left(driver, first_frame + shown[0])
    # It stands above the portrait and is to act, not to be seen.
    driver.mute = True
    driver.th_face_index, driver.th_face_picture = exact.capture.face.index, exact.capture.face.picture
    return driver


def _switch_on(strip: Any, part: Part, exact: ExactMotion) -> None:
    strip.th_acting_on = strip.th_acting_exact = True
    if part is Part.ACTING:
        strip.th_acting_neutral, strip.th_acting_smoothing = exact.capture.neutral, exact.capture.smoothing


def _switch_off(strip: Any, part: Part) -> None:
    if part is Part.ACTING:
        strip.th_acting_on = False
    else:
        driver_strips.assign(strip, part, "")


def _at_the_same_places(scene: Any, strip: Any, part: Part, exact: ExactMotion, frames: range) -> bool:
    medium = driver_media.medium_of(scene, strip, part)
    if medium.spec is None or medium.spec.rate != exact.capture.rate:
        return False
    first, end = medium.time.span(len(frames), sampling.scene_rate(scene))
    for frame, position in zip(frames, exact.positions, strict=True):
        place = medium.time.sample_at(min(max(frame, first), end - 1), sampling.scene_rate(scene))
        if position is not None and abs(float(place) - position) > _SAME:
            return False
    return True


def set_strength(
    scene: Any, strip: Any, region: str, strengths: np.ndarray, frames: range, span: tuple[int, int]
) -> None:
    """Set or key a region's strength so that a driver has the effect that it had in a job.

    Args:
        strengths: (n,) of the job's frames.
        frames: their timeline frames.
        span: timeline frames in which the driver plays, the end exclusive.
    """
    name, weights = f"th_strength_{region}", mix.ease(frames, *span, sampling.scene_rate(scene))
    values = np.divide(strengths, weights, out=np.zeros_like(strengths), where=weights > 0)
    values = values.clip(0, 2).round(sampling.DECIMALS)
    played = values[weights > 0]
    setattr(strip, name, float(played[0]) if len(played) else 0.0)
    if len(played) == 0 or np.ptp(played) == 0:
        return
    for frame, value in zip(frames, values.tolist(), strict=True):
        setattr(strip, name, value)
        strip.keyframe_insert(name, frame=frame, group=curves.group_name(strip))
