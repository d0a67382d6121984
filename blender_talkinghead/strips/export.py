# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writing the frames of a result strip as a movie. The frames stay what they are."""

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ...inference import job as job_file
from ...inference.errors import ErrorCode, TalkingHeadError
from .. import compat
from ..jobs import jobs, service
from ..jobs.runner import JobControl, JobState, JobSteps, Phase
from ..worker import worker
from . import folders, lookup
from .sampling import scene_rate

TITLE = "Export Movie"
CODECS = (
    ("h264", "H.264 (MP4)", "Small file for viewing; without transparency"),
    ("ffv1", "FFV1 (Matroska)", "Lossless, with transparency"),
    ("prores4444", "ProRes 4444 (QuickTime)", "For editing, with transparency"),
)
EXTENSIONS = {"h264": ".mp4", "ffv1": ".mkv", "prores4444": ".mov"}


@dataclass(frozen=True)
class Movie:
    """What to export: frame file names in a folder, frames a second, codec and output."""

    folder: Path
    names: tuple[str, ...]
    rate: str
    codec: str
    output: Path


def movie_of(source: Any, codec: str, output: Path) -> Movie:
    """The visible frames of a source's result strip.

    Raises:
        TalkingHeadError: INVALID_REQUEST when there is no result, or frames are not rendered yet.
    """
    results = lookup.results_of(source)
    if not results:
        raise TalkingHeadError(
            ErrorCode.INVALID_REQUEST, f"The strip '{source.name}' has no rendered frames.", "Render its frames first."
        )
    result = results[0]
    folder = folders.absolute(result.directory)
    names = tuple(
        result.strip_elem_from_frame(frame).filename for frame in range(compat.left(result), compat.right(result))
    )
    planned = set(job_file.load(job_file.job_path(folder, source.th_id)).frame_files)
    missing = sum(name not in planned for name in names)
    if missing:
        raise TalkingHeadError(
            ErrorCode.INVALID_REQUEST,
            f"{missing} of {len(names)} frames are not rendered yet, or were rendered with other settings.",
            "Render the frames of the whole strip first.",
        )
    rate = scene_rate(source.id_data)
    return Movie(folder, names, f"{rate.numerator}/{rate.denominator}", codec, output)


def export(movie: Movie, control: JobControl) -> JobSteps:
    """Write a movie.

    Raises:
        TalkingHeadError: what the worker says; CANCELLED.
    """
    state = JobState(TITLE, text="Starting the worker")
    yield state
    fields = {"folder": str(movie.folder), "rate": movie.rate, "codec": movie.codec, "output": str(movie.output)}
    request = worker.client().submit("export", fields, json.dumps(movie.names).encode())
    answer = yield from jobs.answer_of(request, state, control)
    text = f"{answer.fields['frames']} frames written to {movie.output.name}"
    yield replace(state, phase=Phase.DONE, text=text, fraction=1.0)
    service.redraw()
