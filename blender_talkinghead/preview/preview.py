# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Preview Frame: one frame from the worker, refreshed shortly after the last change of a slider.

What is shown lives here, in Python, and is drawn by ``overlay``; no strip and no file changes.

A neural engine may need seconds for a frame. Then changes do not pile up: what the worker has begun is finished and
shown, and next it is asked for the newest state. A request that it has not begun is replaced by the newest one.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from typing import Any

import bpy
import numpy as np

from ...inference.errors import Action, TalkingHeadError
from ...inference.job import Job
from .. import compat, consent, properties
from ..drivers import drivers
from ..jobs import builder, job_steps, service
from ..jobs.runner import JobState, Phase, duration_text
from ..strips import sampling
from ..worker import worker
from ..worker.client import PREVIEW_PATIENCE_S, Outcome, Request

DEBOUNCE_S = 0.15
DEFAULT_SIZE_PX = 1024
# Previews that take longer are announced with the time they take.
_LONG_S = 1.0


@dataclass(frozen=True)
class Picture:
    """A preview that arrived.

    Attributes:
        pixels: (h, w, 4) uint8, R, G, B, A straight, origin top left.
        size: (width, height) of the full frame in px.
        frame: timeline frame that it shows.
        number: differs from every other preview.
    """

    pixels: np.ndarray
    size: tuple[int, int]
    frame: int
    number: int


@dataclass(frozen=True)
class _Seen:
    """What a preview depends on: sliders, which may change many times a second, drivers, and the rest.

    ``sliders``: as ``sampling.values_of``.
    """

    sliders: tuple[float, ...]
    drivers: tuple[object, ...]
    rest: tuple[object, ...]


@dataclass
class _Preview:
    """The preview that is shown.

    Attributes:
        asked: what the last request was made from.
        stage: what the worker does for the request; "" before it has begun.
        begun_s: when it began; 0 before.
        took_s: how long the last frame took the worker, by engine.
        job_seen: state of the last job when the error was last looked at.
    """

    scene: str
    strip: str
    max_size_px: int
    seen: _Seen | None = None
    changed_s: float = 0.0
    asked: _Seen | None = None
    job: Job | None = None
    frame: int = 0
    request: Request | None = None
    stage: str = ""
    begun_s: float = 0.0
    took_s: dict[str, float] = field(default_factory=dict)
    picture: Picture | None = None
    error: TalkingHeadError | None = None
    job_seen: JobState | None = None


_current: _Preview | None = None


def start(scene: Any, strip: Any, max_size_px: int = DEFAULT_SIZE_PX) -> None:
    """Show a preview of a source strip, and refresh it until ``stop``.

    Raises:
        TalkingHeadError: whatever keeps the frame from being made.
    """
    global _current
    consent.require()
    old = _current if _current and (_current.scene, _current.strip) == (scene.name, strip.name) else None
    _current = old or _Preview(scene.name, strip.name, max_size_px)
    _current.max_size_px = max_size_px
    _current.job, _current.error = None, None
    try:
        _ask(_current, scene, strip)
    except TalkingHeadError as error:
        if error.action is not Action.READ_DRIVER:
            raise
        _current.error = error  # the panel offers to read it; the preview comes once it is read
    service.wake()


def stop() -> None:
    """Show no preview any more."""
    global _current
    preview, _current = _current, None
    if preview and preview.request:
        worker.client().cancel(preview.request, PREVIEW_PATIENCE_S)


def active() -> bool:
    """Whether a preview is shown or on its way."""
    return _current is not None


def picture_of(scene: Any, strip: Any) -> Picture | None:
    """The preview of a strip, if one is there for the current frame."""
    if _current is None or _current.picture is None or (_current.scene, _current.strip) != (scene.name, strip.name):
        return None
    return _current.picture if _current.picture.frame == scene.frame_current else None


def error() -> TalkingHeadError | None:
    """Why the last preview could not be made."""
    return _current.error if _current else None


def waiting() -> bool:
    """Whether a preview was asked for and has not arrived."""
    return _current is not None and _current.request is not None


def doing() -> str:
    """What is done for the preview that is awaited, for the panel; "" when none is."""
    preview = _current
    if preview is None or preview.request is None:
        return ""
    if not preview.stage:
        return "Preview: after the frame in work" if service.runner.running else "Preview: asking the worker"
    took_s = preview.took_s.get(preview.job.engine, 0.0) if preview.job else 0.0
    return f"Preview: {preview.stage}" + (f", {duration_text(took_s)} a frame" if took_s >= _LONG_S else "")


