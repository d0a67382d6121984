# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The job that makes helper strips: the worker writes the pictures of a stage, then a strip shows them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from ...inference import job as job_file
from ...inference.engines.description import Stage
from ...inference.errors import Action, ErrorCode, TalkingHeadError
from .. import consent
from ..drivers import driver_jobs
from ..strips import folders, helpers, results
from ..worker import worker
from . import film_jobs, jobs, service
from .builder import PreparedJob
from .job_steps import Target, answer_of, find_strip, followed, starting_text, until_blender_is_free
from .runner import JobControl, JobState, JobSteps, Phase

TITLE = "Add Helper Strip"


def add_helper(target: Target, stage_name: str, control: JobControl) -> JobSteps:
    """Make the pictures of a stage for the frames of a strip, and a muted strip that shows them.

    Raises:
        TalkingHeadError: whatever is wrong; CANCELLED. Pictures that were made are kept.
    """
    consent.require()
    state = JobState(TITLE, text="Reading the sliders")
    target = followed(target)
    yield from until_blender_is_free(state, control)
    source = find_strip(target)
    stage = helpers.stage_of(source, stage_name)
    _check_place(source)
    target = film_jobs.target_in_film(target)
    warnings = yield from driver_jobs.read_drivers(target, state, control)
    prepared = jobs.prepare(target)
    state = replace(state, text=starting_text(), warnings=prepared.warnings + jobs.shortened(warnings))
    indices = jobs.indices_of(prepared, target.only) or list(range(len(prepared.job.performance)))
    folder = helpers.new_folder(prepared.folder, stage)
    fields = {"job": str(_saved(prepared)), "stage": stage.name, "folder": str(folder), "only": indices}
    answer = yield from answer_of(worker.client().submit("stage", fields), state, control)
    yield from until_blender_is_free(state, control)
    told = jobs.shortened([str(text) for text in answer.fields.get("warnings", [])])  # type: ignore[attr-defined]
    yield _shown(prepared, stage, folder, replace(state, warnings=state.warnings + told), indices[0])
    service.redraw()


def _check_place(source: Any) -> None:
    """Frames can be rendered again, but what was painted cannot."""
    if folders.place_for(source.id_data, source, source.th_id).temporary:
        raise TalkingHeadError(
            ErrorCode.INVALID_REQUEST,
            "The pictures would go to a temporary folder that Blender empties when it closes, with what is painted.",
            "Save the file first, or choose a folder for the frames.",
            Action.CHOOSE_FOLDER,
        )


def _saved(prepared: PreparedJob) -> Path:
    """The job in a file of its own: the one beside the frames tells which frames the result shows."""
    folder = prepared.folder / helpers.FOLDER
    folders.ensure(folder)
    path = job_file.job_path(folder, prepared.pair_id)
    job_file.save(prepared.job, path)
    return path


def _shown(prepared: PreparedJob, stage: Stage, folder: Path, state: JobState, first_index: int) -> JobState:
    """The last state, once the strip is there."""
    found = results.target_of(prepared)
    if found is None:
        gone = f"The strip '{prepared.job.name}' is gone. Its pictures are kept in {folder}."
        return replace(state, phase=Phase.DONE, text="Done", warnings=(*state.warnings, gone), fraction=1.0)
    names = sorted((path.name for path in folder.glob("*.png")), key=lambda name: helpers.number_in(name) or 0)
    strip = helpers.add(found.source, stage, folder, names, prepared.first_frame + first_index, baked=prepared.baked)
    service.push_undo(TITLE)
    text = f"'{strip.name}' added, muted: correct its pictures, then press Use Helper Strip"
    return replace(state, phase=Phase.DONE, text=text, fraction=1.0)
