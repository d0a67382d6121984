# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which frame becomes which file, and which files are missing."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..controls import BY_NAME, POSE_NAMES
from ..engines import description_of
from ..engines.description import EngineDescription
from ..errors import ErrorCode, TalkingHeadError
from ..job import Job, frame_key
from ..media.encode import TEMPORARY_SUFFIX, is_whole, write_frame
from ..media.images import check_file
from ..media.reader import SourceReader
from ..source import SourceKind
from ..weights.catalogue import weight_file
from .cache_folder import digest_of
from .exact import FrameMotion
from .film_plan import Film
from .sessions import Sessions
from .setting_files import SettingFiles

_STALE_S = 3600.0


@dataclass(frozen=True)
class Plan:
    """A job laid out in files.

    Attributes:
        names: file name of each frame of the job; frames with equal content share one.
        wanted: the frame indices asked for, ascending.
        missing: file name to the wanted frames it stands for, in order of the first, for files that must be made.
        pictures: picture index of each frame, none past the source's end.
        film: how it is drawn, for engines that draw neighboring frames together; None for others.
    """

    names: tuple[str, ...]
    wanted: tuple[int, ...]
    missing: dict[str, tuple[int, ...]]
    pictures: tuple[int, ...]
    film: Film | None = None


def make_plan(
    job: Job,
    reader: SourceReader,
    folder: Path,
    only: Sequence[int] | None,
    check: Callable[[], None],
    motion: FrameMotion,
    sessions: Sessions,
) -> Plan:
    """Name every frame by its content and look which of the wanted ones are not there yet.

    Args:
        only: frame indices to make; None for all.
        check: raises when the request was cancelled.
        motion: the drivers' part in the frames.

    Raises:
        TalkingHeadError: INVALID_REQUEST, CANCELLED, WEIGHTS_MISSING, WEIGHTS_CORRUPT, and what reading the source and
            the files that settings name raises.
    """
    wanted = wanted_frames(len(job.pictures), only)
    last = len(reader) - 1
    pictures = tuple(min(picture, last) for picture in job.pictures)
    _check_there(job, pictures)
    description = description_of(job.engine)
    settings = description.settings_from(job.settings)
    weights = [weight_file(name).sha256 for name in description.weights]
    weights += sessions.set_digests(description, settings)
    files = SettingFiles.of(description, settings, sessions)
    whole = _whole(job, description, settings, reader, check)
    matter = {setting.name for setting in description.settings if setting.matters(settings)}

    def keys(decisive: Mapping[str, object]) -> list[str]:
        decisive = {name: value for name, value in decisive.items() if name in matter}
        return list(_frame_keys(job, description, decisive, files, weights, reader, pictures, whole, motion, check))

    film = Film.of(description, settings, keys) if description.film else None
    stems = film.names if film else keys(settings)
    names = [stem + reader.extension(picture) for stem, picture in zip(stems, pictures, strict=True)]
    return Plan(tuple(names), wanted, _missing(names, wanted, folder), pictures, film)


def _check_there(job: Job, pictures: Sequence[int]) -> None:
    """No other picture may stand for one that is animated itself, or a frame would show that one for good."""
    for picture in sorted(set(pictures)) if job.source.gaps else ():
        check_file(Path(job.source.files[picture]))


def _frame_keys(
    job: Job,
    description: EngineDescription,
    settings: Mapping[str, object],
    files: SettingFiles,
    weights: Sequence[str],
    reader: SourceReader,
    pictures: Sequence[int],
    whole: Sequence[str],
    motion: FrameMotion,
    check: Callable[[], None],
) -> Iterator[str]:
    """The content of each frame by itself.

    Args:
        settings: those that decide it.
        files: what settings name.
        weights: digests of the models.
        pictures: picture index of each frame.
        whole: digest of all pictures, where each frame depends on them.
    """
    for frame, (picture, pose) in enumerate(zip(pictures, _poses(job, description), strict=True)):
        check()
        yield frame_key(
            engine=job.engine,
            engine_version=description.version,
            settings={**settings, **{name: own for name, own in files.at(frame).items() if name in settings}},
            weights=weights,
            source_digests=[*_digests(job, description, reader, picture), *whole],
            picture=picture,
            face=job.face,
            pose=pose,
            motion=motion.digest(frame),
        )


def _poses(job: Job, description: EngineDescription) -> np.ndarray:
    """(frames, the engine's controls) what frames depend on: controls that change nothing are at rest."""
    heeded = description.heeded(description.settings_from(job.settings))
    poses = job.performance.values[:, [POSE_NAMES.index(name) for name in description.controls]]
    rest = np.array([BY_NAME[name].rest for name in description.controls])
    return np.where([name in heeded for name in description.controls], poses, rest)


def wanted_frames(length: int, only: Sequence[int] | None) -> tuple[int, ...]:
    """Frame indices that are asked for, ascending.

    Args:
        length: frames of the job.
        only: frame indices in any order; None for all.

    Raises:
        TalkingHeadError: INVALID_REQUEST.
    """
    if only is None:
        return tuple(range(length))
    wanted = sorted(set(only))
    if wanted and not 0 <= wanted[0] <= wanted[-1] < length:
        raise TalkingHeadError(
            ErrorCode.INVALID_REQUEST,
            f"The job has the frames 0 to {length - 1}, not {wanted[0]} to {wanted[-1]}.",
            "Ask for frames of the job.",
        )
    return tuple(wanted)


def _digests(job: Job, description: EngineDescription, reader: SourceReader, picture: int) -> list[str]:
    """Digests of what a frame is made from: its picture, the engine's neighbours, and where the face was chosen."""
    if job.source.kind is not SourceKind.SEQUENCE:
        return [reader.digest(picture)]
    last = len(reader) - 1
    around = range(picture - description.neighbours, picture + description.neighbours + 1)
    indices = [min(max(index, 0), last) for index in around]
    return [reader.digest(index) for index in [*indices, min(job.face.picture, last)]]


def _whole(
    job: Job,
    description: EngineDescription,
    settings: Mapping[str, object],
    reader: SourceReader,
    check: Callable[[], None],
) -> list[str]:
    """Digest of all pictures of a sequence of which each frame is made; [] where few matter, or all have one digest.

    This is coarse: a changed picture changes only the masks of its stretch and of those that follow from it.
    """
    if job.source.kind is not SourceKind.SEQUENCE or not description.follows_source(settings):
        return []
    digests = []
    for index in range(len(reader)):
        check()
        digests.append(reader.digest(index))
    return [digest_of(digests)]


def _missing(names: Sequence[str], wanted: Sequence[int], folder: Path) -> dict[str, tuple[int, ...]]:
    frames: dict[str, list[int]] = {}
    for index in wanted:
        frames.setdefault(names[index], []).append(index)
    return {name: tuple(indices) for name, indices in frames.items() if not is_whole(folder / name)}


def placeholder(job: Job, reader: SourceReader, folder: Path, picture: int) -> str:
    """File name of the source's own picture in the folder, which stands in for frames that are not there yet."""
    name = f"source-{reader.digest(picture)}-{picture}{reader.extension(picture)}"
    if not is_whole(folder / name):
        write_frame(reader.read(picture), folder / name)
    return name


def remove_stale(folder: Path) -> None:
    """Remove what workers that were killed left half written, if it is old enough to belong to none that runs."""
    for path in folder.glob(f".*{TEMPORARY_SUFFIX}"):
        with suppress(OSError):
            if time.time() - path.stat().st_mtime > _STALE_S:
                path.unlink()
