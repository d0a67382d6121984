# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Thumbnails of poses, drawn from the user's own portrait by the worker and kept in the user's cache folder.

The default engine draws them, whatever engine the portrait has: it needs no models and takes a moment for all of them,
where a neural one would take minutes without a GPU.

``<cache>/poses/<portrait>/<pose>.png``: the portrait's name is a hash of its file, face and engine, the pose's of its
values, so a changed portrait or pose has other files and an old picture is never shown for it.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import bpy
import bpy.utils.previews
import numpy as np

from ...inference.engines import DEFAULT_ENGINE, description_of
from ...inference.errors import ErrorCode, TalkingHeadError
from ...inference.job import Job
from ...inference.motion.poses import Pose
from ...inference.performance import Performance
from .. import compat, consent, properties
from ..jobs import job_steps, service
from ..jobs.job_steps import Target
from ..jobs.runner import JobControl, JobState, JobSteps, Phase
from ..preview import faces, preview
from ..preview.faces import Analysis
from ..strips import folders
from ..worker import worker
from . import png, poses

TITLE = "Draw Thumbnails"
SIDE_PX = 128
# Side of a thumbnail in heights of the face's box, so that hair and chin are in it.
_SIDE_IN_FACES = 1.35
# Asked for when points were placed by hand, as long as the picture's size is not known.
_FIRST_SIZE_PX = 512
_KEPT_PORTRAITS = 30
_VERSION = 1
Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class _Shelf:
    """The thumbnails of one portrait: what it was made from, and the files by pose."""

    signature: tuple[object, ...]
    folder: Path
    files: dict[str, Path]


_shelves: dict[tuple[str, str], _Shelf] = {}
# Poses, by portrait, whose thumbnails were begun without being asked for.
_asked: dict[Path, set[str]] = {}
_collection: Any = None


def icon_of(strip: Any, pose: Pose) -> int:
    """Icon of a pose's thumbnail; 0 while there is none. For drawing: looks into the folder once a portrait."""
    path = _shelf(strip).files.get(pose_key(pose))
    if path is None or _collection is None:
        return 0
    name = str(path)
    if name not in _collection:
        _collection.load(name, name, "IMAGE")
    return _collection[name].icon_id


def missing(strip: Any) -> list[Pose]:
    """Poses that have no thumbnail yet."""
    files = _shelf(strip).files
    return [entry.pose for entry in poses.all_entries() if pose_key(entry.pose) not in files]


def look_again(strip: Any) -> None:
    """Notice a portrait's file that was exchanged."""
    _shelves.pop(_place(strip), None)


def draw_unasked(context: Any) -> None:
    """Draw what is missing when the gallery is used, if that disturbs nothing. What was begun once is not repeated."""
    source = properties.source_of_active(context)
    if bpy.app.background or source is None or source.th_role != properties.ROLE_SOURCE or not _undisturbing():
        return
    asked = _asked.setdefault(_shelf(source).folder, set())
    keys = {pose_key(pose) for pose in missing(source)}
    if keys - asked:
        asked |= keys
        target = Target(source.id_data.name, source.name, properties.RANGE_STRIP)
        service.start(TITLE, lambda control: draw(target, control))


def _undisturbing() -> bool:
    """Whether a job can begin by itself: the worker runs and is idle, and no error of the last job would be covered."""
    runner = service.runner
    told = runner.state is not None and runner.state.error is not None
    busy = runner.running or service.blender_renders()
    return worker.client().running and consent.given() and not told and not busy


def draw(target: Target, control: JobControl) -> JobSteps:
    """Have the worker draw the thumbnails that are missing.

    Raises:
        TalkingHeadError: NO_FACE and whatever else is wrong; CANCELLED. Finished thumbnails are kept.
    """
    consent.require()
    state = JobState(TITLE, text="Looking at the portrait")
    target = job_steps.followed(target)
    yield from job_steps.until_blender_is_free(state, control)
    strip = job_steps.find_strip(target)
    look_again(strip)
    shelf, wanted = _shelf(strip), missing(strip)
    if wanted:
        job = preview.job_at(job_steps.find_scene(target), strip, compat.left(strip))
        analysis = None if job.face.points else faces.of(strip)
        if not job.face.points and (analysis is None or analysis.picture != job.face.picture):
            analysis = yield from _analysed(target, job, state, control)
        yield from _draw_all(job, analysis, wanted, shelf, state, control)
        _forget_oldest(shelf.folder)
    yield replace(state, phase=Phase.DONE, text=_summary(len(wanted)), fraction=1.0)


def pose_key(pose: Pose) -> str:
    """Name of a pose's thumbnail."""
    return _hash(sorted(pose.values.items()))


def face_box(job: Job, analysis: Analysis | None) -> Box:
    """Left, top, right, bottom of the animated face, in parts of the picture's width and height.

    Raises:
        TalkingHeadError: NO_FACE.
    """
    if job.face.points:
        xs, ys = zip(*job.face.points, strict=True)
        return min(xs), min(ys), max(xs), max(ys)
    if analysis is None or not analysis.faces:
        raise faces.no_face_error(job.name)
    return analysis.faces[min(job.face.index, len(analysis.faces) - 1)].box


def crop(box: Box, size: tuple[int, int]) -> tuple[int, int, int]:
    """The square around a face, inside of the picture.

    Args:
        size: (width, height) of the picture in px.

    Returns:
        Left, top and side in px.
    """
    width, height = size
    left, top, right, bottom = box[0] * width, box[1] * height, box[2] * width, box[3] * height
    side = round(min(_SIDE_IN_FACES * max(right - left, bottom - top), width, height))
    x = min(max((left + right - side) / 2, 0), width - side)
    y = min(max((top + bottom - side) / 2, 0), height - side)
    return round(x), round(y), max(side, 1)


