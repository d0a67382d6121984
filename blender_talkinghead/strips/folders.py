# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a pair keeps its frames: ``//talkinghead/<strip>-<id>/`` beside the .blend file, or where the user says."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bpy

from ...inference.errors import Action, ErrorCode, TalkingHeadError

PARENT_NAME = "talkinghead"
UNSAVED_WARNING = (
    "Frames go to a temporary folder that Blender empties when it closes. "
    "Save the file, or choose a folder, to keep them."
)
_FORBIDDEN = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f]+')
_RESERVED = {"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(1, 10))}
_LONGEST_NAME = 60


@dataclass(frozen=True)
class Place:
    """A folder for frames. ``temporary``: Blender empties it when it closes."""

    path: Path
    temporary: bool


def safe_name(name: str) -> str:
    """A strip's name as a folder name that every system takes; letters of any script stay."""
    cleaned = _FORBIDDEN.sub("_", name).strip(" .")[:_LONGEST_NAME].strip(" .")
    if not cleaned or cleaned.split(".")[0].lower() in _RESERVED:
        return "strip" + ("_" + cleaned if cleaned else "")
    return cleaned


def place_for(scene: Any, strip: Any, pair_id: str) -> Place:
    """The folder of a pair: the one it has, as long as it fits the user's choice, or else a new one. Makes nothing."""
    parent = parent_of(scene)
    known = _known_folder(strip)
    chosen = bool(scene.th_output_folder)
    if known is not None and (known.parent == parent.path if chosen or parent.temporary else not _is_temporary(known)):
        return Place(known, parent.temporary)
    return Place(parent.path / f"{safe_name(strip.name)}-{pair_id[:8]}", parent.temporary)


def parent_of(scene: Any) -> Place:
    """The folder in which the folders of new pairs are made: the user's choice, or beside the .blend file."""
    choice = scene.th_output_folder
    if choice and (bpy.data.is_saved or not choice.startswith("//")):
        return Place(absolute(choice), False)
    if bpy.data.is_saved:
        return Place(absolute("//" + PARENT_NAME), False)
    return Place(Path(os.path.normpath(bpy.app.tempdir)) / PARENT_NAME, True)


def preview_place() -> Place:
    """The folder for pictures that only a preview needs."""
    return Place(Path(os.path.normpath(bpy.app.tempdir)) / "talkinghead-preview", False)


def ensure(folder: Path) -> None:
    """Make a folder and see that it can be written.

    Raises:
        TalkingHeadError: OUTPUT_NOT_WRITABLE.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / f".write-test-{os.getpid()}"
        probe.write_bytes(b"")
        probe.unlink()
    except OSError as error:
        raise TalkingHeadError(
            ErrorCode.OUTPUT_NOT_WRITABLE,
            f"Frames cannot be written to {folder}.",
            "Choose another folder for the frames, or allow writing there.",
            Action.CHOOSE_FOLDER,
            str(error),
        ) from error


def stored(folder: Path) -> str:
    """A folder as it is kept on a strip: relative to the .blend file when that is saved, so that both can move."""
    return _relative(folder) if bpy.data.is_saved else str(folder)


def for_strip(folder: Path) -> str:
    """A folder as an image strip's directory, relative if the user's preference says so."""
    relative = bpy.data.is_saved and bpy.context.preferences.filepaths.use_relative_paths
    return (_relative(folder) if relative else str(folder)) + os.sep


def for_property(path: Path) -> str:
    """A file or folder as the user wants paths to be kept."""
    relative = bpy.context.preferences.filepaths.use_relative_paths and bpy.data.is_saved
    return _relative(path) if relative else str(path)


def absolute(path: str) -> Path:
    """A path of Blender's as an absolute one."""
    return Path(os.path.normpath(bpy.path.abspath(path)))


def _relative(folder: Path) -> str:
    try:
        return bpy.path.relpath(str(folder))
    except ValueError:  # another drive on Windows
        return str(folder)


def _known_folder(strip: Any) -> Path | None:
    stored_folder = strip.th_folder
    if not stored_folder or (stored_folder.startswith("//") and not bpy.data.is_saved):
        return None
    folder = absolute(stored_folder)
    return folder if folder.is_dir() else None


def _is_temporary(folder: Path) -> bool:
    return Path(os.path.normpath(bpy.app.tempdir)) in folder.parents
