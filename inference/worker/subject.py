# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a job's session is opened on, and the content of the files behind it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ..engines import description_of
from ..engines.description import EngineDescription, SettingKind
from ..errors import ErrorCode, TalkingHeadError
from ..job import Job
from .exact import FrameMotion
from .sessions import Sessions, Subject


def subject_of(job: Job, motion: FrameMotion, sessions: Sessions, scale: float | None = None) -> Subject:
    """The subject of a job's session.

    Args:
        motion: the drivers' part, whose clips and sound the engine is given.
        scale: of a preview's pictures; None for final frames.

    Raises:
        TalkingHeadError: INVALID_REQUEST, SOURCE_MISSING, SOURCE_UNREADABLE, WEIGHTS_MISSING, WEIGHTS_CORRUPT.
    """
    description = description_of(job.engine)
    settings = description.settings_from(job.settings)
    preview, scale = scale is not None, 1.0 if scale is None else scale
    content = () if preview and description.film else _files_of(description, settings, sessions)
    return Subject(job.engine, settings, job.source, job.face, preview, scale, motion.drivers, content)


def preparing(job: Job) -> str:
    """What a session begins with, in words for people: engines that see whole pictures look for no face.

    Raises:
        TalkingHeadError: INVALID_REQUEST.
    """
    description = description_of(job.engine)
    whole = description.sees_whole(description.settings_from(job.settings))
    return "preparing the source" if whole else "finding the face"


def _files_of(description: EngineDescription, settings: Mapping[str, object], sessions: Sessions) -> tuple[str, ...]:
    """Digests of the files that an engine draws with; previews of films show the performance alone, and read none."""
    return (
        *sessions.set_digests(description, settings), *file_digests(description, settings, sessions).values(),
    )  # fmt: skip


def file_digests(description: EngineDescription, settings: Mapping[str, object], sessions: Sessions) -> dict[str, str]:
    """Digest of the file behind each setting that names one, by the setting's name.

    Raises:
        TalkingHeadError: SOURCE_MISSING, SOURCE_UNREADABLE.
    """
    digests = {}
    for setting in description.settings:
        name = str(settings[setting.name])
        if setting.kind is not SettingKind.PATH or not name:
            continue
        try:
            digests[setting.name] = sessions.digests.of(Path(name))
        except TalkingHeadError as error:
            if error.code is not ErrorCode.SOURCE_MISSING:
                raise
            raise TalkingHeadError(
                ErrorCode.SOURCE_MISSING,
                f"{setting.label} names {name}, which is not there.",
                f"Choose the file again, or clear {setting.label}.",
            ) from None
    return digests
