# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""From what a strip is and shows to what the worker is asked to draw.

A strip is described once, and again when more than picture, sliders and drivers change. So scrubbing and dragging read
a few numbers and set no frame, which would undo values that the user changed but did not key. What Blender has to
render first (``sources.rendering_of``) is rendered and described again at each frame.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import bpy
import numpy as np

from ...inference.job import Job
from .. import properties
from ..drivers import drivers
from ..jobs import builder, job_steps
from ..strips import sampling, sources
from ..strips.sources import Rendering
from .preview_state import State


@dataclass(frozen=True)
class Description:
    """A strip, described once.

    Attributes:
        setup: what it was made from.
        frame: timeline frame of its job.
        rendered: Blender rendered the picture of that frame, and of no other.
        places: picture index by path.
        job: one frame of it.
        digest: of all in the job but picture and performance.
    """

    setup: tuple[object, ...]
    frame: int
    rendered: bool
    places: Mapping[str, int]
    job: Job
    digest: str

    def serves(self, strip: Any, state: State) -> bool:
        """Whether it describes what the strip shows now."""
        if self.setup != state.setup or (self.rendered and self.frame != state.shown):
            return False
        return self.rendered or not state.element or _path_of(strip, state.element) in self.places


@dataclass(frozen=True)
class Wanted:
    """A picture to be drawn; equal keys mean equal pictures."""

    job: Job
    key: Hashable


def renders_first(scene: Any, strip: Any) -> bool:
    """Whether Blender has to render a strip's pictures before a face in them can be animated.

    Raises:
        TalkingHeadError: the strip shows no picture, or its movie is missing.
    """
    return sources.rendering_of(scene, strip) is not Rendering.NONE


def describe(scene: Any, strip: Any, state: State) -> Description:
    """Describe a strip; where it must be rendered first, Blender renders the picture of the current frame.

    Raises:
        TalkingHeadError: whatever is wrong with the strip.
    """
    rendered = renders_first(scene, strip)
    job = job_at(scene, strip, state.shown)
    places = {} if rendered else {name: index for index, name in enumerate(job.source.files)}
    fixed = {name: value for name, value in job.to_dict().items() if name not in ("pictures", "performance")}
    digest = hashlib.sha256(json.dumps(fixed, sort_keys=True).encode()).hexdigest()
    return Description(state.setup, state.shown, rendered, places, job, digest)


def wanted(scene: Any, strip: Any, description: Description, state: State) -> Wanted:
    """What is to be drawn for a state that the description serves.

    Raises:
        TalkingHeadError: a driver is missing, cannot be followed, or was not read yet; the movie is missing.
    """
    sampled = sampling.samples_from(np.array([state.sliders]))
    driven = drivers.add_drivers(scene, strip, [state.shown], sampled)
    picture = _picture(scene, strip, description, state)
    job = driven.in_job(replace(description.job, pictures=(picture,)))
    values = driven.performance.values.tobytes()
    key = (description.digest, picture, _file_state(job, picture), values, _exact_of(job), state.size_px)
    return Wanted(job, key)


def job_at(scene: Any, strip: Any, frame: int) -> Job:
    """The job of one timeline frame with the sliders as they are now, without drivers.

    Values that the user changed but did not key stay as they are.

    Raises:
        TalkingHeadError: whatever is wrong with the strip.
    """
    before = properties.controls_of(strip)
    sliders = sampling.samples_from(np.array([sampling.present_values(scene, strip)])).sliders
    with job_steps.main_window():
        prepared = builder.prepare_frame(scene, strip, frame, sampling.performance(scene, sliders))
    for name, value in before.items():
        if getattr(strip, "th_" + name) != value:  # rendering the strip set frames
            setattr(strip, "th_" + name, value)
    return prepared.job


def _picture(scene: Any, strip: Any, description: Description, state: State) -> int:
    if description.rendered:
        return description.job.pictures[0]
    if strip.type == "MOVIE":
        time = sources.movie_time(scene, strip)
        return description.job.pictures[0] if time is None else time.picture_at(state.shown)
    return description.places[_path_of(strip, state.element)]


def _exact_of(job: Job) -> str:
    """All that is taken from drivers themselves, as text."""
    all_of_it = (job.exact, job.exact_head, job.exact_expression, job.exact_speech)
    return json.dumps([exact and exact.to_dict() for exact in all_of_it], sort_keys=True) if any(all_of_it) else ""


def _path_of(strip: Any, element: str) -> str:
    return os.path.normpath(os.path.join(bpy.path.abspath(strip.directory), element))  # noqa: PTH118


def _file_state(job: Job, picture: int) -> tuple[int, int]:
    """Size and time of change of the file behind a picture, so that an edited file is drawn anew."""
    files = job.source.files
    try:
        state = Path(files[min(picture, len(files) - 1)]).stat()
    except OSError:
        return 0, 0  # the worker says that it is missing
    return state.st_size, state.st_mtime_ns
