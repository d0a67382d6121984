# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Puts the media of a workflow on the timeline, so that each frame shows what the workflow would have read for it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import bpy

from ...inference.errors import ErrorCode, TalkingHeadError
from ...inference.workflow.plan import PlannedStrip
from .. import compat
from ..strips.channels import free_channel
from ..strips.movie_time import exact_rate
from ..strips.sampling import scene_rate
from . import workflow_media

_STILL_S = 1  # length of a picture where nothing else says how long the film is


@dataclass(frozen=True)
class Place:
    """Where a film goes.

    Attributes:
        start: timeline frame of its first frame.
        stretch: timeline frames a frame of the film.
        length: timeline frames; 0 when only the clip decides.
        channel: the lowest that may be used.
    """

    start: int
    stretch: Fraction
    length: int
    channel: int

    def frame_of(self, film_frame: int) -> Fraction:
        """Timeline frame of a frame of the film, which counts from 1."""
        return self.start + (film_frame - 1) * self.stretch


def insert(scene: Any, planned: PlannedStrip, path: Path, place: Place, remarks: list[str]) -> Any:
    """A strip of a medium on a free channel; what is not quite as in the workflow is added to the remarks.

    Raises:
        TalkingHeadError: SOURCE_UNREADABLE, or INVALID_REQUEST when no channel is free.
    """
    try:
        if planned.kind == "movie":
            strip = _movie(scene, planned, path, place, remarks)
        elif planned.kind == "sequence":
            strip = _sequence(scene, planned, path, place)
        else:
            strip = _picture(scene, path, place)
    except RuntimeError as error:
        raise TalkingHeadError(
            ErrorCode.SOURCE_UNREADABLE, f"The file {path} cannot be read.", str(error).strip()
        ) from error
    span = compat.left(strip), compat.right(strip)
    strip.channel = free_channel(compat.container_of(strip), place.channel, *span, besides=strip.name)
    return strip


def _top(scene: Any) -> int:
    """A channel above all strips, where a new one meets none until its length is known."""
    used = [strip.channel for strip in compat.strips_in(scene.sequence_editor)]
    return min(max(used, default=0) + 1, compat.LAST_CHANNEL)


def _picture(scene: Any, path: Path, place: Place) -> Any:
    strip = compat.new_image_strip(scene.sequence_editor, path.name, str(path), _top(scene), place.start)
    length = place.length or round(_STILL_S * scene_rate(scene))
    compat.set_right(strip, place.start + max(length, 1))
    return strip


def _sequence(scene: Any, planned: PlannedStrip, folder: Path, place: Place) -> Any:
    files = workflow_media.pictures_in(folder) if folder.is_dir() else []
    files = files[planned.skip :: planned.every_nth]
    files = files[: planned.cap] if planned.cap else files
    if not files:
        raise TalkingHeadError(
            ErrorCode.SOURCE_UNREADABLE,
            f"The folder {folder} holds no pictures to use.",
            "Choose another media folder.",
        )
    strip = compat.new_image_strip(scene.sequence_editor, folder.name, str(files[0]), _top(scene), place.start)
    for path in files[1:]:
        strip.elements.append(path.name)
    compat.set_right(strip, place.start + len(files))
    return strip


def _movie(scene: Any, planned: PlannedStrip, path: Path, place: Place, remarks: list[str]) -> Any:
    strip = compat.new_movie_strip(scene.sequence_editor, path.name, str(path), _top(scene), place.start)
    media_rate = exact_rate(strip.fps)
    if media_rate <= 0:
        compat.strips_in(scene.sequence_editor).remove(strip)
        raise TalkingHeadError(
            ErrorCode.SOURCE_UNREADABLE, f"The movie {path} cannot be read.", "Put a good file in its place."
        )
    read_rate = planned.rate or media_rate
    # Pictures of the medium a timeline frame, and those before the first that is used.
    speed = planned.every_nth * media_rate / read_rate / place.stretch
    hidden = (planned.start_s + planned.skip / read_rate) * media_rate
    strip, reached = _at_speed(scene, strip, path, place, speed)
    if reached != speed:
        remarks.append(
            f"'{strip.name}' plays at {float(reached / speed):.3g} times the workflow's speed: set its speed by hand."
        )
    _trim(strip, planned, place, hidden / reached, remarks)
    return strip


def _at_speed(scene: Any, strip: Any, path: Path, place: Place, speed: Fraction) -> tuple[Any, Fraction]:
    """The strip, or another one of the same file, at a speed in pictures a timeline frame; and the speed it has."""
    if speed == 1:
        return strip, Fraction(1)
    own = exact_rate(strip.fps) / scene_rate(scene)
    channel, name = strip.channel, strip.name
    with _sequencer(scene) as there:
        if not there:
            return strip, Fraction(1)
        try:
            if speed != own:
                compat.set_active_strip(scene, strip)
                bpy.ops.sequencer.retiming_segment_speed_set("EXEC_DEFAULT", speed=float(speed) * 100)
                return strip, speed
            compat.strips_in(scene.sequence_editor).remove(strip)
            return _at_own_speed(scene, path, channel, place.start, name), own
        except RuntimeError:  # Blender refuses its operator here
            found = compat.strip_named(scene, name)
    editor = scene.sequence_editor
    return found or compat.new_movie_strip(editor, name, str(path), channel, place.start), Fraction(1)


def _at_own_speed(scene: Any, path: Path, channel: int, start: int, name: str) -> Any:
    """A movie strip that keeps the medium's own speed, which only Blender's own operator makes."""
    options = {"sound": False, "adjust_playback_rate": True, "use_framerate": False, "fit_method": "ORIGINAL"}
    operator: Any = bpy.ops.sequencer.movie_strip_add
    if "move_strips" in operator.get_rna_type().properties:
        options["move_strips"] = False  # or Blender 5 crashes in background
    before = {strip.name for strip in compat.all_strips(scene)}
    with compat.unchanged_scene(scene):
        operator("EXEC_DEFAULT", filepath=str(path), frame_start=start, channel=channel, **options)
    strip = next(strip for strip in compat.all_strips(scene) if strip.name not in before)
    strip.name = name
    return strip


@contextmanager
def _sequencer(scene: Any) -> Iterator[bool]:
    """Run operators of the sequencer in an area that shows a scene; False where no window has one."""
    for window in bpy.context.window_manager.windows:
        if (getattr(window.workspace, "sequencer_scene", None) or window.scene) != scene:
            continue
        for area in window.screen.areas:
            if area.type == "SEQUENCE_EDITOR":
                region = next(region for region in area.regions if region.type == "WINDOW")
                with bpy.context.temp_override(window=window, area=area, region=region):
                    yield True
                return
    yield False


def _trim(strip: Any, planned: PlannedStrip, place: Place, hidden: Fraction, remarks: list[str]) -> None:
    """Hide the frames before the first one that is used and behind the last one."""
    frames = round(hidden)
    if frames != hidden:
        remarks.append(f"'{strip.name}' begins {abs(float(hidden - frames)):.2f} frames off, at the nearest frame.")
    end = compat.right(strip) - frames
    if frames:
        compat.set_content_start(strip, place.start - frames)
        compat.set_left(strip, place.start)
    if planned.cap:
        end = min(end, round(place.frame_of(planned.cap + 1)))
    compat.set_right(strip, max(end, place.start + 1))
