# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The fast form on the CPU, and the model around it: the same recorded numbers as the plain networks' (``mod/``)."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
from rounding import round_to_half
from seeded_weights import seeded_tensor

from inference.engines.liveportrait.fast.appearance import FastAppearance
from inference.engines.liveportrait.fast.cpu import CpuRenderer
from inference.engines.liveportrait.fast.decoder import FastDecoder
from inference.engines.liveportrait.fast.plain import PlainRenderer
from inference.engines.liveportrait.fast.warping import FastWarping
from inference.engines.liveportrait.model import Model
from inference.engines.neural.device import Device
from inference.engines.neural.workspace import Workspace


def made(name: str, shape: tuple[int, ...], deviation: float, seed: int) -> torch.Tensor:
    """An input that is not stored."""
    return torch.as_tensor(seeded_tensor(f"input/{name}", shape, "float32", seed, [["", "normal", deviation]]))[0]


def test_appearance(liveportrait, liveportrait_networks):
    crop = torch.tensor(liveportrait.array("e2e/source_crop256_u8").reshape(256, 256, 3))
    volume = FastAppearance(liveportrait_networks.appearance)(crop.permute(2, 0, 1) / 255, Workspace())
    liveportrait.close("mod/F_out", volume.permute(3, 0, 1, 2)[None, ::3, ::5, ::5, ::5].numpy(), 1e-3)


def test_warping(liveportrait, liveportrait_networks):
    feature = made("feature_3d", (1, 32, 16, 64, 64), 1.0, liveportrait.seed)
    warping, space = FastWarping(liveportrait_networks.warping), Workspace()

    def run(volume: torch.Tensor, x_s: np.ndarray, x_d: np.ndarray) -> list[np.ndarray]:
        """Out, occlusion and deformation as recorded: (256, 64, 64), (1, 64, 64), (16, 64, 64, 3)."""
        points = torch.tensor(x_d), torch.tensor(x_s)
        out, occlusion, deformation = warping.parts(warping.features(volume.permute(1, 2, 3, 0)), *points, space)
        return [out.permute(2, 0, 1).numpy().copy(), occlusion[None].numpy(), deformation.numpy()]

    out, occlusion, deformation = run(feature, liveportrait.array("mod/x_s")[0], liveportrait.array("mod/W_x_d")[0])
    liveportrait.close("mod/W_out", out[None, ::5, ::5, ::5], 1e-3)
    liveportrait.close("mod/W_occlusion", occlusion[None], 1e-4)
    liveportrait.close("mod/W_deformation", deformation[None, ::3, ::5, ::5], 1e-4)

    x_s, x_d = liveportrait.array("mod/W2_x_s"), liveportrait.array("mod/W2_x_d")
    both = [run(feature, x_s[0], x_d[0]), run(0.5 * feature.flip(-1), x_s[1], x_d[1])]
    liveportrait.close("mod/W2_out", np.stack([entry[0][::9, ::7, ::7] for entry in both]), 1e-3)
    liveportrait.close("mod/W2_occlusion", np.stack([entry[1][:, ::3, ::3] for entry in both]), 1e-4)


def test_decoder(liveportrait, liveportrait_networks):
    feature = made("decoder", (1, 256, 64, 64), 0.7, liveportrait.seed)
    out = FastDecoder(liveportrait_networks.decoder)(feature.permute(1, 2, 0), Workspace())
    liveportrait.close("mod/G_out", out.permute(2, 0, 1)[None, :, ::7, ::7].numpy(), 1e-4)


@pytest.fixture(scope="module")
def model(liveportrait_networks) -> Model:
    made = Model(liveportrait_networks, Device("cpu"), "full")
    assert isinstance(made.renderer, CpuRenderer)
    return made


def decoded_sets(case, video: bool) -> list[str]:
    """Option sets of which pictures are recorded, with a source picture or a source video."""
    sets = case.json("e2e/sets_json")["sets"]
    names = [name for name, changes in sets.items() if (changes.get("source") == "video") is video]
    return [name for name in names if f"e2e/{name}/out_u8_s7" in case]


def as_bytes(frames: np.ndarray) -> np.ndarray:
    """The reference's conversion, which truncates."""
    return (np.clip(frames, 0, 1) * 255).astype(np.uint8)


