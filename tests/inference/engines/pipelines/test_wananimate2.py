# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Wan-Animate-2 by diffusers' pipeline: its attention, its sections, and films with what all pipelines share."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("diffusers")

import torch
import wananimate2_tiny
from edtalk_stand_in import NotesInMemory
from faces import picture, tracker
from liveportrait_stand_in import ClipOfPictures
from puppets import PictureList

from inference.controls import pose_from
from inference.engines.engine import DrivingPlace, FrameRequest, Quality
from inference.engines.neural.device import Device
from inference.engines.pipelines import in_context, wananimate2
from inference.engines.pipelines.adapter import Load, SectionAsk
from inference.engines.pipelines.description import WANANIMATE2
from inference.engines.pipelines.drawing import Drawing
from inference.engines.pipelines.in_context import attended
from inference.engines.pipelines.session import Parts, PipelineSession
from inference.engines.pipelines.wananimate2 import InMainMemory, WanAnimate2, transformer_from
from inference.engines.video.fit import FULL, HALF, Fit
from inference.engines.video.held import VideoPlacing
from inference.errors import ErrorCode, TalkingHeadError
from inference.media.picture import Picture
from inference.source import FaceChoice

HEIGHT, WIDTH, FRAMES = 16, 32, 5


@pytest.fixture(scope="module")
def paths(tmp_path_factory):
    return wananimate2_tiny.paths(tmp_path_factory.mktemp("wananimate2"))


@pytest.fixture(scope="module")
def adapter(paths):
    fit = Fit({wananimate2.TRANSFORMER: FULL}, False, "all", (), False, 0, 0, "")
    return WanAnimate2(paths, VideoPlacing(fit, Device("cpu")))