def size_to_ask(box: Box, size: tuple[int, int]) -> int:
    """Longest side in px of a preview whose crop is as large as a thumbnail; no more than the picture has."""
    side = crop(box, size)[2]
    return max(1, min(round(max(size) * SIDE_PX / side), max(size)))


def _summary(drawn: int) -> str:
    if drawn == 0:
        return "All thumbnails were there already"
    return "1 thumbnail drawn" if drawn == 1 else f"{drawn} thumbnails drawn"


def _analysed(target: Target, job: Job, state: JobState, control: JobControl) -> Any:
    fields = {"source": job.source.to_dict(), "picture": job.face.picture}
    request = worker.client().submit("analyse", fields)
    answer = yield from job_steps.answer_of(request, replace(state, text="Finding the face"), control)
    analysis = Analysis.from_answer(answer.fields, job.face.picture)
    faces.remember(job_steps.find_strip(target), analysis)
    return analysis


def _draw_all(
    job: Job, analysis: Analysis | None, wanted: Sequence[Pose], shelf: _Shelf, state: JobState, control: JobControl
) -> JobSteps:
    box, size = face_box(job, analysis), analysis.size if analysis else None
    plain = replace(job, engine=DEFAULT_ENGINE, settings=description_of(DEFAULT_ENGINE).settings_from({}), exact=None)
    for number, pose in enumerate(wanted):
        control.check()
        posed = replace(plain, performance=Performance.from_poses(job.performance.rate, [pose.values]))
        asked = size_to_ask(box, size) if size else _FIRST_SIZE_PX
        request = worker.client().submit("preview", {"job": posed.to_dict(), "max_size": asked})
        text = f"{pose.name}, {number + 1} of {len(wanted)}"
        shown = replace(state, phase=Phase.RUNNING, text=text, fraction=number / len(wanted))
        answer = yield from job_steps.answer_of(request, shown, control, progress=False)
        width, height = answer.fields["size"]
        size = int(width), int(height)
        path = shelf.folder / f"{pose_key(pose)}.png"
        _write(path, _thumbnail(answer.array(), box))
        shelf.files[path.stem] = path
        service.redraw()


def _thumbnail(pixels: np.ndarray, box: Box) -> np.ndarray:
    left, top, side = crop(box, (pixels.shape[1], pixels.shape[0]))
    return np.ascontiguousarray(pixels[top : top + side, left : left + side])


def _write(path: Path, pixels: np.ndarray) -> None:
    part = path.with_name(path.name + ".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_bytes(png.png_bytes(pixels))
        os.replace(part, path)
    except OSError as error:
        raise TalkingHeadError(
            ErrorCode.OUTPUT_NOT_WRITABLE,
            f"Thumbnails cannot be written to {path.parent}.",
            "Check the permissions of the folder, and whether the disk is full.",
            details=str(error),
        ) from error


def _root() -> Path:
    return worker.places().user / "cache" / "poses"


def _shelf(strip: Any) -> _Shelf:
    signature = _signature(strip)
    known = _shelves.get(_place(strip))
    if known is None or known.signature != signature:
        folder = _root() / _hash([*signature, *_stamps(strip)])
        known = _Shelf(signature, folder, {path.stem: path for path in _pictures_in(folder)})
        _shelves[_place(strip)] = known
    return known


def _place(strip: Any) -> tuple[str, str]:
    return strip.id_data.name, strip.name


def _signature(strip: Any) -> tuple[object, ...]:
    """What a portrait's thumbnails depend on, as far as properties tell."""
    engine = description_of(DEFAULT_ENGINE)
    return (
        _VERSION, SIDE_PX, engine.name, engine.version, strip.type, *_files(strip), strip.th_id, strip.th_as_seen,
        strip.th_face_index, strip.th_face_picture, properties.points_of(strip),
    )  # fmt: skip


def _files(strip: Any) -> tuple[str, ...]:
    """The file that a strip shows first; none for what Blender has to render."""
    if strip.type == "IMAGE":
        return (os.path.join(strip.directory, strip.elements[0].filename),)  # noqa: PTH118
    return (strip.filepath,) if strip.type == "MOVIE" else ()


def _stamps(strip: Any) -> Iterator[object]:
    """Absolute path, size and time of a portrait's file: other ones are another portrait."""
    for name in _files(strip):
        path = folders.absolute(name)
        try:
            status = path.stat()
        except OSError:
            continue
        yield [str(path), status.st_size, status.st_mtime_ns]


def _pictures_in(folder: Path) -> Iterable[Path]:
    try:
        return [path for path in folder.iterdir() if path.suffix == ".png"]
    except OSError:
        return []


def _forget_oldest(kept: Path) -> None:
    """Thumbnails of many old portraits would fill the cache without end."""
    others = sorted((f for f in _root().iterdir() if f.is_dir() and f != kept), key=lambda f: f.stat().st_mtime)
    for folder in others[: max(0, len(others) - _KEPT_PORTRAITS)]:
        shutil.rmtree(folder, ignore_errors=True)


def _hash(parts: object) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:24]


def _forget() -> None:
    _shelves.clear()
    _asked.clear()


def register() -> None:
    """Make the collection of icons."""
    global _collection
    _collection = bpy.utils.previews.new()
    service.leavers.append(_forget)


def unregister() -> None:
    """Free the icons."""
    global _collection
    service.leavers.remove(_forget)
    _forget()
    bpy.utils.previews.remove(_collection)
    _collection = None
