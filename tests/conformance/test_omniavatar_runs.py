# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""OmniAvatar's runs from sound and portrait to video, with one, two or three passes a step."""

from __future__ import annotations

import numpy as np
import pytest
from omniavatar_recorded import Counted, Run, run, vae_of


@pytest.fixture(scope="module")
def networks(omniavatar):
    states = omniavatar.states()
    return Counted(states), vae_of(states)


@pytest.fixture(scope="module")
def runs(omniavatar, networks) -> dict[str, Run]:
    """All runs of the case by their names, such as "run0"."""
    names = dict.fromkeys(name.split("/")[0] for name in omniavatar.some("run"))
    return {name: run(omniavatar, name, *networks) for name in names}


def test_sound(omniavatar, runs):
    for name, found in runs.items():
        assert len(found.input_values) == int(omniavatar.array(f"{name}/out/padded_samples"))
        omniavatar.close(f"{name}/out/input_values", found.input_values[::7], 1e-4)
        assert found.feature_frames == int(omniavatar.array(f"{name}/out/feature_frames"))


def test_sampling(omniavatar, runs):
    for name, found in runs.items():
        assert len(found.segments) == int(omniavatar.array(f"{name}/out/segments"))
        assert found.calls == int(omniavatar.array(f"{name}/out/transformer_calls"))
        omniavatar.close(f"{name}/out/timesteps", np.array(found.timesteps), 1e-3)


@pytest.mark.parametrize(
    ("array", "attribute", "tolerance"),
    [
        ("image_input", "image_input", 1e-3),
        ("audio_input", "audio", 2e-3),
        ("known_latents", "known", 1e-3),
        ("first_prediction", "first_prediction", 1e-3),
        ("latents", "latents", 2e-3),
    ],
)
def test_segments(omniavatar, runs, array, attribute, tolerance):
    for name, found in runs.items():
        stacked = np.stack([getattr(segment, attribute) for segment in found.segments])
        omniavatar.close(f"{name}/out/{array}", stacked, tolerance)


def test_video(omniavatar, runs):
    for name, found in runs.items():
        assert len(found.video) == int(omniavatar.array(f"{name}/out/video_frames"))
        omniavatar.close(f"{name}/out/video", found.video[..., ::2, ::2], 2e-3)
