# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("diffusers")

from inference.engines.xportrait.sampling import (  # noqa: E402
    FilmAsk,
    ddim_step,
    draw_film,
    hint_tensor,
    padded,
    start_latents,
)
from inference.engines.xportrait.schedule import alphas_cumprod, levels, steps_of, timesteps  # noqa: E402
from inference.errors import ErrorCode, TalkingHeadError  # noqa: E402

LATENT = (4, 2, 2)


class StandIn:
    """In the model's place: finds noise that depends on each frame's latents, pose and neighbors.

    Attributes:
        seen: latents, timestep and pose of each window, in their order.
        sources: the latents whose bank was asked for.
        unconditional_calls: how often the networks ran without source and hints.
    """

    def __init__(self) -> None:
        self.seen: list[tuple[np.ndarray, int, np.ndarray]] = []
        self.sources: list[np.ndarray] = []
        self.unconditional_calls = 0
        self.is_ready = False

    @contextmanager
    def ready(self, frames, size):
        self.is_ready = True
        yield
        self.is_ready = False

    def attempt(self, draw):
        return draw()

    def bank(self, sources, timestep, text):
        self.sources.append(np.array(sources))
        return {"source": torch.as_tensor(sources).float().mean()}

    def conditional(self, latents, timestep, text, bank, hints):
        assert self.is_ready
        self.seen.append((latents.copy(), timestep, hints.pose.numpy()))
        frames = torch.from_numpy(latents) * 0.3 + hints.pose.mean((1, 2, 3))[:, None, None, None]
        return frames + 0.1 * frames.mean(0, keepdim=True) + bank["source"]

    def unconditional(self, latents, timestep, text):
        self.unconditional_calls += 1
        return torch.from_numpy(latents) * 0.2


def ask_for(count: int, **changes) -> FilmAsk:
    numbers = np.random.default_rng(count)
    ask = FilmAsk(
        source_latent=numbers.standard_normal(LATENT).astype(np.float32),
        text=numbers.standard_normal((77, 6)).astype(np.float32),
        pose=numbers.integers(0, 256, (count, 16, 16, 3), dtype=np.uint8),
        local=np.zeros((count, 16, 16, 3), np.uint8),
        steps=3,
        guidance=2.0,
        overlap=4,
        pose_weight=1.0,
        local_weight=1.0,
        noise=numbers.standard_normal((count, *LATENT)).astype(np.float32),
        offsets=lambda step, frames: (5 * step) % frames,
        known={},
    )
    return replace(ask, **changes)


def draw(ask: FilmAsk, model: StandIn | None = None) -> np.ndarray:
    return draw_film(model or StandIn(), ask, lambda done: None)  # type: ignore[arg-type]


@pytest.mark.parametrize("count", [1, 2, 15, 16, 17, 40])
@pytest.mark.parametrize("overlap", [0, 4, 12])
def test_every_step_is_told(count, overlap):
    told: list[int] = []
    drawn = draw_film(StandIn(), ask_for(count, overlap=overlap), told.append)  # type: ignore[arg-type]
    assert drawn.shape == (count, *LATENT) and drawn.dtype == np.float32
    assert np.isfinite(drawn).all()
    assert told == list(range(1, steps_of(count, 3, overlap) + 1))


def test_a_short_film_is_one_whose_last_frame_is_held():
    short = ask_for(5)
    held = [*range(5), *[4] * 11]
    long = replace(short, pose=short.pose[held], local=short.local[held], noise=short.noise[held])
    assert np.array_equal(draw(short), draw(long)[:5])


def test_a_long_film_is_not_padded():
    ask = ask_for(16)
    assert padded(ask) is ask


def test_a_film_begins_at_the_noisy_source():
    ask = ask_for(3)
    alpha = alphas_cumprod()[999]
    expected = np.sqrt(alpha) * ask.source_latent + np.sqrt(1 - alpha) * ask.noise
    assert np.allclose(start_latents(ask), expected, atol=1e-6)


def test_known_frames_come_out_as_they_went_in():
    known = {place: np.full(LATENT, place + 0.123, np.float32) for place in (0, 1, 18)}
    drawn = draw(ask_for(19, known=known))
    for place, latent in known.items():
        assert np.array_equal(drawn[place], latent)


def test_known_frames_have_the_noise_of_each_step():
    latent = np.full(LATENT, 2.5, np.float32)
    ask = ask_for(16, known={3: latent}, offsets=lambda step, frames: 0)
    model = StandIn()
    draw(ask, model)
    falling = timesteps(ask.steps)
    alphas = [alphas_cumprod()[999], *levels(falling)[:-1, 1]]
    for (frames, timestep, _), expected, alpha in zip(model.seen, falling, alphas, strict=True):
        assert timestep == expected
        noisy = np.sqrt(alpha) * latent + np.sqrt(1 - alpha) * ask.noise[3]
        assert np.allclose(frames[3], noisy, atol=1e-5)


