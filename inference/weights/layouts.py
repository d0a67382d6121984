# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds a set's files in folders that this add-on, ComfyUI or the official program filled. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from .entries import Part, WeightSet
from .structure import problem_of

# Where models lie in a folder that a user may name: in itself, in the folder of ComfyUI or of its portable package,
# in a checkout of the official program.
_BASES = ("", "models", "ComfyUI/models", "pretrained_weights")


@dataclass(frozen=True)
class Refused:
    """A file in a part's place that cannot be used, and why: the rest of a sentence."""

    part: Part
    path: Path
    reason: str


@dataclass(frozen=True)
class Found:
    """What there is of a set.

    Attributes:
        paths: the file of each part that was found, by the part's name.
        missing: parts without a usable file.
        refused: files that were passed over.
    """

    paths: Mapping[str, Path]
    missing: tuple[Part, ...]
    refused: tuple[Refused, ...]


def _structure(part: Part, path: Path) -> str:
    return problem_of(path)


def find(weights: WeightSet, folders: Iterable[Path], problem: Callable[[Part, Path], str] = _structure) -> Found:
    """Look for each part of a set; the first folder that has a usable file wins.

    Args:
        problem: why a file cannot be used as a part, "" if it can.
    """
    folders = [folder.absolute() for folder in folders]
    paths: dict[str, Path] = {}
    refused: list[Refused] = []
    for part in weights.parts:
        for path in _present(part, folders):
            reason = problem(part, path)
            if not reason:
                paths[part.name] = path
                break
            refused.append(Refused(part, path, reason))
    missing = tuple(part for part in weights.parts if part.name not in paths)
    return Found(paths, missing, tuple(refused))


def _present(part: Part, folders: Iterable[Path]) -> Iterator[Path]:
    """The files that may be a part, the first wins, each once."""
    places = (
        found
        for folder in folders
        for base in _BASES
        for place in part.folders
        for found in _places(Path(folder, base), place)
    )
    paths = (place / name for place in places if is_there(place.is_dir) for name in part.file_names)
    return (path for path in dict.fromkeys(paths) if is_there(path.is_file) and _allowed(part, path))


def _places(base: Path, place: str) -> Iterable[Path]:
    """The folders that a part's relative folder stands for: itself, or what a pattern with "*" finds."""
    if "*" not in place:
        return (base / place,)
    try:
        return sorted(base.glob(place))
    except OSError:
        return ()


def is_there(look: Callable[[], bool]) -> bool:
    """What may not be looked at, or lies on a disk that is gone, is not there."""
    try:
        return look()
    except OSError:
        return False


def _allowed(part: Part, path: Path) -> bool:
    wanted = not part.only or any(path.match(pattern) for pattern in part.only)
    return wanted and not any(path.match(pattern) for pattern in part.never)
