# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""LivePortrait's plain networks, layer by layer (``mod/``), and the angles that follow from their bins."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pytest
import torch
from conformance import RECORDED
from seeded_weights import seeded_tensor
from torch import Tensor, nn

from inference.engines.liveportrait.keypoints import Motion, degrees_of_bins
from inference.engines.liveportrait.networks.appearance import AppearanceFeatureExtractor
from inference.engines.liveportrait.networks.decoder import SpadeDecoder
from inference.engines.liveportrait.networks.motion import MotionExtractor
from inference.engines.liveportrait.networks.retargeting import EYE, LIP, STITCHING, RetargetingMlp
from inference.engines.liveportrait.networks.warping import WarpingNetwork

ALL = slice(None)
HEADS = ("pitch", "yaw", "roll", "t", "exp", "scale", "kp")


class Part(NamedTuple):
    """What of a tensor is recorded: every how-manieth along each axis behind the batch, and the tolerance."""

    module: str
    steps: tuple[int, ...]
    tolerance: float = 1e-3


APPEARANCE = {
    "F_first": Part("first", (8, 23, 23)),
    "F_down0": Part("down_blocks.0", (16, 13, 13)),
    "F_down1": Part("down_blocks.1", (32, 7, 7)),
    "F_second": Part("second", (37, 7, 7)),
    "F_out": Part("", (3, 5, 5, 5)),
}
MOTION = {
    "M_stage0": Part("detector.stages.0", (6, 9, 9)),
    "M_stage1": Part("detector.stages.1", (12, 5, 5)),
    "M_stage2": Part("detector.stages.2", (24, 3, 3)),
    "M_stage3": Part("detector.stages.3", (48, 2, 2)),
    "M_features": Part("detector.norm", (1,), 1e-4),
}
DECODER = {
    "G_fc": Part("fc", (37, 7, 7)),
    "G_middle_0": Part("G_middle_0", (37, 7, 7)),
    "G_middle_5": Part("G_middle_5", (37, 7, 7)),
    "G_up_0": Part("up_0", (23, 13, 13)),
    "G_up_1": Part("up_1", (7, 23, 23)),
    "G_out": Part("", (1, 7, 7), 1e-4),
}
HOURGLASS = "dense_motion_network.hourglass"
WARPING_STEPS = {
    "hourglass_in": (7, 6, 11, 11),
    "hourglass_out": (5, 6, 11, 11),
    "mask": (1, 5, 9, 9),
    "deformation": (3, 5, 5),
    "occlusion": (),
    "out": (5, 5, 5),
}
WARPING_OF_TWO_STEPS = {"occlusion": (1, 3, 3), "out": (9, 7, 7)}
WARPING_TOLERANCES = {"deformation": 1e-4, "occlusion": 1e-4}
NETWORKS = {
    "appearance_feature_extractor": AppearanceFeatureExtractor,
    "motion_extractor": MotionExtractor,
    "warping_module": WarpingNetwork,
    "spade_generator": SpadeDecoder,
    "retarget_shoulder": lambda: RetargetingMlp(STITCHING),
    "retarget_mouth": lambda: RetargetingMlp(LIP),
    "retarget_eye": lambda: RetargetingMlp(EYE),
}


@pytest.fixture(autouse=True)
def no_gradients():
    with torch.inference_mode():
        yield


def strided(values: Tensor, steps: tuple[int, ...]) -> np.ndarray:
    """The recorded part of (B, ...)."""
    return values[(ALL, *(slice(None, None, step) for step in steps))].numpy()


def pictures(pixels: np.ndarray) -> Tensor:
    """(n, 3, H, W) in 0..1 of (n, H, W, 3) in 8 bit."""
    return torch.from_numpy(pixels.astype(np.float32) / 255).movedim(-1, 1)


def outputs(network: nn.Module, modules: set[str], *inputs: Tensor) -> dict[str, Tensor]:
    """What some of a network's modules gave in one run; "" is the network itself."""
    found: dict[str, Tensor] = {}

    def keep(name: str):
        return lambda module, given, result: found.update({name: result})

    hooks = [network.get_submodule(name).register_forward_hook(keep(name)) for name in modules]
    try:
        network(*inputs)
    finally:
        for hook in hooks:
            hook.remove()
    return found


