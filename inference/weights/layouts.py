# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds a set's files in folders that this add-on, ComfyUI or the official program filled. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from .entries import Part, WeightSet
from .structure import problem_of

# Where models lie in a folder that a user may name: in itself, in the folder of ComfyUI or of its portable package,
# in a checkout of the official program.
_BASES = ("", "models", "ComfyUI/models", "pretrained_weights")
_SHARD = re.compile(r"(.+)-00001-of-(\d{5})(\.\w+)")


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
        paths: the file of each part that was found, by the part's name; of shards, each by the part's name with its
            number ("transformer_1" ...); of other parts in several files, the first by the name, "..._2" the next.
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
    missing: list[Part] = []
    for part in weights.parts:
        usable: Mapping[str, Path] = {}
        for path in _present(part, folders):
            together = _together(part, path)
            faults = [Refused(part, each, reason) for each in together.values() if (reason := problem(part, each))]
            refused += faults
            if together and not faults:
                usable = together
                break
        paths.update(usable)
        if not usable:
            missing.append(part)
    return Found(paths, tuple(missing), tuple(refused))


def _together(part: Part, path: Path) -> Mapping[str, Path]:
    """All files of a part, by the names in ``Found``; none where one of them is not beside the first yet."""
    if shards := _SHARD.fullmatch(path.name):
        stem, count, ending = shards.groups()
        names = [f"{stem}-{number:05}-of-{count}{ending}" for number in range(1, int(count) + 1)]
        found = {f"{part.name}_{number}": path.with_name(name) for number, name in enumerate(names, 1)}
    elif path.name == part.file.file_name:
        further = {f"{part.name}_{number}": path.with_name(file.file_name) for number, file in enumerate(part.rest, 2)}
        found = {part.name: path, **further}
    else:
        found = {part.name: path}
    return found if all(is_there(each.is_file) for each in found.values()) else {}


def _present(part: Part, folders: Iterable[Path]) -> Iterator[Path]:
    """The files that may be a part, the first wins, each once."""
    bases = (base for folder in folders for base in (folder / name for name in _BASES) if is_there(base.is_dir))
    places = (found for base in bases for place in part.folders for found in _places(base, place))
    paths = (
        path for place in places if is_there(place.is_dir) for name in part.file_names for path in _places(place, name)
    )
    return (path for path in dict.fromkeys(paths) if is_there(path.is_file) and _allowed(part, path))


def _places(base: Path, place: str) -> Iterable[Path]:
    """What a relative folder or a name stands for: itself, or what a pattern with "*" finds."""
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
