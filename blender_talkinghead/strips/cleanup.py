# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds and deletes frames that no strip of the open file and no saved job refers to."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import bpy

from ...inference import job
from ...inference.errors import ErrorCode, TalkingHeadError
from .. import compat
from . import folders
from .pairs import ROLE_RESULT, ROLE_SOURCE

# Only what is named by content is ever deleted: never a file that the user put there.
_FRAME_NAME = re.compile(r"[0-9a-f]{32}(\.matte\.png|\.png|\.exr)")


@dataclass(frozen=True)
class UnusedFrames:
    """Frames that can go, and how many bytes they take."""

    files: tuple[Path, ...]
    size_bytes: int


def frame_folders() -> tuple[Path, ...]:
    """The existing frame folders of the open file: those of its pairs, and those beside them that hold a saved job."""
    found: set[Path] = set()
    for scene in bpy.data.scenes:
        for strip in compat.all_strips(scene):
            if strip.th_role == ROLE_SOURCE and strip.th_folder:
                found.add(folders.absolute(strip.th_folder))
            elif strip.th_role == ROLE_RESULT and strip.type == "IMAGE":
                found.add(folders.absolute(strip.directory))
        parent = folders.parent_of(scene)
        if not parent.temporary:  # that one is shared by all files that are not saved yet
            found.update(path.parent for path in parent.path.glob("*/*" + job.JOB_SUFFIX))
    return tuple(sorted(folder for folder in found if folder.is_dir()))


def unused_frames(where: Iterable[Path]) -> UnusedFrames:
    """The frames in some folders that no strip of any scene and no saved job refers to.

    Raises:
        TalkingHeadError: INVALID_REQUEST when a saved job cannot be read, because its frames are not known then.
    """
    unused: list[Path] = []
    for folder in where:
        used = _used_by_strips(folder) | _used_by_jobs(folder)
        frames = (path for path in folder.iterdir() if _FRAME_NAME.fullmatch(path.name))
        unused += sorted(path for path in frames if path.name not in used)
    return UnusedFrames(tuple(unused), sum(path.stat().st_size for path in unused))


def delete(unused: UnusedFrames) -> UnusedFrames:
    """Delete frames; gives back those that were deleted.

    Frames that came into use since they were found are kept.

    Raises:
        TalkingHeadError: OUTPUT_NOT_WRITABLE when one cannot be deleted; those before it are gone.
    """
    still = set(unused_frames({path.parent for path in unused.files}).files)
    deleted: list[Path] = []
    size_bytes = 0
    for path in unused.files:
        if path not in still:
            continue
        size = path.stat().st_size
        try:
            path.unlink()
        except OSError as error:
            raise TalkingHeadError(
                ErrorCode.OUTPUT_NOT_WRITABLE,
                f"The frame {path} cannot be deleted.",
                "Allow writing in its folder, or close the program that uses it.",
                details=str(error),
            ) from error
        deleted.append(path)
        size_bytes += size
    return UnusedFrames(tuple(deleted), size_bytes)


def _used_by_strips(folder: Path) -> set[str]:
    used: set[str] = set()
    for scene in bpy.data.scenes:
        for strip in compat.all_strips(scene):
            if strip.type == "IMAGE" and folders.absolute(strip.directory) == folder:
                used.update(element.filename for element in strip.elements)
    images = (folders.absolute(image.filepath) for image in bpy.data.images if image.filepath)
    used.update(path.name for path in images if path.parent == folder)
    return used


def _used_by_jobs(folder: Path) -> set[str]:
    used: set[str] = set()
    for path in folder.glob("*" + job.JOB_SUFFIX):
        used.update(job.load(path).frame_files)
    return used
