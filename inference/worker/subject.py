# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a job's session is opened on, and the content of the files behind it."""

from __future__ import annotations

from collections.abc import Mapping

from ..engines import description_of
from ..engines.description import EngineDescription
from ..job import Job
from .exact import FrameMotion
from .sessions import Sessions, Subject
from .setting_files import SettingFiles


def subject_of(
    job: Job, motion: FrameMotion, sessions: Sessions, scale: float | None = None, *, draws: bool = True
) -> Subject:
    """The subject of a job's session.

    Args:
        motion: the drivers' part, whose clips and sound the engine is given.
        scale: of a preview's pictures; None for final frames.
        draws: false where the networks that draw are not needed, such as for pictures of a stage.

    Raises:
        TalkingHeadError: INVALID_REQUEST, SOURCE_MISSING, SOURCE_UNREADABLE, WEIGHTS_MISSING, WEIGHTS_CORRUPT.
    """
    description = description_of(job.engine)
    settings = description.settings_from(job.settings)
    preview, scale = scale is not None, 1.0 if scale is None else scale
    content = () if preview and description.film else _files_of(description, settings, sessions, draws)
    return Subject(job.engine, settings, job.source, job.face, preview, scale, motion.drivers, content)


def preparing(job: Job) -> str:
    """What a session begins with, in words for people: engines that see whole pictures look for no face.

    Raises:
        TalkingHeadError: INVALID_REQUEST.
    """
    description = description_of(job.engine)
    whole = description.sees_whole(description.settings_from(job.settings))
    return "preparing the source" if whole else "finding the face"


def _files_of(
    description: EngineDescription, settings: Mapping[str, object], sessions: Sessions, draws: bool
) -> tuple[str, ...]:
    """Digests of the files that an engine draws with; previews of films show the performance alone, and read none."""
    sets = sessions.set_digests(description, settings) if draws else ("not drawn",)
    return (*sets, *SettingFiles.of(description, settings, sessions).whole.values())
