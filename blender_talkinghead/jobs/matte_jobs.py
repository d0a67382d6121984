# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The job that makes matte strips: the worker writes the frames' alpha as pictures, then strips show them."""

from __future__ import annotations

import json
from dataclasses import replace

from ..strips import folders, lookup, mattes
from ..worker import worker
from . import service
from .job_steps import Target, answer_of, find_strip, followed, starting_text, until_blender_is_free
from .runner import JobControl, JobState, JobSteps, Phase

TITLE = "Add Matte Strip"


def add_matte(target: Target, control: JobControl) -> JobSteps:
    """Make the mattes of all frames that the results of a source show, and a strip of them for each result.

    Raises:
        TalkingHeadError: INVALID_REQUEST without a result, UNSUPPORTED_INPUT without alpha, and what writing raises.
    """
    state = JobState(TITLE, text=starting_text())
    target = followed(target)
    yield from until_blender_is_free(state, control)
    source = find_strip(target)
    frames = mattes.frames_of(source)
    folder = folders.absolute(lookup.results_of(source)[0].directory)
    request = worker.client().submit("matte", {"folder": str(folder)}, json.dumps(frames).encode())
    yield from answer_of(request, state, control)
    yield from until_blender_is_free(state, control)
    name = mattes.add(find_strip(target))
    service.push_undo(TITLE)
    yield replace(state, phase=Phase.DONE, text=f"'{name}' added, muted: choose it as Mask of a modifier", fraction=1.0)
    service.redraw()
