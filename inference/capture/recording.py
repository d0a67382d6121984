# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What was seen of one face in every picture of a clip, as files: read once, mapped to controls as often as needed.

A recording is a folder. ``recording.json`` says what it is, ``seen.npy`` holds the measures of each picture (about 300
bytes a picture), ``landmarks.npy`` the landmarks turned to the viewer (5.6 kB a picture) and ``points.npy`` where they
are in the picture (3.8 kB a picture), which stay on disk.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import numpy as np

from ..face.face import LANDMARKS
from ..face.mesh import VERTICES
from ..face.tables import BLENDSHAPE_NAMES
from .measures import MEASURES

COLUMNS = (*MEASURES, *BLENDSHAPE_NAMES)
# Grows whenever pictures are looked at in another way, so that older recordings are made again.
CAPTURE_VERSION = 2
_ABOUT, _SEEN, _LANDMARKS, _POINTS = "recording.json", "seen.npy", "landmarks.npy", "points.npy"
_SHAPES: Mapping[str, tuple[int, int]] = {_LANDMARKS: (VERTICES, 3), _POINTS: (LANDMARKS, 2)}


@dataclass(frozen=True)
class Recording:
    """A face over the pictures of a clip.

    Attributes:
        seen: (n, len(COLUMNS)) float32; rows of pictures in which the face is lost are NaN.
        landmarks: (n, 468, 3) float32 in the mesh's unit and frame (x right, y down, z away), turned to the viewer;
            meaningless where the face is lost.
        points: (n, 478, 2) float32 landmarks in px of the picture; meaningless where the face is lost.
        cuts: pictures with which another shot begins, ascending.
        faces: how many faces were seen at once at most.
        crowded: the first and the last picture in which several faces were seen, (-1, -1) for none.
        size: (width, height) of the pictures in px.
    """

    seen: np.ndarray
    landmarks: np.ndarray
    points: np.ndarray
    cuts: tuple[int, ...]
    faces: int
    crowded: tuple[int, int]
    size: tuple[int, int]

    def __len__(self) -> int:
        return len(self.seen)

    @property
    def found(self) -> np.ndarray:
        """(n,) bool: the face was seen."""
        return ~np.isnan(self.seen[:, 0])

    def column(self, name: str) -> np.ndarray:
        """(n,) float64 of one measure or blendshape."""
        return self.seen[:, COLUMNS.index(name)].astype(np.float64)


class _Rows:
    """Rows of an .npy file, written in any order."""

    def __init__(self, path: Path, count: int, shape: tuple[int, int]) -> None:
        self._shape = shape
        self._row_bytes = shape[0] * shape[1] * 4
        # Not a memory map while writing: its pages would count as this process's memory.
        self._stream = path.open("wb")
        np.lib.format.write_array_header_1_0(
            self._stream, {"descr": "<f4", "fortran_order": False, "shape": (count, *shape)}
        )
        self._start = self._stream.tell()
        self._stream.truncate(self._start + count * self._row_bytes)

    def write(self, row: int, values: np.ndarray) -> None:
        self._stream.seek(self._start + row * self._row_bytes)
        self._stream.write(np.ascontiguousarray(values.reshape(self._shape), "<f4").tobytes())

    def close(self) -> None:
        self._stream.close()


class RecordingWriter:
    """Writes a recording into an existing folder, picture by picture in any order; use it as a context."""

    def __init__(self, folder: Path, pictures: int, size: tuple[int, int]) -> None:
        self._folder = folder
        self._size = size
        self._seen = np.full((pictures, len(COLUMNS)), np.nan, np.float32)
        self._rows = {name: _Rows(folder / name, pictures, shape) for name, shape in _SHAPES.items()}

    def __enter__(self) -> RecordingWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()

    def write(
        self,
        picture: int,
        measures: Sequence[float],
        blendshapes: np.ndarray,
        landmarks: np.ndarray,
        points: np.ndarray,
    ) -> None:
        """Write what was seen in a picture.

        Args:
            measures: in the order of ``MEASURES``.
            blendshapes: (52,).
            landmarks: (468, 3), see ``Recording.landmarks``.
            points: (478, 2), see ``Recording.points``.
        """
        self._seen[picture] = [*measures, *blendshapes]
        self._rows[_LANDMARKS].write(picture, landmarks)
        self._rows[_POINTS].write(picture, points)

    def finish(self, cuts: Sequence[int], faces: int, crowded: tuple[int, int]) -> None:
        """Write the rest; the folder is a recording then."""
        self._close()
        np.save(self._folder / _SEEN, self._seen)
        about = {
            "version": CAPTURE_VERSION,
            "columns": list(COLUMNS),
            "cuts": sorted(cuts),
            "faces": faces,
            "crowded": list(crowded),
            "size": list(self._size),
            "seen": _digest(self._folder / _SEEN),
            "bytes": {name: (self._folder / name).stat().st_size for name in _SHAPES},
        }
        (self._folder / _ABOUT).write_text(json.dumps(about), encoding="utf-8")

    def _close(self) -> None:
        for rows in self._rows.values():
            rows.close()


def load(folder: Path) -> Recording:
    """Read a recording.

    Raises:
        OSError, ValueError, KeyError, TypeError: there is none, or it is damaged.
    """
    about: Mapping[str, object] = json.loads((folder / _ABOUT).read_text(encoding="utf-8"))
    if about["version"] != CAPTURE_VERSION or about["columns"] != list(COLUMNS):
        raise ValueError("another version")
    if about["seen"] != _digest(folder / _SEEN):
        raise ValueError(f"{_SEEN} was changed")
    seen = np.load(folder / _SEEN)
    opened = {name: _mapped(folder, name, len(seen), about["bytes"]) for name in _SHAPES}
    return Recording(
        seen=seen,
        landmarks=opened[_LANDMARKS],
        points=opened[_POINTS],
        cuts=tuple(_numbers(about["cuts"])),
        faces=int(str(about["faces"])),
        crowded=_pair(about["crowded"]),
        size=_pair(about["size"]),
    )


def _mapped(folder: Path, name: str, count: int, sizes: object) -> np.ndarray:
    """One of the large arrays, left on disk."""
    if not isinstance(sizes, dict) or sizes[name] != (folder / name).stat().st_size:
        raise ValueError(f"{name} has another size")
    array = np.load(folder / name, mmap_mode="r")
    if array.shape != (count, *_SHAPES[name]):
        raise ValueError(f"{name} has the shape {array.shape}")
    return array


def _numbers(value: object) -> list[int]:
    if not isinstance(value, list):
        raise TypeError(f"{value} is no list")
    return [int(number) for number in value]


def _pair(value: object) -> tuple[int, int]:
    first, second = _numbers(value)
    return first, second


def _digest(path: Path) -> str:
    return hashlib.blake2b(path.read_bytes(), digest_size=16).hexdigest()
