# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What engines that draw films add to a render: its range, and its first section."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from ...inference.engines import description_of
from ...inference.errors import ErrorCode, TalkingHeadError
from ...inference.film import Section
from .. import properties
from ..strips import lookup
from . import builder
from .job_steps import Target, find_scene, find_strip


def target_in_film(target: Target) -> Target:
    """A target laid out in its film; targets of engines that draw frame by frame as they are.

    Films are laid out over the whole strip, so that the frames of a part are those of the whole: a range is then
    ``only``. The first section is looked up here, when the render begins.

    Raises:
        TalkingHeadError: INVALID_REQUEST when the strip or all frames of the range are gone, and for the first section
            where there are no films.
    """
    scene, source = find_scene(target), lookup.source_of(find_strip(target))
    if source is None or (description_of(source.th_engine).film is None and not target.first_section):
        return target
    frames = _asked(scene, source, target)
    if target.first_section:
        frames = first_frames(scene, source, frames)
    elif target.range_mode == properties.RANGE_STRIP and target.only is None:
        return target
    return replace(target, range_mode=properties.RANGE_STRIP, only=frames)


def first_frames(scene: Any, source: Any, frames: range) -> range:
    """Those of some timeline frames of a strip that the first section has which needs no other one.

    Raises:
        TalkingHeadError: INVALID_REQUEST for an engine without films, and for settings that it does not take.
    """
    engine = description_of(source.th_engine)
    if engine.film is None:
        raise TalkingHeadError(
            ErrorCode.INVALID_REQUEST, f"{engine.label} draws frame by frame.", "Render Frames shows each one at once."
        )
    whole = builder.frames_in_range(scene, source, properties.RANGE_STRIP)
    sections = engine.sections(len(whole), properties.settings_of(source))
    return _first(sections, whole.start, frames)


def _asked(scene: Any, source: Any, target: Target) -> range:
    frames = builder.frames_in_range(scene, source, target.range_mode)
    return frames if target.only is None else _common(frames, target.only)


def _first(sections: Sequence[Section], start: int, frames: range) -> range:
    """The frames of the first anchor that has some, else of the first section that has.

    Args:
        start: timeline frame of the film's first frame.
    """
    shown = [(section, _common(range(start + section.new.start, start + section.new.stop), frames))
             for section in sections]  # fmt: skip
    with_frames = [(section, part) for section, part in shown if part]
    return next((part for section, part in with_frames if not section.needs), with_frames[0][1])


def _common(one: range, other: range) -> range:
    return range(max(one.start, other.start), min(one.stop, other.stop))
