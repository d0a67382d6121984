# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Decodes the next pictures while the engine works on the present one."""

from __future__ import annotations

import time
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import cv2
import numpy as np

from .picture import Picture
from .reader import SourceReader

_AHEAD = 2
_MEMORY_BYTES = 256 << 20


class PrefetchingReader:
    """A reader that decodes ahead in its own thread and keeps the last pictures.

    Args:
        reader: used by the decoding thread only, once this object is made; closed with it.
        needed: the picture indices that will be asked for, ascending.
        check: called before each picture is handed out; raises when the request was cancelled.
        scale: pictures are handed out reduced by this factor, 0 to 1; 1 leaves them as they are.
    """

    def __init__(
        self, reader: SourceReader, needed: Sequence[int], check: Callable[[], None], scale: float = 1.0
    ) -> None:
        self._reader = reader
        self._needed = sorted(set(needed))
        self._check = check
        self._scale = scale
        self._last = len(reader) - 1
        self._size = scaled_size(reader.size(), scale)
        self._pool = ThreadPoolExecutor(1, "decode")
        self._kept: OrderedDict[int, Future[Picture]] = OrderedDict()
        self.decode_s = 0.0
        self.waited_s = 0.0

    def __len__(self) -> int:
        return self._last + 1

    def size(self) -> tuple[int, int]:
        """(width, height) in px of the first picture, reduced."""
        return self._size

    def read(self, index: int) -> Picture:
        """A picture; the same object when it is asked for again soon. Its pixels are read-only."""
        self._check()
        index = min(index, self._last)
        future = self._ask(index)
        for following in self._following(index):
            self._ask(following)
        start = time.perf_counter()
        try:
            picture = future.result()
        except BaseException:
            self._kept.pop(index, None)
            raise
        self.waited_s += time.perf_counter() - start
        self._forget(picture.pixels.nbytes)
        return picture

    def digest(self, index: int) -> str:
        """Digest of the file content behind a picture."""
        return self._pool.submit(self._reader.digest, index).result()

    def close(self) -> None:
        """Stop decoding, close files."""
        self._pool.shutdown(wait=True, cancel_futures=True)
        self._kept.clear()
        self._reader.close()

    def _following(self, index: int) -> list[int]:
        place = bisect_right(self._needed, index)
        return self._needed[place : place + _AHEAD]

    def _ask(self, index: int) -> Future[Picture]:
        if index not in self._kept:
            self._kept[index] = self._pool.submit(self._decode, index)
        self._kept.move_to_end(index)
        return self._kept[index]

    def _decode(self, index: int) -> Picture:
        start = time.perf_counter()
        picture = reduced(self._reader.read(index), self._scale)
        picture.pixels.setflags(write=False)
        self.decode_s += time.perf_counter() - start
        return picture

    def _forget(self, picture_bytes: int) -> None:
        keep = max(_AHEAD + 2, min(32, _MEMORY_BYTES // max(1, picture_bytes)))
        while len(self._kept) > keep:
            _, old = self._kept.popitem(last=False)
            old.cancel()


def scaled_size(size: tuple[int, int], scale: float) -> tuple[int, int]:
    """(width, height) in px after scaling, at least 1."""
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def reduced(picture: Picture, scale: float) -> Picture:
    """The picture made smaller by area averaging; straight alpha is premultiplied meanwhile, against fringes."""
    if scale >= 1.0:
        return picture
    size = scaled_size(picture.size, scale)
    pixels = picture.pixels
    if pixels.shape[2] == 3 or pixels.dtype == np.float32:
        return Picture(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), picture.alpha, picture.half)
    alpha = pixels[..., 3:].astype(np.float32)
    small = cv2.resize(np.concatenate([pixels[..., :3] * alpha, alpha], axis=2), size, interpolation=cv2.INTER_AREA)
    small[..., :3] /= np.maximum(small[..., 3:], 1e-6)
    full = np.iinfo(pixels.dtype).max
    return Picture(np.clip(np.rint(small), 0, full).astype(pixels.dtype), picture.alpha)
