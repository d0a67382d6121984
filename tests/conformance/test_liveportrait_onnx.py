# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""LivePortrait exported to ONNX and run by onnxruntime gives what the reference gave."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("onnx")

from inference.engines.liveportrait.onnx_export import export
from inference.engines.liveportrait.onnx_files import FILES
from inference.engines.liveportrait.onnx_model import OnnxModel
from inference.engines.neural.device import Device


@pytest.fixture(scope="module")
def model(liveportrait_networks, tmp_path_factory):
    folder = tmp_path_factory.mktemp("onnx")
    written = export(liveportrait_networks, folder)
    assert [path.name for path in written] == [file.file_name for file in FILES.values()]
    opened = OnnxModel(dict(zip(FILES, written, strict=True)), Device("cpu"))
    for path in written:
        path.unlink()
    return opened


def test_source_features(liveportrait, model):
    crop = liveportrait.array("e2e/source_crop256_u8")
    volume = model.features(crop[None])[0].volume
    liveportrait.close("mod/F_out", volume[:, ::3, ::5, ::5, ::5], 1e-3)


def test_motion_of_the_source(liveportrait, model):
    motion = model.motion(liveportrait.array("e2e/source_crop256_u8")[None])[0]
    liveportrait.close("e2e/x_s", motion.points()[None].astype(np.float32), 1e-5)
    angles = [motion.pitch, motion.yaw, motion.roll]
    recorded = [liveportrait.array(f"mod/M_src_{name}").item() for name in ("pitch", "yaw", "roll")]
    assert np.allclose(angles, recorded, atol=1e-3)


def test_small_networks(liveportrait, model):
    x_s = liveportrait.array("mod/x_s")[0]
    rows = model.stitching(x_s, liveportrait.array("mod/W_x_d"))
    stitched = liveportrait.array("mod/W_x_d") + rows[:, :63].reshape(-1, 21, 3)
    stitched[..., :2] += rows[:, None, 63:]
    liveportrait.close("mod/stitched", stitched, 1e-5)
    liveportrait.close("mod/retarget_eye", model.eye(x_s, liveportrait.array("mod/eye_ratio3")), 1e-5)
    liveportrait.close("mod/retarget_lip", model.lip(x_s, liveportrait.array("mod/lip_ratio2")), 1e-5)


def test_picture(liveportrait, model):
    liveportrait.need("e2e/rel_exprfriendly/out_last_u8")
    features = model.features(liveportrait.array("e2e/source_crop256_u8")[None])
    last = int(liveportrait.array("e2e/rel_exprfriendly/frames")[-1])
    wanted = liveportrait.array("e2e/rel_exprfriendly/x_d")[last]
    made = model.decode(features, liveportrait.array("e2e/x_s")[0], wanted[None])
    pixels = (made[0] * 255).astype(np.uint8)
    liveportrait.pictures_close("e2e/rel_exprfriendly/out_last_u8", pixels, most=1, above=0, share=0.005)