def compare(case, prefix: str, table: Mapping[str, Part], network: nn.Module, *inputs: Tensor) -> None:
    """Run a network and compare everything that is recorded of its insides."""
    names = [name.removeprefix("mod/") for name in case.some(f"mod/{prefix}")]
    found = outputs(network, {table[name].module for name in names}, *inputs)
    for name in names:
        part = table[name]
        case.close(f"mod/{name}", strided(found[part.module], part.steps), part.tolerance)


@pytest.mark.parametrize("name", NETWORKS)
def test_the_tensors_are_the_official_ones(name):
    layout = json.loads((RECORDED / "liveportrait_keys.json").read_text(encoding="utf-8"))[name]
    with torch.device("meta"):
        state = NETWORKS[name]().state_dict()
    ours = {key: [list(value.shape), str(value.dtype).removeprefix("torch.")] for key, value in state.items()}
    assert ours == layout


def test_every_recorded_part_has_a_network():
    assert json.loads((RECORDED / "liveportrait_keys.json").read_text(encoding="utf-8")).keys() == NETWORKS.keys()


def test_appearance(liveportrait, liveportrait_networks):
    crop = pictures(liveportrait.array("e2e/source_crop256_u8")[None])
    compare(liveportrait, "F_", APPEARANCE, liveportrait_networks.appearance, crop)


def test_motion_inside(liveportrait, liveportrait_networks):
    crop = pictures(liveportrait.array("e2e/source_crop256_u8")[None])
    found = outputs(liveportrait_networks.motion, {part.module for part in MOTION.values()}, crop)
    for name in [name for name in MOTION if f"mod/{name}" in liveportrait]:
        part = MOTION[name]
        liveportrait.close(f"mod/{name}", strided(found[part.module], part.steps), part.tolerance)


def test_motion_heads(liveportrait, liveportrait_networks):
    raw = liveportrait_networks.motion(pictures(liveportrait.array("e2e/source_crop256_u8")[None]))
    assert set(raw) == set(HEADS)
    for name in liveportrait.some("mod/M_raw_"):
        values = raw[name.removeprefix("mod/M_raw_")].numpy()
        liveportrait.close(name, values, 1e-4 if values.shape[1] == 66 else 1e-5)


@pytest.mark.parametrize("which", ["src", "dri"])
def test_refined_motion(liveportrait, liveportrait_networks, which):
    source = "e2e/source_crop256_u8" if which == "src" else "in/driving_u8"
    names = liveportrait.some(f"mod/M_{which}_")
    pixels = liveportrait.array(source)
    refined = refine(liveportrait_networks.motion, pixels if pixels.ndim == 4 else pixels[None])
    for name in names:
        head = name.removeprefix(f"mod/M_{which}_")
        liveportrait.close(name, refined[head], 1e-3 if head in ("pitch", "yaw", "roll") else 1e-5)


def refine(network: MotionExtractor, pixels: np.ndarray) -> dict[str, np.ndarray]:
    """Degrees (n, 1), points (n, 21, 3), shift (n, 3) and scale (n, 1)."""
    raw = {name: values.numpy() for name, values in network(pictures(pixels)).items()}
    angles = {name: degrees_of_bins(raw[name])[:, None] for name in ("pitch", "yaw", "roll")}
    points = {name: raw[name].reshape(-1, 21, 3) for name in ("kp", "exp")}
    return {**angles, **points, "t": raw["t"], "scale": raw["scale"]}


def test_source_key_points(liveportrait, liveportrait_networks):
    liveportrait.need("mod/x_s")
    refined = refine(liveportrait_networks.motion, liveportrait.array("e2e/source_crop256_u8")[None])
    angles = (float(refined[name][0, 0]) for name in ("pitch", "yaw", "roll"))
    scale = float(refined["scale"][0, 0])
    motion = Motion(*angles, refined["t"][0], refined["exp"][0], scale, refined["kp"][0])
    liveportrait.close("mod/x_s", motion.points()[None], 1e-5)


def test_bins(liveportrait):
    liveportrait.need("geo/bins_logits", "geo/bins_degree")
    liveportrait.close("geo/bins_degree", degrees_of_bins(liveportrait.array("geo/bins_logits")), 1e-3)


def test_driving_key_points_of_the_warping_test(liveportrait):
    liveportrait.need("mod/x_d_rand", "mod/x_s", "mod/W_x_d")
    moved = liveportrait.array("mod/x_s") + liveportrait.array("mod/x_d_rand")[:1]
    liveportrait.close("mod/W_x_d", moved, 1e-6)