def ask(known=None, guidance=3.0, **others):
    make = np.random.default_rng(1)
    values = {
        "picture": make.integers(0, 256, (HEIGHT, WIDTH, 3), dtype=np.uint8),
        "clip": make.integers(0, 256, (FRAMES, HEIGHT, WIDTH, 3), dtype=np.uint8),
        "texts": [make.standard_normal((rows, 32)).astype(np.float32) for rows in (7, 9, 4)],
        "noise": make.standard_normal((16, 3, HEIGHT // 8, WIDTH // 8)).astype(np.float32),
    }
    return SectionAsk(known=known, steps=2, guidance=guidance, solver="unipc", shift=5.0, **{**values, **others})


def drawn(adapter, given):
    return adapter.draw(given, lambda done: None)


def test_frames_see_all_drawn_ones_and_their_own_of_the_clip():
    torch.manual_seed(0)
    frames, places = 3, 4
    query, key, value = torch.randn(3, 1, frames * places, 2, 6)
    clip_key, clip_value = torch.randn(2, 1, (frames - 1) * places, 2, 6)
    # The rule of the published mask: all drawn places, and those of the clip's frame of the same time.
    time = torch.arange(frames * places) // places
    of_clip = torch.arange((frames - 1) * places) // places + 1
    mask = torch.cat([torch.ones(len(time), len(time), dtype=torch.bool), time[:, None] == of_clip], 1)
    first = [each.transpose(1, 2) for each in (query, torch.cat([key, clip_key], 1), torch.cat([value, clip_value], 1))]
    wanted = torch.nn.functional.scaled_dot_product_attention(*first, attn_mask=mask).transpose(1, 2)
    found = attended(query, key, value, clip_key, clip_value, frames, frames - 1)
    torch.testing.assert_close(found, wanted, atol=1e-6, rtol=0)


def test_devices_without_64_bit_draw_the_same(paths, adapter, monkeypatch):
    """As Apple's, which take neither such numbers nor complex ones."""
    plain = drawn(adapter, ask())
    monkeypatch.setattr(in_context, "has_64_bit", lambda device: False)
    monkeypatch.setattr(in_context, "rope_apply", None)
    again = drawn(adapter, ask())
    assert 0 < np.abs(again - plain).max() < 1e-4 * plain.std()


def test_tables_stay_where_64_bit_are(paths):
    """On the CPU, so that a device need not hold them."""
    with torch.device("meta"):
        network = in_context.InContextTransformer(**dict(wananimate2_tiny.transformer().config))
    offsets = (1, 2, 3)
    assert network._rope_freqs(offsets, torch.device("mps")).dtype is torch.complex128
    assert not in_context.has_64_bit(torch.device("mps")) and in_context.has_64_bit(torch.device("cuda"))


def test_everything_that_is_asked_counts(adapter):
    plain = drawn(adapter, ask())
    assert plain.shape == (16, 2, HEIGHT // 8, WIDTH // 8)
    assert plain.dtype == np.float32
    assert np.array_equal(drawn(adapter, ask()), plain)
    other = ask()
    changed = [
        ask(guidance=1.0),
        ask(known=np.zeros((1, 3, HEIGHT, WIDTH), np.float32)),
        ask(clip=other.clip[::-1].copy()),
        ask(picture=255 - other.picture),
        ask(texts=[other.texts[1], other.texts[1], other.texts[1]]),
    ]
    for number, given in enumerate(changed):
        assert np.abs(drawn(adapter, given) - plain).max() > 1e-4, number


def test_steps_are_told_also_within_and_may_cancel(adapter):
    told = []
    adapter.draw(ask(), told.append)
    assert sorted(set(told)) == [0, 1, 2]
    assert told == sorted(told)
    # Two passes a step, each told at each layer; the one without a prompt leaves one of more layers out.
    assert told.count(1) >= 2 * wananimate2_tiny.LAYERS

    def cancel(done):
        if done:
            raise TalkingHeadError(ErrorCode.CANCELLED, "Canceled.")

    plain = drawn(adapter, ask())
    with pytest.raises(TalkingHeadError, match="Canceled"):
        adapter.draw(ask(), cancel)
    assert np.array_equal(drawn(adapter, ask()), plain)


def test_what_is_kept_of_the_clip_may_be_in_main_memory():
    kept = InMainMemory()
    key, value = torch.randn(2, 1, 4, 2, 3)
    kept.store(key, value)
    assert all(map(torch.equal, kept.get(), (key, value)))
    kept.clear()
    with pytest.raises(RuntimeError):
        kept.get()


def test_what_the_networks_need(paths):
    parts = {part.name: part for part in WanAnimate2.parts(paths, Load(81, 800, 640))}
    tokens = 22 * 50 * 40
    kept = parts[wananimate2.KEPT]
    assert kept.numbers == 2 * wananimate2_tiny.WIDTH * wananimate2_tiny.LAYERS * tokens
    assert (kept.form, kept.layer_numbers) == (HALF, kept.numbers // wananimate2_tiny.LAYERS)
    assert parts[wananimate2.TRANSFORMER].large


def test_other_files_are_refused():
    with pytest.raises(TalkingHeadError, match=r"patch_embedding\.weight is missing") as caught:
        transformer_from({}, "x.safetensors")
    assert caught.value.code is ErrorCode.WEIGHTS_CORRUPT


class Clip(ClipOfPictures):
    """Eight pictures of a light that goes from left to right."""

    whole = True

    def __init__(self):
        shown = np.zeros((8, 40, 60, 3), np.uint8)
        for number, one in enumerate(shown):
            one[10:30, 5 * number : 5 * number + 15] = (40, 160, 220)
        self.shown = shown

    def __len__(self):
        return len(self.shown)

    def pictures(self, needed):
        return PictureList([Picture(one) for one in self.shown])


@pytest.fixture(scope="module")
def drawing(paths):
    return Drawing(WanAnimate2, paths, "key", "full", "auto")


def session_of(drawing, clip=True, **settings):
    checked = WANANIMATE2.settings_from({"steps": 1, "guidance": 1.0, "frames_at_once": 5, **settings})
    parts = Parts(WANANIMATE2, tracker(), lambda: (drawing, ["A warning."]), Clip() if clip else None, None)
    pictures = PictureList([Picture(picture("astronaut"))])
    return PipelineSession(parts, pictures, FaceChoice(), {**checked, "size": "64"})


def requests_of(count):
    place = [DrivingPlace(float(n), 1, 1, 1, 1) for n in range(count)]
    return [FrameRequest(n, 0, pose_from({}), driving=place[n]) for n in range(count)]


def film(session, requests, after=()):
    """What each section leaves; ``after`` are the first ones of an earlier run."""
    left = list(after)
    for section in WANANIMATE2.sections(len(requests), session._settings)[len(left) :]:
        some = [requests[frame] for frame in section.frames]
        left.append(session.draw(section, some, left[-1] if left else None, lambda done: None))
    return left


def test_rows_of_prompts_belong_to_the_form_of_their_encoder(paths):
    notes = NotesInMemory()

    def rows(precision: str) -> np.ndarray:
        drawing = Drawing(WanAnimate2, paths, "key", precision, "auto")
        drawing.prepare(Load(5, 64, 64))
        return drawing.texts(notes, ("a person",))[0]

    found = [rows(precision) for precision in ("full", "eight", "full")]
    assert np.array_equal(found[0], found[2]) and not np.array_equal(found[0], found[1])


def test_films_go_on_from_what_was_kept(drawing):
    requests = requests_of(8)
    whole = film(session_of(drawing), requests)
    assert len(whole) == 2
    again = film(session_of(drawing), requests, whole[:1])
    assert all(np.array_equal(again[1][name], whole[1][name]) for name in whole[1])
    assert whole[0]["tail"].shape == (1, 3, 64, 64)

    session = session_of(drawing)
    section = WANANIMATE2.sections(8, session._settings)[1]
    frames = dict(session.finish(section, requests[5:], whole[1], lambda: None))
    assert list(frames) == [5, 6, 7]
    assert all(made.size == Picture(picture("astronaut")).size for made in frames.values())
    assert session.warnings == ["A warning."]


def test_previews_show_the_clip_and_need_no_networks():
    session = session_of(None)
    shown = dict(session.frames(requests_of(8), Quality.PREVIEW))
    height, width = Picture(picture("astronaut")).pixels.shape[:2]
    assert all(made.pixels.shape[:2] == (height, width) for made in shown.values())
    assert np.abs(shown[7].pixels.astype(int) - shown[0].pixels).max() > 50


def test_there_must_be_a_clip(drawing):
    with pytest.raises(TalkingHeadError, match="needs a driving clip") as caught:
        film(session_of(drawing, clip=False), requests_of(3))
    assert caught.value.code is ErrorCode.INVALID_REQUEST
    with pytest.raises(TalkingHeadError, match="no helper pictures 'pose'"):
        next(session_of(drawing).stage("pose", requests_of(1), lambda: None))
