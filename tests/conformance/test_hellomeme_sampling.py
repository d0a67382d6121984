# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The recursive sampler against the recorded numbers, whatever length, steps, window and guidance the case has."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from hellomeme_recorded import Recorded

from inference.engines.hellomeme.levels import levels, windows
from inference.engines.hellomeme.model import Model
from inference.engines.hellomeme.sampling import FilmAsk, draw_film
from inference.engines.hellomeme.schedule import scheduled


class Noise:
    """The recorded noise as a ``NoiseSource``."""

    def __init__(self, recorded: Recorded) -> None:
        self._recorded = recorded

    def base(self, count: int) -> np.ndarray:
        return self._recorded.frames("base_noise")[0, :count]

    def step(self, level: int, step: int, count: int) -> np.ndarray:
        noise = self._recorded[f"step_noise{level}"][step, 0].swapaxes(0, 1)
        assert len(noise) == count
        return noise


class Watched:
    """A model that keeps what it is asked first, and the key frames it reads."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self.predictions: list[np.ndarray] = []
        self.keys: list[np.ndarray] = []

    def __getattr__(self, name: str):
        return getattr(self._model, name)

    def predicted(self, *arguments) -> np.ndarray:
        found = self._model.predicted(*arguments)
        self.predictions = [*self.predictions, found][:2]
        return found

    def key_states(self, latent: np.ndarray, text: np.ndarray):
        if latent.any():
            self.keys.append(latent)
        return self._model.key_states(latent, text)


@dataclass(frozen=True)
class Drawn:
    """What came out.

    Attributes:
        frames, window: of the case.
        guided: whether there is a negative condition.
        latents: (n, 4, h, w).
        watched: what the model was asked.
    """

    frames: int
    window: int
    guided: bool
    latents: np.ndarray
    watched: Watched


@pytest.fixture(scope="module")
def drawn(hellomeme, hellomeme_model) -> Drawn:
    recorded = Recorded(hellomeme, "sampling")
    frames, steps, window = recorded["options"].tolist()
    guidance = float(recorded["guidance"])
    ask = FilmAsk(
        reference_latent=recorded["ref_latent"][0],
        negative=recorded["negative_embeds"][0],
        positive=recorded["prompt_embeds"][0],
        negative_ref=recorded["negative_embeds_ref"][0],
        positive_ref=recorded["prompt_embeds_ref"][0],
        conditions=recorded.conditions,
        emotions=recorded["emo_embedding"][0],
        steps=steps,
        guidance=guidance,
        noise=Noise(recorded),
        window=window,
    )
    watched = Watched(hellomeme_model("v5"))
    latents = draw_film(watched, ask, lambda done: None)  # type: ignore[arg-type]
    return Drawn(frames, window, guidance > 1, latents, watched)


def test_schedule(hellomeme):
    schedule = scheduled(int(hellomeme.array("sampling/in/options")[1]))
    hellomeme.close("sampling/out/timesteps", schedule.timesteps, 0)
    hellomeme.close("sampling/out/sigmas", schedule.levels, 1e-4)


def test_first_prediction(hellomeme, drawn):
    # Ours asks for the positive condition first.
    rows = drawn.watched.predictions[:2][::-1] if drawn.guided else drawn.watched.predictions[:1]
    hellomeme.close("sampling/out/first_prediction", np.stack(rows).swapaxes(1, 2), 1e-4)


def test_key_frames(hellomeme, drawn):
    """The reference reads a frame once for each window that it is in, ours only once."""
    hellomeme.some("sampling/out/keyframe_")
    places, latents, first = [], [], 0
    for frames in levels(drawn.frames, drawn.window)[:-1]:
        for window in windows(len(frames), drawn.window):
            places += frames[window.start : window.stop]
            latents += drawn.watched.keys[first + window.start : first + window.stop]
        first += len(frames)
    assert len(drawn.watched.keys) == first
    hellomeme.close("sampling/out/keyframe_indices", np.array(places), 0)
    hellomeme.close("sampling/out/keyframe_latents", np.stack(latents), 5e-3)


def test_film(hellomeme, drawn):
    hellomeme.close("sampling/out/latents", drawn.latents.swapaxes(0, 1)[None], 5e-3)
