# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds the files that a workflow names: ComfyUI stores mostly file names, without folders. No Blender in here."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path, PurePosixPath, PureWindowsPath

# How far above a workflow its program's folder is looked for.
_LEVELS = 6
_FOLDERS = ("input", "ComfyUI/input", "output", "ComfyUI/output")
PICTURE_SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff", ".exr"})


def find(name: str, workflow: Path, folder: Path | None) -> Path | None:
    """The file or folder of that name.

    Args:
        name: as the workflow has it, with the separators of any system.
        workflow: path of the workflow.
        folder: where the user says that media are, or None.

    Returns:
        Its absolute path: where the name itself leads, in the user's folder, beside the workflow, or in the input and
        output folders of the program around it; None when it is nowhere.
    """
    parts = PureWindowsPath(name).parts if "\\" in name else PurePosixPath(name).parts
    if Path(name).is_absolute() and Path(name).exists():
        return Path(name)
    relative = [part for part in parts if part not in ("/", "..", ".") and not part.endswith((":", ":\\"))]
    if not relative:
        return None
    for place in _places(workflow, folder):
        for candidate in (place.joinpath(*relative), place / relative[-1]):
            if candidate.exists():
                return candidate.absolute()
    return None


def _places(workflow: Path, folder: Path | None) -> Iterator[Path]:
    if folder is not None:
        yield folder
    above = list(workflow.absolute().parents)[: _LEVELS + 1]
    yield above[0]
    for parent in above:
        for name in _FOLDERS:
            yield parent / name


def pictures_in(folder: Path) -> list[Path]:
    """The picture files of a folder by name, as ComfyUI orders them."""
    files = [path for path in folder.iterdir() if path.suffix.lower() in PICTURE_SUFFIXES and path.is_file()]
    return sorted(files, key=lambda path: path.name)
