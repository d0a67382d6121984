# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds weight files and sets of them in folders and verifies them."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from ..errors import Action, ErrorCode, TalkingHeadError
from .catalogue import CATALOGUE, Part, WeightFile, WeightSet, weight_file, weight_set
from .layouts import Found, find, is_there
from .structure import problem_of
from .verified import VerifiedFiles, sha256_of, state_of

ENVIRONMENT_VARIABLE = "TALKINGHEAD_WEIGHTS"
_BY_SHA256 = {file.sha256: file for file in CATALOGUE if file.sha256}


class WeightStore:
    """Weight files by catalogue name, and sets of files. What was read once from end to end is not read again.

    Args:
        folders: searched in this order; the first intact file wins. Folders need not exist.
        cache: where to remember the sha256 of the large files of sets; None for in memory only.
    """

    def __init__(self, folders: Sequence[Path], cache: Path | None = None) -> None:
        self.folders = tuple(Path(folder) for folder in folders)
        self._verified: dict[str, Path] = {}
        self._files = VerifiedFiles(cache, _BY_SHA256)
        self._sets: dict[str, tuple[Found, list[str]]] = {}

    def path(self, name: str) -> Path:
        """Where an intact copy of the file is.

        Raises:
            TalkingHeadError: WEIGHTS_MISSING when no folder has it, WEIGHTS_CORRUPT when no copy is intact,
                INVALID_REQUEST for an unknown name.
        """
        if name not in self._verified:
            self._verified[name] = self._find(weight_file(name))
        return self._verified[name]

    def set_paths(self, name: str) -> Mapping[str, Path]:
        """The files of each part of a set, by the part's name (``Found.paths``).

        Raises:
            TalkingHeadError: WEIGHTS_MISSING or WEIGHTS_CORRUPT with the action GET_MODELS, INVALID_REQUEST for an
                unknown name.
        """
        found = self.found(name)
        if found.missing:
            raise _not_there(weight_set(name), found, self.folders)
        return found.paths

    def set_digests(self, name: str) -> tuple[str, ...]:
        """sha256 (hexadecimal) of the files of a set that are used, in the order of its parts.

        Raises:
            TalkingHeadError: as ``set_paths``.
        """
        return tuple(self._files.sha256_of(path) for path in self.set_paths(name).values())

    def set_warnings(self, name: str) -> tuple[str, ...]:
        """A sentence on each file of a set that was passed over because it cannot be used."""
        return tuple(
            f"The model file {refused.path} was passed over: {refused.reason}." for refused in self.found(name).refused
        )

    def optional(self, name: str) -> Path | None:
        """The file of a set of one part that engines can do without, such as "liveportrait_landmark"; None without."""
        return next(iter(self.found(name).paths.values()), None)

    def found(self, name: str) -> Found:
        """What there is of a set; looks again when something was missing or a file in use has changed."""
        found, states = self._sets.get(name, (None, []))
        if found is None or found.missing or _states(found) != states:
            found = find(weight_set(name), self.folders, self._problem)
            self._sets[name] = found, _states(found)
        return found

    def _problem(self, part: Part, path: Path) -> str:
        """Why a file cannot be used as a part; one with a published hash must be published for that part."""
        if problem := self._files.problem_of(path):
            return problem
        known = _BY_SHA256.get(self._files.sha256_of(path))
        if known is None or known in (*part.files, *part.conversions):
            return ""
        return f"it is another model, {known.name}"

    def _find(self, file: WeightFile) -> Path:
        candidates = [folder / file.path for folder in self.folders]
        present = [path for path in candidates if is_there(path.is_file)]
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
    """Whether a file is the catalogue's, as far as that is published: its size, its sha256, else its structure.

    A file that cannot be read is not intact.
    """
    try:
        if file.exact_size and path.stat().st_size != file.size:
            return False
        return sha256_of(path) == file.sha256 if file.sha256 else not problem_of(path)
    except OSError:
        return False


def _states(found: Found) -> list[str]:
    try:
        return [state_of(path) for path in found.paths.values()]
    except OSError:
        return []


def _not_there(weights: WeightSet, found: Found, folders: Sequence[Path]) -> TalkingHeadError:
    for refused in found.refused:
        if refused.part in found.missing:
            return TalkingHeadError(
                ErrorCode.WEIGHTS_CORRUPT,
                f"The model file {refused.path.name} cannot be used: {refused.reason}.",
                "Get the models again, or replace the file.",
                Action.GET_MODELS,
                details="; ".join(f"{entry.path}: {entry.reason}" for entry in found.refused),
            )
    names = ", ".join(part.name for part in found.missing)
    return TalkingHeadError(
        ErrorCode.WEIGHTS_MISSING,
        f"The models of {weights.label} are not there yet: {names}.",
        "Get them, or name the folder where another program keeps them, such as ComfyUI's.",
        Action.GET_MODELS,
        details="looked in: " + "; ".join(str(folder) for folder in folders),
    )


def default_folders() -> tuple[Path, ...]:
    """Where weights may be: TALKINGHEAD_WEIGHTS (several folders, separated as in PATH), the folder that the full zip
    carries, the user's cache folder, and what Hugging Face's programs got, such as HelloMeme's official one.
    """
    named = [Path(part) for part in os.environ.get(ENVIRONMENT_VARIABLE, "").split(os.pathsep) if part]
    bundled = Path(__file__).resolve().parents[2] / "bundle" / "weights"
    return (*named, bundled, user_folder(), hugging_face_folder())


def hugging_face_folder() -> Path:
    """Where Hugging Face's programs keep what they downloaded (``models--.../snapshots``); it may not exist."""
    home = Path(os.environ.get("HF_HOME") or Path.home() / ".cache" / "huggingface")
    return Path(os.environ.get("HF_HUB_CACHE") or home / "hub")


def user_folder() -> Path:
    """The user's cache folder for weights on this platform; it may not exist yet."""
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return base / "talkinghead" / "weights"
