# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The user's own poses: a folder of JSON files, one a pose, that can be passed on. What is read is kept in memory."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from ...inference.errors import ErrorCode, TalkingHeadError
from ...inference.motion.poses import Pose, checked_name
from ..strips import folders
from ..worker import worker

FOLDER_NAME = "poses"
EXTENSION = ".json"
_LARGEST_BYTES = 100_000


@dataclass(frozen=True)
class StoredPose:
    """A pose and its file."""

    path: Path
    pose: Pose


@dataclass(frozen=True)
class BadFile:
    """A file of the folder that is no pose, and why."""

    name: str
    reason: str


@dataclass(frozen=True)
class Library:
    """What is in the folder: poses by name, and files that cannot be used."""

    poses: tuple[StoredPose, ...] = ()
    bad: tuple[BadFile, ...] = ()


_library: Library | None = None


def folder() -> Path:
    """Where the user's poses are kept; it may not exist yet."""
    return worker.places().user / FOLDER_NAME


def library() -> Library:
    """The user's poses as they were last read."""
    global _library
    if _library is None:
        _library = read(folder())
    return _library


def reread() -> Library:
    """Look into the folder again."""
    global _library
    _library = None
    return library()


def read(where: Path) -> Library:
    """All poses of a folder; a file that is none is listed with its reason."""
    poses, bad = [], []
    try:
        files = sorted(path for path in where.iterdir() if path.suffix.lower() == EXTENSION)
    except FileNotFoundError:
        return Library()
    except OSError as error:
        return Library(bad=(BadFile(where.name, str(error)),))
    for path in files:
        try:
            poses.append(StoredPose(path, load(path)))
        except TalkingHeadError as error:
            bad.append(BadFile(path.name, error.message))
    return Library(tuple(sorted(poses, key=lambda stored: stored.pose.name.lower())), tuple(bad))


def load(path: Path) -> Pose:
    """Read a pose file.

    Raises:
        TalkingHeadError: SOURCE_MISSING, INVALID_REQUEST.
    """
    try:
        with path.open("rb") as file:
            data = file.read(_LARGEST_BYTES + 1)
        if len(data) > _LARGEST_BYTES:
            raise ValueError("it is too large")
        text = data.decode("utf-8-sig")
    except FileNotFoundError:
        raise TalkingHeadError(
            ErrorCode.SOURCE_MISSING, f"There is no file {path}.", "Choose a pose that was saved as a file."
        ) from None
    except (OSError, ValueError) as error:
        raise TalkingHeadError(
            ErrorCode.INVALID_REQUEST, f"{path.name} cannot be read as a pose.", str(error)
        ) from error
    return Pose.from_text(text)


def save(pose: Pose, *, replace: bool = False) -> StoredPose:
    """Keep a pose under its name.

    Raises:
        TalkingHeadError: INVALID_REQUEST when there is one of that name and it may not be replaced;
            OUTPUT_NOT_WRITABLE.
    """
    name = checked_name(pose.name)
    same = _of_name(name)
    if same is not None and not replace:
        raise TalkingHeadError(
            ErrorCode.INVALID_REQUEST, f"There is a pose named '{name}' already.", "Choose another name, or replace it."
        )
    path = same.path if same is not None else _new_path(name)
    _write(path, Pose(name, pose.values))
    return _stored(path)


def rename(path: Path, name: str) -> StoredPose:
    """Give a pose another name; its file is named like it.

    Raises:
        TalkingHeadError: INVALID_REQUEST for a name that is taken or not usable; OUTPUT_NOT_WRITABLE.
    """
    name = checked_name(name)
    pose, same = load(path), _of_name(name)
    if same is not None and same.path != path:
        raise TalkingHeadError(
            ErrorCode.INVALID_REQUEST, f"There is a pose named '{name}' already.", "Choose another name."
        )
    if name == pose.name:
        return StoredPose(path, pose)
    new = _new_path(name)
    _write(new, Pose(name, pose.values))
    _remove(path)
    return _stored(new)


def delete(path: Path) -> None:
    """Delete a pose's file.

    Raises:
        TalkingHeadError: OUTPUT_NOT_WRITABLE.
    """
    _remove(path)
    reread()


def add_file(path: Path) -> StoredPose:
    """Copy a pose file into the library; a pose of another content and the same name gets a number.

    Raises:
        TalkingHeadError: why the file is no pose; OUTPUT_NOT_WRITABLE.
    """
    pose = load(path)
    same = _of_name(pose.name)
    if same is not None and same.pose == pose:
        return same
    return save(Pose(unused_name(pose.name), pose.values))


def unused_name(name: str) -> str:
    """A name as it is, or with the first number that makes it one that no pose has."""
    candidate, number = name, 1
    while _of_name(candidate) is not None:
        number += 1
        candidate = f"{name[:50]} {number}"
    return candidate


def _of_name(name: str) -> StoredPose | None:
    return next((stored for stored in library().poses if stored.pose.name.lower() == name.lower()), None)


def _stored(path: Path) -> StoredPose:
    reread()
    return StoredPose(path, load(path))


def _new_path(name: str) -> Path:
    stem, number = folders.safe_name(name), 1
    path = folder() / f"{stem}{EXTENSION}"
    while path.exists():
        number += 1
        path = folder() / f"{stem} {number}{EXTENSION}"
    return path


def _write(path: Path, pose: Pose) -> None:
    part = path.with_name(path.name + ".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_text(pose.to_text(), encoding="utf-8")
        os.replace(part, path)
    except OSError as error:
        raise _not_writable(path, error) from error


def _remove(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise _not_writable(path, error) from error


def _not_writable(path: Path, error: OSError) -> TalkingHeadError:
    return TalkingHeadError(
        ErrorCode.OUTPUT_NOT_WRITABLE,
        f"The pose file {path} cannot be written.",
        "Check the permissions of its folder.",
        details=str(error),
    )


def register() -> None:
    """Nothing is read before it is needed."""


def unregister() -> None:
    """Forget what was read."""
    global _library
    _library = None
