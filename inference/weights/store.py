# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds weight files in folders and verifies them."""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from ..errors import Action, ErrorCode, TalkingHeadError
from .catalogue import WeightFile, weight_file

ENVIRONMENT_VARIABLE = "TALKINGHEAD_WEIGHTS"


class WeightStore:
    """Weight files by catalogue name. Each file is verified once in the life of the store.

    Args:
        folders: searched in this order; the first intact file wins. Folders need not exist.
    """

    def __init__(self, folders: Sequence[Path]) -> None:
        self.folders = tuple(Path(folder) for folder in folders)
        self._verified: dict[str, Path] = {}

    def path(self, name: str) -> Path:
        """Where an intact copy of the file is.

        Raises:
            TalkingHeadError: WEIGHTS_MISSING when no folder has it, WEIGHTS_CORRUPT when no copy is intact,
                INVALID_REQUEST for an unknown name.
        """
        if name not in self._verified:
            self._verified[name] = self._find(weight_file(name))
        return self._verified[name]

    def _find(self, file: WeightFile) -> Path:
        candidates = [folder / file.file_name for folder in self.folders]
        present = [path for path in candidates if path.is_file()]
        for path in present:
            if is_intact(path, file):
                return path
        if present:
            raise TalkingHeadError(
                ErrorCode.WEIGHTS_CORRUPT,
                f"The model file {file.file_name} is damaged.",
                "Repair the worker to download it again.",
                Action.REPAIR_WORKER,
                details="; ".join(str(path) for path in present),
            )
        raise TalkingHeadError(
            ErrorCode.WEIGHTS_MISSING,
            f"The model file {file.file_name} is not there yet.",
            "Set up the worker to get it.",
            Action.SET_UP_WORKER,
            details="looked in: " + "; ".join(str(folder) for folder in self.folders),
        )


def is_intact(path: Path, file: WeightFile) -> bool:
    """Whether a file has the catalogue's size and sha256. A file that cannot be read is not intact."""
    try:
        return path.stat().st_size == file.size and sha256_of(path) == file.sha256
    except OSError:
        return False


def sha256_of(path: Path) -> str:
    """Hexadecimal sha256 of a file's content."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def default_folders() -> tuple[Path, ...]:
    """Where weights may be: TALKINGHEAD_WEIGHTS (several folders, separated as in PATH), the folder that the full zip
    carries, and the user's cache folder.
    """
    named = [Path(part) for part in os.environ.get(ENVIRONMENT_VARIABLE, "").split(os.pathsep) if part]
    bundled = Path(__file__).resolve().parents[2] / "bundle" / "weights"
    return (*named, bundled, user_folder())


def user_folder() -> Path:
    """The user's cache folder for weights on this platform; it may not exist yet."""
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return base / "talkinghead" / "weights"
