# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The request ``matte``: the alpha of frames as gray pictures beside them."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from worker_host import host

from inference.job import matte_name
from inference.media.encode import write_frame
from inference.media.picture import Alpha, Picture
from inference.protocol import Message


def frame(folder: Path, name: str, dtype: type, alpha: float | None) -> str:
    """A frame of one colour; returns its file name."""
    full = 1 if dtype is np.float32 else np.iinfo(dtype).max
    pixels = np.full((4, 6, 3 if alpha is None else 4), 0.25 * full, dtype)
    if alpha is not None:
        pixels[..., 3] = alpha * full
    kind = Alpha.NONE if alpha is None else Alpha.PREMULTIPLIED if dtype is np.float32 else Alpha.STRAIGHT
    picture = Picture(pixels, kind)
    write_frame(picture, folder / (name + picture.extension))
    return name + picture.extension


def asked(worker, number: int, folder: Path, names: list[str]) -> Message:
    worker.send("matte", json.dumps(names).encode(), id=number, folder=str(folder))
    return worker.answer(number)[-1]


@pytest.mark.parametrize(("dtype", "full"), [(np.uint8, 255), (np.uint16, 65535), (np.float32, 65535)])
def test_mattes_have_the_depth_of_their_frames(tmp_path, dtype, full):
    names = [frame(tmp_path, "a", dtype, 0.5), frame(tmp_path, "b", dtype, None)]
    with host(tmp_path) as worker:
        done = asked(worker, 1, tmp_path, [*names, names[0]])
        assert (done.type, done.fields.get("written")) == ("done", 2), done.fields
        half, opaque = (cv2.imread(str(tmp_path / matte_name(name)), cv2.IMREAD_UNCHANGED) for name in names)
        assert half.shape == (4, 6) and half.dtype == (np.uint8 if full == 255 else np.uint16)
        assert abs(int(half[0, 0]) - full / 2) <= 1 and opaque.min() == full
        assert asked(worker, 2, tmp_path, names).fields["written"] == 0  # they are there


def test_frames_without_alpha_are_refused(tmp_path):
    names = [frame(tmp_path, "a", np.uint8, None)]
    with host(tmp_path) as worker:
        answer = asked(worker, 1, tmp_path, names)
        assert (answer.type, answer.fields["code"]) == ("error", "UNSUPPORTED_INPUT")
        assert "Cut Out" in answer.fields["hint"]
    assert not list(tmp_path.glob("*.matte.png"))


def test_a_missing_frame_is_told(tmp_path):
    with host(tmp_path) as worker:
        answer = asked(worker, 1, tmp_path, ["none.png"])
        assert (answer.type, answer.fields["code"]) == ("error", "SOURCE_MISSING")
