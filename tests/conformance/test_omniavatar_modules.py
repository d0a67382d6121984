# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""OmniAvatar's networks, schedule, sizes and features."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from omniavatar_recorded import Counted, vae_of

from inference.engines.omniavatar.hearing import in_step
from inference.engines.omniavatar.sampling import TRAINED_STEPS, sigmas, stepped
from inference.engines.omniavatar.sizes import SIZES, drawn_size, frames_at_once
from inference.engines.video.segments import latent_frames


@pytest.fixture(scope="module")
def states(omniavatar):
    return omniavatar.states()


def velocity(case, model, audio) -> np.ndarray:
    arrays = (torch.tensor(case.array(f"dit/in/{name}")[0]) for name in ("latents", "image", "context"))
    latents, image, text = arrays
    heard = model.heard(audio)
    with model.drawing():
        return model.velocity(latents, image, float(case.array("dit/in/t")), text, heard).numpy()[None]


def test_audio_pack(omniavatar, states):
    pack = Counted(states).pack
    with torch.no_grad():
        audio = torch.tensor(omniavatar.array("audio_pack/in/audio"))
        omniavatar.close("audio_pack/out/packed", pack.packed(audio)[0], 1e-4)
        omniavatar.close("audio_pack/out/projected", pack(audio)[:, 0], 1e-4)


def test_transformer(omniavatar, states):
    model = Counted(states)
    audio = omniavatar.array("dit/in/audio")[0]
    omniavatar.close("dit/out/sample", velocity(omniavatar, model, audio), 1e-4)
    omniavatar.close("dit/out/sample_zero_audio", velocity(omniavatar, model, np.zeros_like(audio)), 1e-4)


def test_transformer_without_lora(omniavatar, states):
    plain = Counted(states, lora=False)
    found = velocity(omniavatar, plain, omniavatar.array("dit/in/audio")[0])
    omniavatar.close("dit/out/sample_without_lora", found, 1e-4)


def test_vae(omniavatar, states):
    omniavatar.close("vae/out/latent", vae_of(states).encode(omniavatar.array("vae/in/image")), 1e-4)


def test_schedule(omniavatar):
    shift = float(omniavatar.array("schedule/in/shift"))
    for number, steps in enumerate(omniavatar.array("schedule/in/steps")):
        levels = sigmas(int(steps), shift)
        omniavatar.close(f"schedule/out/sigmas{number}", levels, 1e-6)
        omniavatar.close(f"schedule/out/timesteps{number}", levels * TRAINED_STEPS, 1e-3)


def test_steps(omniavatar):
    latents = torch.tensor(omniavatar.array("schedule/in/sample"))
    velocities = torch.tensor(omniavatar.array("schedule/in/velocity"))
    levels = sigmas(len(velocities), float(omniavatar.array("schedule/in/shift")))
    for step, each in enumerate(velocities):
        latents = stepped(latents, each, levels, step)
    omniavatar.close("schedule/out/stepped", latents, 1e-4)


def test_features_in_step(omniavatar):
    features = torch.tensor(omniavatar.array("windowing/in/features"))
    for number, frames in enumerate(omniavatar.array("windowing/in/lengths")):
        omniavatar.close(f"windowing/out/features{number}", in_step(features, int(frames)), 1e-4)


@pytest.mark.parametrize(("name", "setting"), [("match_720", "720"), ("match_1280", "960")])
def test_sizes(omniavatar, name, setting):
    pictures = omniavatar.array("size/in/images_hw").tolist()
    found = [list(drawn_size(SIZES[setting], height, width)) for height, width in pictures]
    assert found == omniavatar.array(f"size/out/{name}").tolist()


def test_frames_at_once(omniavatar):
    rows = omniavatar.array("size/out/frames").tolist()
    assert {row[0] for row in rows} == set(omniavatar.array("size/in/max_tokens").tolist())
    for tokens, height, width, frames, latents in rows:
        assert frames_at_once(tokens, height, width) == frames
        assert latent_frames(frames) == latents
