# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The jobs that render: from a strip to frames on disk and a result strip. One generator, whoever drives it.

A job keeps names and ids, never strips: between two steps the user may undo, rename, delete or load.
"""

from __future__ import annotations

import json
import time
from collections import deque
from collections.abc import Generator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from ...inference import job as job_file
from ...inference.engines import description_of
from ...inference.errors import ErrorCode, TalkingHeadError
from ...inference.protocol import Message
from ...inference.source import Source
from .. import consent
from ..drivers import driver_jobs
from ..preview import faces
from ..strips import folders, follow, lookup, missing_frames, results
from ..worker import worker
from ..worker.client import Outcome, Request
from . import builder, film_estimates, film_jobs, film_words, measured_speed, service
from .builder import PreparedJob
from .job_steps import (
    WAITING_TEXT,
    Target,
    answer_of,
    find_scene,
    find_strip,
    followed,
    main_window,
    shown_frame,
    starting_text,
    until_blender_is_free,
    with_progress,
)
from .render_note import RenderNote
from .runner import JobControl, JobState, JobSteps, Phase, frames_text

RENDER_TITLE = "Render Frames"
ANIMATE_TITLE = "Animate Portrait"
FIND_TITLE = "Find Faces"


def render(target: Target, control: JobControl) -> JobSteps:
    """Compute the missing frames of a strip and show them in its result strip.

    Raises:
        TalkingHeadError: whatever is wrong; CANCELLED. Finished frames are kept.
    """
    consent.require()
    state = JobState(RENDER_TITLE, text="Reading the sliders")
    target = followed(target)
    yield from until_blender_is_free(state, control)
    target = film_jobs.target_in_film(target)
    warnings = yield from driver_jobs.read_drivers(target, state, control)
    prepared = prepare(target)
    state = replace(state, warnings=prepared.warnings + shortened(warnings))
    yield replace(state, text=starting_text())
    yield from _run(prepared, state, control, indices_of(prepared, target.only))


def animate(target: Target, control: JobControl) -> JobSteps:
    """Find the face of a strip, make it a source and insert its result strip, which shows the source at first.

    Raises:
        TalkingHeadError: NO_FACE and whatever else is wrong; the strip is then as it was.
    """
    consent.require()
    state = JobState(ANIMATE_TITLE, text="Looking at the strip")
    yield from until_blender_is_free(state, control)
    before = _identity(find_strip(target))
    prepared: PreparedJob | None = None
    try:
        prepared = prepare(target, with_drivers=False)  # the result shows the source until frames are rendered
        state = replace(state, warnings=prepared.warnings, text=starting_text())
        yield from _check_face(prepared, state, control)
        yield from _run(prepared, state, control, [])
    except Exception:
        while service.blender_renders():
            yield replace(state, phase=Phase.WAITING, text=WAITING_TEXT)
        _restore_identity(find_strip(target) if prepared is None else _source_of(prepared), before)
        raise


def find_faces(target: Target, control: JobControl) -> JobSteps:
    """Find the faces in the picture that a strip shows at the current frame.

    Raises:
        TalkingHeadError: NO_FACE and whatever else is wrong.
    """
    state = JobState(FIND_TITLE, text=starting_text())
    yield from until_blender_is_free(state, control)
    scene, strip = find_scene(target), find_strip(target)
    before = _identity(strip)
    try:
        with main_window():
            prepared = builder.prepare_frame(scene, strip, shown_frame(scene, strip))
    finally:
        _restore_identity(strip, before)  # looking makes no source
    analysis = yield from _analysis_of(prepared.job.source, prepared.job.pictures[0], state, control)
    faces.remember(find_strip(target), analysis)
    count = len(analysis.faces)
    if not count:
        raise faces.no_face_error(target.strip)
    yield replace(state, phase=Phase.DONE, text="1 face found" if count == 1 else f"{count} faces found")


def _identity(strip: Any) -> dict[str, object]:
    """What makes a strip a source: the hidden properties of the add-on."""
    names = [prop.identifier for prop in strip.bl_rna.properties if prop.is_hidden]
    return {name: getattr(strip, name) for name in names if name.startswith("th_")}


def _source_of(prepared: PreparedJob) -> Any | None:
    """The source of a job, whatever it is called by now; None when it is gone."""
    found = results.target_of(prepared)
    return None if found is None else found.source


def _restore_identity(strip: Any | None, before: dict[str, object]) -> None:
    """Make a strip what it was before a job that came to nothing, unless it has a result."""
    if strip is not None and not lookup.results_of(strip):
        for name, value in before.items():
            setattr(strip, name, value)


def prepare(target: Target, *, with_drivers: bool = True) -> PreparedJob:
    """The job of a target, its folder made.

    Raises:
        TalkingHeadError: as ``builder.prepare``; OUTPUT_NOT_WRITABLE.
    """
    with main_window():
        follow.sync(find_scene(target))
        scene, strip = find_scene(target), find_strip(target)
        prepared = builder.prepare(scene, strip, target.range_mode, with_drivers=with_drivers)
    folders.ensure(prepared.folder)
    return prepared


def indices_of(prepared: PreparedJob, only: range | None) -> list[int] | None:
    """Frames of a job by their timeline frames; None for all.

    Raises:
        TalkingHeadError: INVALID_REQUEST when it has none of them.
    """
    if only is None:
        return None
    indices = [frame - prepared.first_frame for frame in only]
    kept = [index for index in indices if 0 <= index < len(prepared.job.performance)]
    if not kept:
        raise TalkingHeadError(
            ErrorCode.INVALID_REQUEST,
            f"The strip '{prepared.job.name}' shows none of the frames {only[0]} to {only[-1]}.",
            "Name frames that the strip shows.",
        )
    return kept


def _check_face(prepared: PreparedJob, state: JobState, control: JobControl) -> JobSteps:
    engine = description_of(prepared.job.engine)
    if prepared.job.face.points or engine.sees_whole(prepared.job.settings) or not engine.controls:
        return  # placed by hand, or not needed: there is nothing to find
    looking = replace(state, text="Finding the face")
    analysis = yield from _analysis_of(prepared.job.source, prepared.job.face.picture, looking, control)
    source = _source_of(prepared)
    if source is None:
        raise TalkingHeadError(
            ErrorCode.INVALID_REQUEST, f"The strip '{prepared.job.name}' is gone.", "Select a strip and start again."
        )
    faces.remember(source, analysis)
    if not analysis.faces:
        raise faces.no_face_error(source.name)


def _analysis_of(
    source: Source, picture: int, state: JobState, control: JobControl
) -> Generator[JobState, None, faces.Analysis]:
    """What the worker says of the faces in a picture."""
    request = worker.client().submit("analyse", {"source": source.to_dict(), "picture": picture})
    answer = yield from answer_of(request, state, control)
    return faces.Analysis.from_answer(answer.fields, picture)


def _run(prepared: PreparedJob, state: JobState, control: JobControl, only: Sequence[int] | None) -> JobSteps:
    path = job_file.job_path(prepared.folder, prepared.pair_id)
    try:
        job_file.save(prepared.job, path)
    except OSError as error:
        raise TalkingHeadError(
            ErrorCode.OUTPUT_NOT_WRITABLE,
            f"The folder {prepared.folder} cannot be written.",
            "Choose another folder for the frames, or free some space.",
            details=str(error),
        ) from error
    fields: dict[str, object] = {"job": str(path)}
    if only is not None:
        fields["only"] = list(only)
    if results.has_mattes(prepared):
        fields["mattes"] = True
    request = worker.client().submit("run", fields)
    try:
        yield from _Following(prepared, request, state, control, only).steps()
    finally:
        worker.client().cancel(request)  # dropped on the way: do not compute for nobody


class _Following:
    """Shows what a ``run`` request gives, as it comes."""

    def __init__(
        self,
        prepared: PreparedJob,
        request: Request,
        state: JobState,
        control: JobControl,
        only: Sequence[int] | None,
    ) -> None:
        self.prepared, self.request, self.state, self.control = prepared, request, state, control
        self.note = RenderNote(prepared, only)
        self.events: deque[Message] = deque()
        self.planned = False
        self.lost = False

    def steps(self) -> JobSteps:
        while self.request.open or self.events:
            if self.control.cancelled:
                worker.client().cancel(self.request)
            worker.client().pump(0.0 if self.events else self.control.wait_s)
            self.events.extend(self.request.poll())
            if service.blender_renders():
                yield replace(self.state, phase=Phase.WAITING, text=WAITING_TEXT)
            else:
                self._work()
                yield self.state
        while service.blender_renders():
            yield replace(self.state, phase=Phase.WAITING, text=WAITING_TEXT)
        yield self._finished()

    def _work(self) -> None:
        """Take what has arrived, as much as the time allows."""
        deadline = time.monotonic() + self.control.budget_s
        finished: dict[int, str] = {}
        while self.events and time.monotonic() < deadline:
            message = self.events.popleft()
            if message.type == "plan":
                self._show_plan(message)
            elif message.type == "progress":
                self.state = with_progress(self.state, message)
            elif message.type == "frame":
                finished[int(message.fields["index"])] = str(message.fields["file"])  # type: ignore[call-overload]
        if finished and self.planned and not self.lost:
            self.lost = not results.show_frames(self.prepared, finished)
        self.note.finished(finished)

    def _show_plan(self, message: Message) -> None:
        names = [str(name) for name in json.loads(message.payload)]
        placeholder = str(message.fields["placeholder"])
        self.planned = results.show_plan(self.prepared, names, placeholder) is not None
        self.lost = not self.planned
        self.note.begin(names)
        self.state = replace(self.state, work=film_words.told_by_worker(message.fields.get("estimate")))

    def _finished(self) -> JobState:
        """The last state.

        Raises:
            TalkingHeadError: the worker's error; CANCELLED.
        """
        if self.planned:
            result = results.finish(self.prepared)
            self.lost = result is None
            self.note.end()
            missing_frames.forget(result or "")
            service.push_undo(self.state.title)
        if self.request.outcome is Outcome.CANCELLED:
            raise TalkingHeadError(ErrorCode.CANCELLED, self.note.canceled_text())
        fields = self.request.result().fields
        rendered, reused = int(fields["rendered"]), int(fields["reused"])
        self._note_speed(fields)
        text = summary(rendered, reused) if self.state.title == RENDER_TITLE else "Ready, move the sliders"
        warnings = self.state.warnings + shortened([str(text) for text in fields.get("warnings", [])])
        if self.lost:
            where = self.prepared.folder
            warnings += (f"The strip '{self.prepared.job.name}' is gone. Its frames are kept in {where}.",)
        return replace(self.state, phase=Phase.DONE, text=text, warnings=warnings, eta_s=None, fraction=1.0, work="")

    def _note_speed(self, fields: Mapping[str, object]) -> None:
        """Keep how long a frame takes; of films the worker itself keeps how long a refinement takes."""
        if description_of(self.prepared.job.engine).film is None:
            measured_speed.note(self.prepared.job.engine, _source_of(self.prepared), fields)
        else:
            film_estimates.forget()


def shortened(warnings: Sequence[str], most: int = 3) -> tuple[str, ...]:
    """An engine's warnings: the first ones, and how many more there are; a long clip may have one a picture."""
    if len(warnings) <= most:
        return tuple(warnings)
    return (*warnings[:most], f"{len(warnings) - most} more warnings are in the log.")


def summary(rendered: int, reused: int) -> str:
    """How many frames were computed, in words."""
    total = rendered + reused
    if rendered == 0:
        there = "The frame was" if total == 1 else f"All {total} frames were"
        return f"{there} there already, none had to be rendered"
    return f"{rendered} of {frames_text(total)} rendered" + (f", {reused} reused" if reused else "")