def test_known_frames_change_their_neighbors():
    known = {0: np.full(LATENT, 9.0, np.float32)}
    assert not np.allclose(draw(ask_for(16))[1], draw(ask_for(16, known=known))[1])


def test_a_known_last_frame_is_known_where_it_is_held():
    latent = np.full(LATENT, 2.5, np.float32)
    assert sorted(padded(ask_for(5, known={1: latent, 4: latent})).known) == [1, *range(4, 16)]
    assert sorted(padded(ask_for(5, known={1: latent})).known) == [1]


def test_where_windows_overlap_their_mean_counts():
    """Whole steps of a film of two windows, computed here from the windows that the model was shown."""
    ask = ask_for(28, steps=1, offsets=lambda step, frames: 0)
    model, again = StandIn(), StandIn()
    drawn = draw(ask, model)
    bank = again.bank(ask.source_latent[None], 1, ask.text)
    total, times = np.zeros_like(drawn), np.zeros(28)
    hints = [hint_tensor(ask.pose[np.arange(start, start + 16) % 28]) for start in (0, 12)]
    with again.ready(16, (2, 2)):
        for start, pose in zip((0, 12), hints, strict=True):
            chosen = np.arange(start, start + 16) % 28
            latents = start_latents(ask)[chosen]
            with_source = again.conditional(latents, 1, ask.text, bank, Shown(pose)).numpy()
            without = again.unconditional(latents, 1, ask.text).numpy()
            total[chosen] += without + 2 * (with_source - without)
            times[chosen] += 1
    assert set(times) == {1, 2}
    ((now, following),) = levels(timesteps(1))
    expected = ddim_step(start_latents(ask), total / times[:, None, None, None].astype(np.float32), now, following)
    assert np.allclose(drawn, expected, rtol=1e-4, atol=1e-4)


class Shown:
    def __init__(self, pose) -> None:
        self.pose = pose


def test_without_guidance_nothing_is_drawn_twice():
    model = StandIn()
    draw(ask_for(16, guidance=1.0), model)
    assert model.unconditional_calls == 0
    draw(ask_for(16, guidance=1.5), model)
    assert model.unconditional_calls == 3


def test_all_sources_are_looked_at_and_the_first_begins():
    sources = np.random.default_rng(1).standard_normal((2, *LATENT)).astype(np.float32)
    several, model = ask_for(16, source_latent=sources), StandIn()
    draw(several, model)
    assert all(np.array_equal(seen, sources) for seen in model.sources) and len(model.sources) == 3
    assert np.array_equal(start_latents(several), start_latents(ask_for(16, source_latent=sources[0])))


def test_the_noise_is_taken_out_exactly():
    numbers = np.random.default_rng(2)
    clean, noise = numbers.standard_normal((2, 3, *LATENT)).astype(np.float32)
    mixed = np.float32(np.sqrt(0.3)) * clean + np.float32(np.sqrt(0.7)) * noise
    assert np.allclose(ddim_step(mixed, noise, 0.3, 1.0), clean, atol=1e-5)


def test_canceling_stops_between_windows():
    model = StandIn()

    def told(done: int) -> None:
        if done == 2:
            raise TalkingHeadError(ErrorCode.CANCELLED, "Canceled.")

    with pytest.raises(TalkingHeadError):
        draw_film(model, ask_for(40), told)  # type: ignore[arg-type]
    assert len(model.seen) == 2


def test_numbers_that_are_no_picture_are_told():
    class Broken(StandIn):
        def conditional(self, latents, timestep, text, bank, hints):
            return super().conditional(latents, timestep, text, bank, hints) * float("nan")

    model = Broken()
    with pytest.raises(TalkingHeadError) as caught:
        draw(ask_for(16), model)
    assert caught.value.hint
    assert len(model.seen) == 1, "the steps that follow are of no use"


def test_hints_of_bytes_and_of_floats_are_the_same():
    pictures = np.random.default_rng(3).integers(0, 256, (2, 8, 8, 3), dtype=np.uint8)
    of_bytes = hint_tensor(pictures)
    assert of_bytes.shape == (2, 3, 8, 8) and of_bytes.dtype == torch.float32
    assert torch.allclose(of_bytes, hint_tensor((pictures / 127.5 - 1).astype(np.float32)), atol=1e-6)
    assert hint_tensor(np.zeros((1, 8, 8, 3), np.uint8)).eq(-1).all()
