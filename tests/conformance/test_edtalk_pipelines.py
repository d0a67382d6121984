# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ways to drive a portrait, from pictures and a sound to pictures, and to the bytes of the official clips."""

from __future__ import annotations

import numpy as np
import pytest
from edtalk_recorded import MODELS, Drives, Recorded, thinned

from inference.engines.edtalk.model import Model
from inference.engines.edtalk.reference_bytes import clip_bytes
from inference.engines.neural.device import Device

# Every name of a pipeline that a case may have, the longer ones first.
PIPELINE = r"(V_expweight|A_expweight|A_fixed_pose|single_drive|V|A)"


@pytest.fixture(scope="module")
def recorded(edtalk) -> Recorded:
    return Recorded(edtalk)


@pytest.fixture(scope="module", params=MODELS)
def drives(request, recorded, edtalk_networks) -> Drives:
    return Drives(recorded, Model(edtalk_networks(request.param), Device("cpu"), "full"))


@pytest.fixture(scope="module")
def name(drives) -> str:
    return "full" if drives.model.full else "lip_pose"


@pytest.fixture(scope="module")
def frames_of(drives):
    """A function: so many frames of a pipeline, drawn once."""
    drawn: dict[tuple[str, int], np.ndarray] = {}

    def find(pipeline: str, count: int) -> np.ndarray:
        if (pipeline, count) not in drawn:
            drawn[pipeline, count] = drives.model.decode_raw(drives.source, drives.pipeline(pipeline, count))
        assert len(drawn[pipeline, count]) == count
        return drawn[pipeline, count]

    return find


def test_frames(edtalk, recorded, name, frames_of):
    for found, match in recorded.matching(rf"{name}_{PIPELINE}_frames(?:_s\d+)?"):
        recorded.close(found, frames_of(match[1], len(edtalk.array(f"expect/{found}"))))


def test_bytes(edtalk, recorded, name, frames_of):
    for found, match in recorded.matching(rf"{name}_{PIPELINE}_bytes(?:_s\d+)?"):
        expected = edtalk.array(f"expect/{found}")
        made, limits = clip_bytes(frames_of(match[1], len(expected)))
        # Values that lie near a step fall to either side of it.
        edtalk.pictures_close(f"expect/{found}", thinned(made, expected.shape), most=1, share=0.02)
        if f"expect/{name}_{match[1]}_clip_min_max" in edtalk:
            recorded.close(f"{name}_{match[1]}_clip_min_max", np.array(limits))


def test_pictures_are_clipped(drives):
    """What the engine gets: 0..1 from the same numbers."""
    weights = drives.at_frame()
    raw = drives.model.decode_raw(drives.source, weights)
    assert np.allclose(drives.model.decode(drives.source, weights), np.clip(raw, -1, 1) / 2 + 0.5)
