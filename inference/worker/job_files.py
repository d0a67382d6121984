# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A job's frames on their way to the files that were planned for them."""

from __future__ import annotations

from pathlib import Path

from ..engines import description_of
from ..errors import ErrorCode, TalkingHeadError
from ..job import Job
from ..media.picture import Picture
from ..media.provenance import xmp_chunk
from .frame_writer import FrameWriter
from .plan import Plan
from .task import Task


def frame_writer(task: Task, job: Job, plan: Plan) -> FrameWriter:
    """A writer that tells of each frame whose file is there."""
    engine = description_of(job.engine)

    def written(path: Path) -> None:
        for index in plan.missing[path.name]:
            task.send("frame", index=index, file=path.name)

    return FrameWriter(written, xmp_chunk(engine.label, trained=engine.tier != "base"))


def checked_name(plan: Plan, index: int, picture: Picture) -> str:
    """The file name of a frame.

    Raises:
        TalkingHeadError: INTERNAL when the picture is not of the kind that was planned.
    """
    name = plan.names[index]
    if not name.endswith(picture.extension):
        raise TalkingHeadError(
            ErrorCode.INTERNAL,
            f"The engine changed the depth of frame {index}.",
            "Please report it with the log.",
            details=f"{name} {picture.pixels.dtype}",
        )
    return name


def check_all_made(made: int, asked: int) -> None:
    """Refuse an engine that forgets frames.

    Raises:
        TalkingHeadError: INTERNAL.
    """
    if made != asked:
        raise TalkingHeadError(
            ErrorCode.INTERNAL, f"The engine made {made} of {asked} frames.", "Please report it with the log."
        )
