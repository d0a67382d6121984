# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""HelloMeme's networks by themselves, and together with a stock U-Net, against the recorded numbers."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
import torch
from hellomeme_recorded import Recorded, enlarged, grown
from torch import Tensor

from inference.engines.hellomeme.hooks import Insertion, States, inserted
from inference.engines.hellomeme.model import Condition, Model
from inference.engines.hellomeme.networks.control import Controls

CLOSE = 1e-4


@pytest.fixture(autouse=True)
def without_gradients() -> Iterator[None]:
    with torch.inference_mode():
        yield


def frame(states: Tensor, index: int) -> np.ndarray:
    """(frames, c, h, w) to (1, c, 1, h, w), as the case keeps one frame."""
    return states[index][None, :, None].numpy()


@pytest.mark.parametrize(("part", "version"), [("reference", "v5"), ("reference_v5b", "v5b")])
def test_reference(hellomeme, hellomeme_model, part, version):
    network = hellomeme_model(version).networks.reference
    for name in hellomeme.some(f"{part.partition('_')[0]}/out/{version}_"):
        place = int(name.rpartition("_")[2])
        states, portrait = (torch.tensor(hellomeme.array(f"reference/in/{kind}{place}")) for kind in ("states", "ref"))
        prepared = network.reference_modules_up[place].prepared(portrait)
        hellomeme.close(name, network.at(place, states, prepared).numpy(), CLOSE)


@pytest.mark.parametrize("signal", ["emotion", "arkit"])
def test_control(hellomeme, hellomeme_model, signal):
    networks = hellomeme_model("v5").networks
    pictures = torch.tensor(enlarged(hellomeme.array("control/in/condition_small"))[0]).transpose(0, 1)
    if signal == "emotion":
        drive = networks.control.emotion(torch.tensor(hellomeme.array("control/in/emo_embedding")[0]))
    else:
        values = (torch.tensor(hellomeme.array(f"control/in/{name}")[0]) for name in ("drive_coeff", "face_parts"))
        drive = networks.control.coefficients(*values)
    found = networks.control(pictures, drive)
    controls = networks.control_proj(found)
    found |= {f"{side}3_{i}": part for side in ("up", "down") for i, part in enumerate(getattr(controls, side))}
    for name in hellomeme.some(f"control/out/{signal}_"):
        hellomeme.close(name, frame(found[name.partition("_")[2]], 1), CLOSE)


def test_motion(hellomeme, hellomeme_model):
    motion = hellomeme_model("v5").networks.motion
    sides = {"down": motion.motion_down, "up": motion.motion_up}
    for name in hellomeme.some("motion/out/"):
        place, how = name.rpartition("/")[2].split("_")
        states = torch.tensor(hellomeme.array(f"motion/in/states_{place}"))
        pads = torch.tensor(hellomeme.array(f"motion/in/pad_{place}"))
        network = sides[place[:-1]][int(place[-1])]
        found = network(states, len(states) // len(pads), pads.transpose(1, 2) if how == "pads" else None)
        hellomeme.close(name, found.numpy(), CLOSE)


def test_pd_fgc(hellomeme, hellomeme_model):
    faces = grown(hellomeme.array("pd_fgc/in/image_small"))[..., ::-1]
    hellomeme.close("pd_fgc/out/embedding", hellomeme_model("v5").emotions(np.ascontiguousarray(faces)), CLOSE)


@pytest.fixture(scope="module")
def denoiser(hellomeme) -> Recorded:
    return Recorded(hellomeme, "denoiser")


def conditions(model: Model, case: Recorded) -> list[Condition]:
    """The negative and the positive one."""
    latents = np.zeros_like(case["ref_latent"][0]), case["ref_latent"][0]
    return [model.condition(latent, text, text) for latent, text in zip(latents, case["context"], strict=True)]


def all_controls(model: Model, case: Recorded) -> list[list[Controls]]:
    """Of the negative and of the positive condition."""
    pictures, emotions = case.conditions, case["emo_embedding"][0]
    nothing = np.full_like(pictures[:1], -1), np.zeros_like(emotions[:1])
    return [model.controls(*which, lambda: None) for which in (nothing, (pictures, emotions))]


def all_pads(model: Model, case: Recorded) -> list[tuple[States, States]]:
    """Of the negative and of the positive condition."""
    negative, positive = case["context"]
    empty = model.key_states(np.zeros_like(case["pad_latents"][0]), negative)
    first, last = (model.key_states(latent, positive) for latent in case["pad_latents"])
    return [(empty, empty), (first, last)]


def test_states_of_the_plain_unet(hellomeme, hellomeme_model, denoiser):
    model = hellomeme_model("v5")
    latents = np.zeros_like(denoiser["ref_latent"][0]), denoiser["ref_latent"][0]
    rows = [model.key_states(*row) for row in zip(latents, denoiser["context"], strict=True)]
    for name in hellomeme.some("denoiser/out/cache_"):
        _, side, place = name.rpartition("/")[2].split("_")
        states = torch.cat([getattr(row, side)[int(place)] for row in rows])
        # The largest states are kept at every second pixel.
        step = states.shape[-1] // hellomeme.array(name).shape[-1]
        hellomeme.close(name, states[..., ::step, ::step].numpy(), CLOSE)


@pytest.mark.parametrize("name", ["with_motion", "with_motion_no_pads"])
def test_denoiser(hellomeme, hellomeme_model, denoiser, name):
    model = hellomeme_model("v5")
    pads = all_pads(model, denoiser) if name == "with_motion" else [None, None]
    rows = zip(denoiser.frames("sample"), conditions(model, denoiser), all_controls(model, denoiser), pads, strict=True)
    with model.drawing(denoiser["sample"].shape[2], denoiser["sample"].shape[3:]):
        found = [model.predicted(row[0], int(denoiser["t"]), *row[1:]).transpose(1, 0, 2, 3) for row in rows]
    hellomeme.close(f"denoiser/out/{name}", np.stack(found), CLOSE)


def test_denoiser_without_motion(hellomeme, hellomeme_model, denoiser):
    """Both conditions in one batch."""
    model = hellomeme_model("v5")
    network = model.networks.reference
    latents = torch.tensor(np.concatenate([np.zeros_like(denoiser["ref_latent"]), denoiser["ref_latent"]]))
    text, samples = torch.tensor(denoiser["context"]), denoiser.frames("sample")
    rows = [model.key_states(latent.numpy(), row.numpy()) for latent, row in zip(latents, text, strict=True)]
    prepared = network.prepared([torch.cat(parts) for parts in zip(*(row.up for row in rows), strict=True)])
    frames, (empty, driven) = samples.shape[1], all_controls(model, denoiser)
    controls = Controls(*(
        [torch.cat(parts) for parts in zip(*(getattr(one, side) for one in [*empty * frames, *driven]), strict=True)]
        for side in ("down", "up")
    ))  # fmt: skip
    batch = torch.tensor(samples).flatten(0, 1)
    with inserted(model.unet, Insertion(frames, controls, (network, prepared))):
        rows_of_text = text.repeat_interleave(frames, 0)
        found = model.unet(batch, int(denoiser["t"]), encoder_hidden_states=rows_of_text, return_dict=False)[0]
    hellomeme.close("denoiser/out/no_motion", found.unflatten(0, (-1, frames)).transpose(1, 2).numpy(), CLOSE)
    assert not any(block._forward_hooks or block._forward_pre_hooks for block in model.unet.modules())