def test_pictures(liveportrait, model):
    """Two frames of a set in one call, from the recorded crop and key points."""
    names = decoded_sets(liveportrait, video=False)
    name = max(names, key=lambda name: len(liveportrait.array(f"e2e/{name}/frames")))
    features = model.features(liveportrait.array("e2e/source_crop256_u8").reshape(1, 256, 256, 3))
    x_d = liveportrait.array(f"e2e/{name}/x_d")[liveportrait.array(f"e2e/{name}/frames")[-2:]]
    pictures = as_bytes(model.decode(features, liveportrait.array("e2e/x_s"), x_d))
    recorded = liveportrait.array(f"e2e/{name}/out_u8_s7")[-2:]
    assert np.abs(pictures[:, ::7, ::7] - recorded.astype(int)).max() <= 1
    assert (pictures[:, ::7, ::7] != recorded).mean() <= 0.005


def test_each_frame_has_its_own_features(liveportrait, model):
    """A frame of the source video, beside one of the picture."""
    names = [decoded_sets(liveportrait, video)[-1] for video in (False, True)]
    frames = [int(liveportrait.array(f"e2e/{name}/frames")[-1]) for name in names]
    crops = liveportrait.array("e2e/v2v_crop256_u8")
    source = liveportrait.array("e2e/source_crop256_u8").reshape(256, 256, 3)
    features = model.features(np.stack([source, crops[frames[1]]]))
    x_s = np.stack([liveportrait.array("e2e/x_s").reshape(21, 3), liveportrait.array("e2e/v2v_x_s")[frames[1]]])
    x_d = [liveportrait.array(f"e2e/{name}/x_d")[frame] for name, frame in zip(names, frames, strict=True)]
    pictures = as_bytes(model.decode(features, x_s, np.stack(x_d)))[:, ::7, ::7]
    for name, picture in zip(names, pictures, strict=True):
        expected = liveportrait.array(f"e2e/{name}/out_u8_s7")[-1].astype(int)
        assert np.abs(picture - expected).max() <= 1
        assert (picture != expected).mean() <= 0.005


def test_motion(liveportrait, model):
    found = model.motion(liveportrait.array("in/driving_u8"))
    for name in ("kp", "exp", "t"):
        liveportrait.close(f"mod/M_dri_{name}", np.stack([getattr(motion, name) for motion in found]), 1e-5)
    for name, tolerance in (("scale", 1e-5), ("pitch", 1e-3), ("yaw", 1e-3), ("roll", 1e-3)):
        liveportrait.close(f"mod/M_dri_{name}", np.array([[getattr(motion, name)] for motion in found]), tolerance)


def test_corrections(liveportrait, model):
    x_s, x_d = liveportrait.array("mod/x_s")[0], liveportrait.array("mod/W_x_d")
    raw = model.stitching(x_s, x_d)[0]
    stitched = x_d[0] + raw[:63].reshape(21, 3)
    stitched[:, :2] += raw[63:]
    liveportrait.close("mod/stitched", stitched[None], 1e-6)
    liveportrait.close("mod/retarget_eye", model.eye(x_s, liveportrait.array("mod/eye_ratio3")), 1e-6)
    liveportrait.close("mod/retarget_lip", model.lip(x_s, liveportrait.array("mod/lip_ratio2")), 1e-6)


def test_16_bit_looks_the_same(liveportrait, liveportrait_networks, model):
    """Convolutions of bfloat16 with sums of 32 bit, as matrix units compute them; rounded here, as few have them."""
    crop, x_s = liveportrait.array("e2e/source_crop256_u8").reshape(1, 256, 256, 3), liveportrait.array("e2e/x_s")
    x_d = liveportrait.array(f"e2e/{decoded_sets(liveportrait, video=False)[0]}/x_d")[-1:]
    plain = PlainRenderer(copy.deepcopy(liveportrait_networks), Device("cpu"), None)
    for network in (plain._appearance, plain._warping, plain._decoder):
        round_to_half(network, torch.bfloat16)
    with torch.inference_mode():
        features = plain.features(torch.tensor(crop).permute(0, 3, 1, 2) / 255)
        rounded = plain.draw(plain.warp(features, torch.tensor(x_s).view(1, 21, 3), torch.tensor(x_d))).numpy()
    exact = model.decode(model.features(crop), x_s, x_d)
    difference_db = -10 * np.log10(np.square(exact - rounded).mean())
    assert 30 < difference_db < 80
