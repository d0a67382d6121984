# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What X-Portrait is shown of the driving pictures: patches, the best frame, and the alignment to the source."""

from __future__ import annotations

import numpy as np
import pytest
from xportrait_recorded import Recorded

from inference.engines.xportrait.hints import aligned, alignment, best_match, local_patches

NO_ALIGNMENT = -2


@pytest.fixture(scope="module")
def frames(xportrait) -> np.ndarray:
    return Recorded(xportrait).pictures("hints/in/frames_small")


@pytest.fixture(scope="module")
def points(xportrait) -> list[np.ndarray | None]:
    found = xportrait.array("hints/in/face_found")
    return [
        face if is_there else None for face, is_there in zip(xportrait.array("hints/in/landmarks"), found, strict=True)
    ]


def as_hint(pictures: np.ndarray) -> np.ndarray:
    return pictures.transpose(0, 3, 1, 2) / 127.5 - 1.0


def chosen_frame(xportrait, points) -> int:
    setting = int(xportrait.array("hints/in/best_frame"))
    return best_match(xportrait.array("hints/in/source_landmarks"), points) if setting == -1 else setting


def test_patches(xportrait, frames, points):
    xportrait.close("hints/out/local", as_hint(local_patches(frames, points))[:, :, ::4, ::4], 1e-5)


def test_a_frame_without_a_face(xportrait, frames):
    """The reference implementation returns a box besides, which nothing uses and which makes it fail later."""
    x0, y0, x1, y1 = xportrait.array("hints/out/no_face_box")
    hint = as_hint(local_patches(frames[:1], [None]))
    assert hint[:, :, y0:y1, x0:x1].size
    assert (hint == float(xportrait.array("hints/out/no_face_value"))).all()


def test_best_frame(xportrait, points):
    assert chosen_frame(xportrait, points) == int(xportrait.array("hints/out/best_frame"))


def test_alignment(xportrait, frames, points):
    """The source's picture counts by its landmarks alone."""
    assert xportrait.array("hints/in/source_small").shape == xportrait.array("hints/in/frames_small").shape[1:]
    pictures, best = frames / 255.0, chosen_frame(xportrait, points)
    driving = points[best] if best != NO_ALIGNMENT else None
    if driving is not None:
        source = xportrait.array("hints/in/source_landmarks")
        pictures = aligned(pictures, alignment(source, driving, pictures.shape[1]))
    xportrait.close("hints/out/aligned", pictures[:, ::8, ::8], 1e-3)
