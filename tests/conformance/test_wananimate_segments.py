# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Chains of Wan-Animate's segments: what they are given, the solvers, what is drawn, and how it is joined."""

from __future__ import annotations

import numpy as np
import pytest
from wananimate_recorded import Chain, Drawn

from inference.engines.video.schedule import solver

TOLERANCE, DRAWN = 1e-3, 2e-3
# Own numbers of the recorded case, beside those of diffusers' solvers.
PREFIXES = {True: "", False: "diffusers_"}


def prefixes(case) -> list[str]:
    return sorted({name.split("/")[0] + "/" for name in case.some("segments")})


@pytest.fixture(scope="module")
def chains(wananimate, wananimate_model, wananimate_umt5) -> list[Chain]:
    return [Chain(wananimate, prefix, wananimate_model, wananimate_umt5) for prefix in prefixes(wananimate)]


@pytest.fixture(scope="module", params=[True, False], ids=["published", "diffusers"])
def drawn(request, chains) -> list[tuple[Chain, list[Drawn], str]]:
    """All chains, drawn with the published solvers or with those of diffusers."""
    return [(chain, chain.drawn(request.param), f"{chain.prefix}out/{PREFIXES[request.param]}") for chain in chains]


def test_reference(chains):
    for chain in chains:
        chain.case.pictures_close(f"{chain.prefix}out/reference_resized", chain.reference)
        _, rows = chain.model.reference(chain.reference)
        chain.case.close(f"{chain.prefix}out/clip_fea", rows, TOLERANCE)


@pytest.mark.parametrize("published", [True, False])
def test_steps(chains, published):
    for chain in chains:
        steps = solver(str(chain.given("solver")), chain.steps, float(chain.given("shift")), published)
        name = f"{chain.prefix}out/{PREFIXES[published]}"
        chain.case.close(f"{name}timesteps", steps.timesteps.numpy(), 0)
        chain.case.close(f"{name}sigmas", steps.sigmas.numpy(), 1e-6)


def test_what_is_given(drawn):
    for chain, segments, name in drawn:
        chain.case.close(f"{chain.prefix}out/pose_latents", np.stack([each.pose for each in segments]), TOLERANCE)
        chain.case.close(f"{name}y", np.stack([each.conditioning for each in segments]), TOLERANCE)


def test_first_prediction(drawn):
    for chain, segments, name in drawn:
        chain.case.close(f"{name}first_prediction", np.stack([each.first for each in segments]), TOLERANCE)


def test_latents(drawn):
    for chain, segments, name in drawn:
        chain.case.close(f"{name}latents", np.stack([each.latents for each in segments]), DRAWN)


def test_film(drawn):
    for chain, segments, name in drawn:
        film = chain.joined(segments)
        assert film.shape[1] == int(chain.case.array(f"{chain.prefix}out/video_frames"))
        chain.case.close(f"{name}video", film[..., ::2, ::2], DRAWN)
