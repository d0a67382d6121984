# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""X-Portrait's timesteps, windows and sampling."""

from __future__ import annotations

import pytest
from xportrait_recorded import Recorded

from inference.engines.diffusion.placing import Placing
from inference.engines.neural.device import Device
from inference.engines.xportrait.model import Model
from inference.engines.xportrait.sampling import FilmAsk, denoise, start_latents
from inference.engines.xportrait.schedule import alphas_cumprod, levels, timesteps, windows


@pytest.fixture(scope="module")
def ask(xportrait) -> FilmAsk:
    recorded = Recorded(xportrait)
    frames, steps, overlap, window = (int(number) for number in xportrait.array("sampling/in/options"))
    offsets = xportrait.array("sampling/in/offsets")
    noise = xportrait.array("sampling/in/noise")
    assert len(noise) == frames
    return FilmAsk(
        source_latent=xportrait.array("sampling/in/source_latent")[0],
        text=xportrait.array("sampling/in/context")[0],
        pose=recorded.hint("sampling/in/pose_small").transpose(0, 2, 3, 1),
        local=recorded.hint("sampling/in/local_small").transpose(0, 2, 3, 1),
        steps=steps,
        guidance=float(xportrait.array("sampling/in/guidance")),
        overlap=overlap,
        pose_weight=1.0,
        local_weight=1.0,
        noise=noise,
        offsets=lambda step, count: int(offsets[step]),
        known={},
        window=window,
    )


def test_timesteps(xportrait):
    for number, steps in enumerate(xportrait.array("schedule/in/steps")):
        expected = xportrait.array(f"schedule/out/timesteps{number}")
        assert timesteps(int(steps)).tolist() == expected.tolist(), f"{steps} steps"


def test_noise_levels(xportrait):
    xportrait.close("schedule/out/alphas_cumprod", alphas_cumprod(), 1e-6)


def test_noise_levels_of_a_sampling(xportrait):
    falling = timesteps(int(xportrait.array("sampling/in/options")[1]))
    assert falling.tolist() == xportrait.array("sampling/out/timesteps").tolist()
    ascending = levels(falling)[::-1]
    xportrait.close("sampling/out/alphas", ascending[:, 0], 1e-6)
    xportrait.close("sampling/out/alphas_prev", ascending[:, 1], 1e-6)


def test_windows(xportrait):
    cases = xportrait.array("coverage/in/frames_overlap_offset").tolist()
    expected = xportrait.array("coverage/out/windows")
    rows = [
        [frames, overlap, offset, *window]
        for frames, overlap, offset in cases
        for window in windows(frames, overlap, offset, expected.shape[1] - 3)
    ]
    assert rows == expected.tolist()


def test_start(xportrait, ask):
    xportrait.close("sampling/out/start", start_latents(ask)[::4], 1e-5)


def test_sampling(xportrait, xportrait_networks, ask):
    model = Model(xportrait_networks, Placing(Device("cpu"), "full"))
    xportrait.close("sampling/out/latents", denoise(model, ask, lambda done: None), 5e-3)