def wait() -> None:
    """Wait for the preview that was asked for.

    Raises:
        TalkingHeadError: why it could not be made.
    """
    while _current and _current.request:
        worker.client().pump(0.05)
        _take(_current)
    if _current and _current.error:
        raise _current.error


def watch() -> bool:
    """A beat of the timer: take what arrived; ask again once the sliders rest. True while a preview is shown."""
    preview = _current
    if preview is None:
        return False
    if not service.runner.running:
        worker.client().pump()
    _take(preview)
    scene = bpy.data.scenes.get(preview.scene)
    strip = compat.strip_named(scene, preview.strip) if scene else None
    if strip is None:
        stop()
        return False
    seen = _look(scene, strip)
    now = time.monotonic()
    if seen != preview.seen:
        preview.seen, preview.changed_s = seen, now
    rests = now - preview.changed_s >= DEBOUNCE_S and not service.playing()
    if preview.error is not None and service.runner.state is not preview.job_seen:
        preview.job_seen = service.runner.state
        if preview.job_seen is not None and preview.job_seen.phase is Phase.DONE:
            preview.asked = None  # a job has ended well, perhaps the one that mends the error
    begun = preview.request is not None and bool(preview.stage)
    if rests and seen != preview.asked and not begun and not service.blender_renders():
        _ask_again(preview, scene, strip)
    return True


def _ask_again(preview: _Preview, scene: Any, strip: Any) -> None:
    try:
        _ask(preview, scene, strip)
    except TalkingHeadError as error:
        preview.error = error
        service.redraw()


def _ask(preview: _Preview, scene: Any, strip: Any) -> None:
    seen = _look(scene, strip)
    asked, preview.seen, preview.asked = preview.asked, seen, seen  # also if it fails: not again at each beat then
    preview.job_seen = service.runner.state
    if preview.job is None or asked is None or asked.rest != seen.rest:
        preview.job = None
        preview.job = _job(scene, strip)
    # Only sliders: nothing else has to be read again, and no frame has to be set, which would undo unkeyed changes.
    sampled = sampling.samples_from(np.array([seen.sliders]))
    driven = drivers.add_drivers(scene, strip, [job_steps.shown_frame(scene, strip)], sampled)
    job = replace(preview.job, performance=driven.performance, exact=driven.exact)
    preview.frame = scene.frame_current
    fields = {"job": job.to_dict(), "max_size": preview.max_size_px}
    preview.stage = ""
    preview.request = worker.client().submit("preview", fields)


def _job(scene: Any, strip: Any) -> Job:
    return job_at(scene, strip, job_steps.shown_frame(scene, strip))


def job_at(scene: Any, strip: Any, frame: int) -> Job:
    """The job of one timeline frame, without drivers; values that the user changed but did not key stay as they are.

    Raises:
        TalkingHeadError: whatever is wrong with the strip.
    """
    before = properties.controls_of(strip)
    with job_steps.main_window():
        prepared = builder.prepare_frame(scene, strip, frame)
    for name, value in before.items():
        if getattr(strip, "th_" + name) != value:
            setattr(strip, "th_" + name, value)
    return prepared.job


def _look(scene: Any, strip: Any) -> _Seen:
    engine = strip.th_engine
    rest = (
        scene.frame_current, engine, tuple(sorted(properties.settings_of(strip).items())),
        strip.th_face_index, strip.th_face_picture, properties.points_of(strip), strip.th_as_seen,
        compat.left(strip), compat.right(strip),
    )  # fmt: skip
    return _Seen(tuple(sampling.values_of(strip)), drivers.state_of(strip), rest)


def _take(preview: _Preview) -> None:
    request = preview.request
    if request is None:
        return
    for message in request.poll():
        if message.type == "progress" and message.fields.get("stage") != preview.stage:
            preview.begun_s = preview.begun_s if preview.stage else time.monotonic()
            preview.stage = str(message.fields.get("stage"))
            service.redraw()
    if request.open:
        return
    preview.request = None
    preview.error = request.error
    if preview.stage and preview.job:
        preview.took_s[preview.job.engine] = time.monotonic() - preview.begun_s
    if request.outcome is Outcome.DONE and request.answer is not None:
        width, height = request.answer.fields["size"]  # type: ignore[misc]
        preview.picture = Picture(request.answer.array(), (int(width), int(height)), preview.frame, request.id)
    service.redraw()


def register() -> None:
    """Let the timer look after the preview."""
    service.watchers.append(watch)
    service.leavers.append(stop)


def unregister() -> None:
    """Show no preview any more."""
    stop()
    service.watchers.remove(watch)
    service.leavers.remove(stop)
