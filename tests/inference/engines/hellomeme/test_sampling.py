# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Films drawn with tiny networks: levels and windows, what is told, known frames, and what changes what."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("diffusers")

from hellomeme_tiny import nobody, tiny_ask, tiny_model

from inference.engines.hellomeme.levels import levels, steps_of, windows
from inference.engines.hellomeme.sampling import draw_film
from inference.errors import ErrorCode, TalkingHeadError


@pytest.fixture(scope="module")
def model():
    return tiny_model()


@given(count=st.integers(1, 2000), window=st.integers(3, 16))
def test_windows_share_their_border_frames(count, window):
    found = windows(count, window)
    assert found[0].start == 0 and found[-1].stop == count
    assert all(first.stop - 1 == second.start for first, second in pairwise(found))
    assert all(1 < len(part) <= window or count == 1 for part in found)


@given(count=st.integers(1, 2000), window=st.integers(3, 16))
def test_each_level_has_the_borders_of_the_next(count, window):
    found = levels(count, window)
    assert found[-1] == tuple(range(count)) and len(found[0]) <= window
    for lower, upper in pairwise(found):
        borders = {upper[place] for part in windows(len(upper), window) for place in (part[0], part[-1])}
        assert lower == tuple(sorted(borders))


def test_levels_of_the_reference():
    assert levels(14) == [(0, 11, 13), tuple(range(14))]
    assert [len(frames) for frames in levels(500)] == [6, 47, 500]
    assert levels(23)[0] == (0, 11, 22)


@pytest.mark.parametrize(("frames", "other"), [(1, {}), (5, {"window": 3}), (5, {"strength": 0.5})])
def test_steps_are_told_one_by_one(model, frames, other):
    start = np.zeros((frames, 4, 16, 16), np.float32)
    ask = tiny_ask(frames, **other, start=start)
    told = []
    draw_film(model, ask, told.append)
    assert sorted(set(told)) == list(range(told[-1] + 1))
    assert told == sorted(told)
    if "window" not in other:
        assert told[-1] == steps_of(frames, ask.steps, ask.strength)


def test_steps_of_a_long_film():
    # 6, 47 and 500 frames are 1, 5 and 46 windows.
    assert steps_of(500, 25) == 25 * (1 + 5 + 46)
    assert steps_of(500, 25, 0.5) == 12 * (1 + 5 + 46)


def test_the_same_call_gives_the_same_bits(model):
    ask = tiny_ask(5, window=3)
    first, second = (draw_film(model, ask, nobody()) for _ in range(2))
    assert first.shape == (5, 4, 16, 16) and first.dtype == np.float32
    np.testing.assert_array_equal(first, second)


def test_known_frames_stay_and_others_fit_to_them(model):
    free = tiny_ask(5, window=3)
    known = {0: np.full((4, 16, 16), 0.5, np.float32), 4: np.full((4, 16, 16), -0.5, np.float32)}
    without = draw_film(model, free, nobody())
    drawn = draw_film(model, tiny_ask(5, window=3, known=known), nobody())
    for frame, latent in known.items():
        np.testing.assert_array_equal(drawn[frame], latent)
    assert all(np.abs(drawn[frame] - without[frame]).max() > 1e-4 for frame in (1, 2, 3))


def test_little_strength_stays_near_the_start(model):
    start = np.full((2, 4, 16, 16), 0.3, np.float32)
    near, far = (
        np.abs(draw_film(model, tiny_ask(2, steps=4, start=start, strength=strength), nobody()) - start).mean()
        for strength in (0.25, 1.0)
    )
    assert near < far


@pytest.mark.parametrize("name", ["reference_latent", "positive", "positive_ref", "conditions", "emotions"])
def test_everything_that_drives_counts(model, name):
    ask = tiny_ask(1)
    before = draw_film(model, ask, nobody())
    value = getattr(ask, name)
    changed = 255 - value if value.dtype == np.uint8 else -value
    after = draw_film(model, tiny_ask(1, **{name: changed}), nobody())
    assert np.abs(after - before).max() > 1e-5


def test_guidance_of_one_has_no_negative_condition(model):
    ask = tiny_ask(2, guidance=1.0)
    without = tiny_ask(2, guidance=1.0, negative=ask.negative * np.nan, negative_ref=ask.negative_ref * np.nan)
    np.testing.assert_array_equal(draw_film(model, ask, nobody()), draw_film(model, without, nobody()))


def test_canceling_leaves_no_hooks(model):
    class CanceledError(Exception):
        pass

    def told(done: int) -> None:
        if done == 1:
            raise CanceledError

    with pytest.raises(CanceledError):
        draw_film(model, tiny_ask(2), told)
    blocks = [*model.unet.down_blocks, *model.unet.up_blocks, *model.unet_ref.down_blocks, *model.unet_ref.up_blocks]
    assert not any(block._forward_hooks or block._forward_pre_hooks for block in blocks)


def test_numbers_that_are_no_picture_are_told(model):
    with pytest.raises(TalkingHeadError, match="no picture") as caught:
        draw_film(model, tiny_ask(5, window=3, emotions=np.full((5, 548), np.nan, np.float32)), nobody())
    assert caught.value.code is ErrorCode.INTERNAL
