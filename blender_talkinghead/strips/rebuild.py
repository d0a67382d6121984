# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes a keyed source strip again from a saved job: the JSON file beside the frames."""

from pathlib import Path
from typing import Any

import bpy
import numpy as np

from ...inference import job as job_file
from ...inference.controls import POSE_CONTROLS
from ...inference.engines import description_of
from ...inference.errors import ErrorCode, TalkingHeadError
from ...inference.job import Job
from ...inference.source import Source, SourceKind
from .. import compat, properties
from ..performance import curves
from ..preview import rig_points
from . import folders, lookup
from .channels import free_channel
from .rebuild_acting import rebuild_acting
from .rebuild_speech import rebuild_speech


def rebuild(scene: Any, path: Path, first_frame: int) -> tuple[Any, str]:
    """Insert the source strip of a saved job with its sliders keyed; rendering it then finds the frames there.

    Args:
        first_frame: timeline frame of the job's first frame.

    Returns:
        The strip, and sentences about what could not be made again, "" when nothing is missing.

    Raises:
        TalkingHeadError: INVALID_REQUEST, SOURCE_MISSING; nothing is inserted then.
    """
    job = job_file.load(path)
    settings = description_of(job.engine).settings_from(job.settings)
    _check_files(job.source)
    strip = _insert(scene, job, first_frame)
    strip.th_engine = job.engine
    for name, value in settings.items():
        setattr(strip, properties.setting_property(job.engine, name), value)
    strip.th_face_index, strip.th_face_picture = job.face.index, job.face.picture
    if job.face.points:
        rig_points.place(strip, job.face.points)
    _key(strip, job, first_frame)
    if not _id_in_use(job.id):
        lookup.remember_pair(strip, job.id, strip.name)
        strip.th_role = properties.ROLE_SOURCE
        strip.th_folder = folders.stored(path.parent)
    missing = [rebuild_acting(scene, strip, job, first_frame)]
    if job.exact_speech is not None:
        missing.append(rebuild_speech(scene, strip, job.exact_speech, first_frame))
    compat.set_active_strip(scene, strip)
    return strip, " ".join(filter(None, missing))


def _check_files(source: Source) -> None:
    for name in source.files:
        if not Path(name).is_file():
            raise TalkingHeadError(
                ErrorCode.SOURCE_MISSING, f"The job's source {name} does not exist.", "Put the file back."
            )


def _insert(scene: Any, job: Job, first_frame: int) -> Any:
    editor = scene.sequence_editor or scene.sequence_editor_create()
    length, files = len(job.performance), job.source.files
    # The channel above is left for the result.
    channel = free_channel(editor, 1, first_frame, first_frame + length, count=2)
    name = job.name or Path(files[0]).stem
    if job.source.kind is SourceKind.MOVIE:
        strip = compat.new_movie_strip(editor, name, files[0], channel, first_frame - job.pictures[0])
        compat.set_left(strip, first_frame)
    elif job.source.kind is SourceKind.IMAGE:
        strip = compat.new_image_strip(editor, name, files[0], channel, first_frame)
    else:
        shown = [Path(files[picture]) for picture in job.pictures]
        strip = compat.new_image_strip(editor, name, str(shown[0]), channel, first_frame)
        for file in shown[1:]:
            strip.elements.append(file.name)
    compat.set_right(strip, first_frame + length)
    return strip


def _key(strip: Any, job: Job, first_frame: int) -> None:
    """Key what moves on the frames that a straight line between their neighbours would miss; set what does not."""
    group = curves.group_name(strip)
    for column, control in enumerate(POSE_CONTROLS):
        values = job.performance.values[:, column]
        setattr(strip, control.property_name, float(values[0]))
        if np.ptp(values) == 0:
            continue
        for index in _bends(values):
            setattr(strip, control.property_name, float(values[index]))
            strip.keyframe_insert(control.property_name, frame=first_frame + index, group=group)
        _make_linear(strip, control.property_name)


def _bends(values: np.ndarray) -> list[int]:
    inner = np.flatnonzero(np.abs(np.diff(values, 2)) > 1e-6) + 1
    return [0, *inner.tolist(), len(values) - 1]


def _make_linear(strip: Any, name: str) -> None:
    path = strip.path_from_id(name)
    for curve in compat.fcurves_of(strip.id_data):
        if curve.data_path == path:
            for key in curve.keyframe_points:
                key.interpolation = "LINEAR"


def _id_in_use(pair_id: str) -> bool:
    return any(strip.th_id == pair_id for scene in bpy.data.scenes for strip in compat.all_strips(scene))
