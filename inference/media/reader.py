# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pictures of a source by index, whatever its kind."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Protocol

from ..source import Source, SourceKind
from . import images
from .digests import Digests
from .picture import Picture, PictureReader


class SourceReader(PictureReader, Protocol):
    """What the worker asks of a source."""

    @property
    def rate(self) -> Fraction | None:
        """Nominal pictures a second of a movie, None for still pictures."""
        ...

    def extension(self, index: int) -> str:
        """File name extension that keeps the depth of a picture, without decoding it."""
        ...


def open_source(source: Source, digests: Digests | None = None) -> SourceReader:
    """Open a source.

    Args:
        digests: where digests of file content are remembered; a cache in memory by default.

    Raises:
        TalkingHeadError: SOURCE_MISSING, SOURCE_UNREADABLE, SOURCE_TOO_LARGE, UNSUPPORTED_INPUT.
    """
    digests = digests or Digests()
    files = [Path(name) for name in source.files]
    if source.kind is SourceKind.MOVIE:
        from .movies import MovieReader

        return MovieReader(files[0], digests)
    files = files[:1] if source.kind is SourceKind.IMAGE else files
    return ImageReader(files, digests, source.premultiplied, gaps=source.gaps)


class ImageReader:
    """One picture file a picture.

    Args:
        gaps: the nearest file stands for one that is not there (see ``Source``).
    """

    def __init__(
        self, files: list[Path], digests: Digests, premultiplied: bool | None = None, *, gaps: bool = False
    ) -> None:
        self._files = files
        self._digests = digests
        self._premultiplied = premultiplied
        self._gaps = gaps
        images.check_file(self._file(0))

    @property
    def rate(self) -> Fraction | None:
        """Still pictures have no rate."""
        return None

    def __len__(self) -> int:
        return len(self._files)

    def size(self) -> tuple[int, int]:
        """(width, height) in px of the first picture, upright."""
        header = self._digests.remembered(self._file(0), images.image_header)
        return self.read(0).size if header is None else images.oriented_size(header)

    def read(self, index: int) -> Picture:
        """Decode a picture; an index past the end gives the last one."""
        return images.read_image(self._file(index), self._premultiplied)

    def digest(self, index: int) -> str:
        """Digest of the file's content, and of how it is read where that is not the format's convention."""
        how = {None: "", True: "-premultiplied", False: "-straight"}[self._premultiplied]
        return self._digests.of(self._file(index)) + how

    def extension(self, index: int) -> str:
        """Extension ".exr" for floating point pictures, ".png" for others."""
        header = images.image_header(self._file(index))
        if header is None:
            return self.read(index).extension
        return ".exr" if header.floating else ".png"

    def close(self) -> None:
        """Nothing is held open."""

    def _file(self, index: int) -> Path:
        index = min(index, len(self._files) - 1)
        if self._gaps:
            # Looked at each time: Blender may have rendered more since.
            around = (near for distance in range(len(self._files)) for near in (index - distance, index + distance))
            there = (near for near in around if 0 <= near < len(self._files) and self._files[near].is_file())
            index = next(there, index)
        return self._files[index]