def test_warping(liveportrait, liveportrait_networks):
    liveportrait.need("mod/W_x_d", "mod/x_s")
    driving, source = (torch.from_numpy(liveportrait.array(f"mod/{name}").copy()) for name in ("W_x_d", "x_s"))
    found = warping(liveportrait_networks.warping, feature(liveportrait), driving, source)
    check_warping(liveportrait, "W", found, WARPING_STEPS)


def test_warping_of_two(liveportrait, liveportrait_networks):
    liveportrait.need("mod/W2_x_d", "mod/W2_x_s")
    one = feature(liveportrait)
    driving, source = (torch.from_numpy(liveportrait.array(f"mod/W2_{name}").copy()) for name in ("x_d", "x_s"))
    found = warping(liveportrait_networks.warping, torch.cat([one, 0.5 * one.flip(-1)]), driving, source)
    check_warping(liveportrait, "W2", found, WARPING_OF_TWO_STEPS)


def check_warping(case, which: str, found: Mapping[str, Tensor], steps: Mapping[str, tuple[int, ...]]) -> None:
    inputs = {f"mod/{which}_x_s", f"mod/{which}_x_d"}
    for name in [name for name in case.names(f"mod/{which}_") if name not in inputs]:
        what = name.removeprefix(f"mod/{which}_")
        case.close(name, strided(found[what], steps[what]), WARPING_TOLERANCES.get(what, 1e-3))


def feature(case) -> Tensor:
    values = seeded_tensor("input/feature_3d", (1, 32, 16, 64, 64), "float32", case.seed, [["", "normal", 1.0]])
    return torch.from_numpy(values)


def warping(network: WarpingNetwork, volume: Tensor, driving: Tensor, source: Tensor) -> dict[str, Tensor]:
    """The result and the insides of the warping module."""
    found: dict[str, Tensor] = {}

    def keep(module: nn.Module, given: tuple[Tensor], result: Tensor) -> None:
        found.update(hourglass_in=given[0], hourglass_out=result)

    def keep_mask(module: nn.Module, given: tuple[Tensor], result: Tensor) -> None:
        found["mask"] = torch.softmax(result, dim=1)

    hooks = [
        network.get_submodule(HOURGLASS).register_forward_hook(keep),
        network.get_submodule("dense_motion_network.mask").register_forward_hook(keep_mask),
    ]
    try:
        return {**network(volume, driving, source)._asdict(), **found}
    finally:
        for hook in hooks:
            hook.remove()


def test_decoder(liveportrait, liveportrait_networks):
    rule = [["", "normal", 0.7]]
    values = seeded_tensor("input/decoder", (1, 256, 64, 64), "float32", liveportrait.seed, rule)
    compare(liveportrait, "G_", DECODER, liveportrait_networks.decoder, torch.from_numpy(values))


@pytest.mark.parametrize("name", ["stitching", "lip", "eye"])
def test_small_networks(liveportrait, liveportrait_networks, name):
    liveportrait.need(f"mod/S_{name}_in", f"mod/S_{name}_out")
    inputs = torch.from_numpy(liveportrait.array(f"mod/S_{name}_in").copy())
    result = getattr(liveportrait_networks, name)(inputs)
    liveportrait.close(f"mod/S_{name}_out", result.numpy(), 1e-6)


def test_stitched(liveportrait, liveportrait_networks):
    liveportrait.need("mod/x_s", "mod/W_x_d", "mod/stitched")
    source, driving = liveportrait.array("mod/x_s"), liveportrait.array("mod/W_x_d")
    both = np.concatenate([source.reshape(-1, 63), driving.reshape(-1, 63)], axis=1)
    offset = liveportrait_networks.stitching(torch.from_numpy(both)).numpy()
    result = driving + offset[:, :63].reshape(-1, 21, 3)
    result[..., :2] += offset[:, None, 63:]
    liveportrait.close("mod/stitched", result, 1e-6)


@pytest.mark.parametrize(("name", "ratios"), [("eye", "eye_ratio3"), ("lip", "lip_ratio2")])
def test_retargeting(liveportrait, liveportrait_networks, name, ratios):
    liveportrait.need("mod/x_s", f"mod/{ratios}", f"mod/retarget_{name}")
    points = liveportrait.array("mod/x_s").reshape(-1, 63)
    inputs = torch.from_numpy(np.concatenate([points, liveportrait.array(f"mod/{ratios}")], axis=1))
    result = getattr(liveportrait_networks, name)(inputs).numpy()
    liveportrait.close(f"mod/retarget_{name}", result.reshape(-1, 21, 3), 1e-6)
