# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The engine with the real networks' tiny relatives: files of both models, forms, LoRA, errors, what sessions share."""

from __future__ import annotations

import shutil
from pathlib import Path

import media
import numpy as np
import pytest
from puppets import PictureList

pytest.importorskip("diffusers")

import omniavatar_tiny as tiny
import omniavatar_weights
import torch
import wan_forms
from diffusers.quantizers.gguf.utils import GGUFLinear
from omniavatar_tiny import QUICK, Memo, Sound, request, sections
from safetensors.torch import save_file

from inference.engines.engine import Drivers, Quality
from inference.engines.omniavatar.description import OMNIAVATAR
from inference.engines.omniavatar.drawing import Drawing
from inference.engines.omniavatar.engine import OmniAvatarEngine, create
from inference.engines.omniavatar.sampling import passes
from inference.engines.video.load import Load
from inference.engines.video.lora import LowRank
from inference.errors import Action, ErrorCode, TalkingHeadError
from inference.media.picture import Picture
from inference.source import FaceChoice
from inference.weights.store import WeightStore

# A guidance of 1 asks the networks once instead of twice.
BRIEF = {**QUICK, "guidance": 1.0, "precision": "full"}
NOTES = Memo()
prepare = Drawing.prepare


@pytest.fixture(autouse=True)
def small(monkeypatch):
    tiny.tiny_sizes(monkeypatch)


@pytest.fixture(scope="module")
def engine():
    made = create()
    made.load(WeightStore([omniavatar_weights.official_folder(), *media.weight_folders()]))
    yield made
    made.unload()


def grey() -> Picture:
    """A picture without a face, which the engine does not need."""
    return Picture(np.random.default_rng(1).integers(90, 160, (40, 60, 3), dtype=np.uint8))


def opened(engine: OmniAvatarEngine, **settings: object):
    drivers = Drivers(sound=Sound(), notes=NOTES)
    return engine.open(PictureList([grey()]), [0], FaceChoice(), {**BRIEF, **settings}, drivers)


def latents(session) -> np.ndarray:
    (section,) = sections(8)
    drawn = session.draw(section, [request(frame) for frame in range(8)], None, lambda done: None)
    return np.asarray(drawn["latents"])


def test_an_engine_that_was_not_loaded_says_so():
    with pytest.raises(TalkingHeadError) as caught:
        opened(OmniAvatarEngine())
    assert caught.value.code is ErrorCode.INTERNAL


def test_both_models_draw(engine):
    """They have the same numbers here; the large one's base lies in six files."""
    drawn = latents(opened(engine))
    assert drawn.shape == (16, 5, 2, 4) and np.isfinite(drawn).all()
    assert np.array_equal(latents(opened(engine, model="large")), drawn)


@pytest.mark.parametrize(("precision", "near"), [("half", 0.15), ("eight", 0.3)])
def test_forms(engine, precision, near):
    exact = latents(opened(engine))
    found = latents(opened(engine, precision=precision))
    difference = np.abs(found - exact).mean() / exact.std()
    assert 0 < difference < near


def test_a_quantized_base(engine, tmp_path):
    """The adapter's first layer and its LoRA, and a user's LoRA, on a base as GGUF."""
    folder = tmp_path / "models"
    official = omniavatar_weights.official_folder()
    shutil.copytree(official, folder, ignore=shutil.ignore_patterns("*14B", "diffusion_pytorch_model*"))
    path = folder / "unet" / "Wan2.1-T2V-1.3B-Q8_0.gguf"
    wan_forms.write_gguf(path, omniavatar_weights.states()["dit"], "Q8_0")
    made = create()
    made.load(WeightStore([folder, *media.weight_folders()]))
    style = {"precision": "half", "lora": str(style_lora(tmp_path / "style.safetensors"))}
    for settings in ({}, {"precision": "half"}, style):
        exact, found = (latents(opened(each, **settings)) for each in (engine, made))
        difference = np.abs(found - exact).mean() / exact.std()
        assert 0 < difference < 0.1
    network = opened(made, **style)._networks()._model.transformer.network
    quantized = [layer for layer in network.modules() if isinstance(layer, GGUFLinear)]
    assert quantized and all(any(isinstance(part, LowRank) for part in layer.children()) for layer in quantized)
    made.unload()


def style_lora(path: Path) -> Path:
    numbers = np.random.default_rng(0)
    layer = "diffusion_model.blocks.0.ffn.0"
    down, up = (torch.tensor(numbers.normal(0, 1, shape).astype(np.float32)) for shape in ((4, 48), (64, 4)))
    save_file({f"{layer}.lora_A.weight": down, f"{layer}.lora_B.weight": up}, path)
    return path


def test_lora(engine, tmp_path):
    plain = latents(opened(engine))
    path = str(style_lora(tmp_path / "style.safetensors"))
    assert not np.allclose(latents(opened(engine, lora=path)), plain, atol=1e-3)
    assert np.array_equal(latents(opened(engine, lora=path, lora_strength=0.0)), plain)
    with pytest.raises(TalkingHeadError) as caught:
        latents(opened(engine, lora=str(tmp_path / "gone.safetensors")))
    assert caught.value.code is ErrorCode.WEIGHTS_MISSING


@pytest.mark.parametrize("guidance", [1.0, 1.5, 4.5])
@pytest.mark.parametrize("audio_guidance", [0.0, 1.0, 1.5, 4.5])
def test_films_are_estimated_as_they_are_sampled(guidance, audio_guidance):
    assert OMNIAVATAR.film is not None
    settings = {"guidance": guidance, "audio_guidance": audio_guidance}
    assert OMNIAVATAR.film.computations(settings) == passes(guidance, audio_guidance)


def test_sessions_share_networks(engine):
    first, second = opened(engine), opened(engine, seed=5)
    assert not np.array_equal(latents(first), latents(second))
    assert first._drawing is second._drawing
    first.close()
    second.close()


def test_networks_of_other_settings_are_let_go_of(engine):
    """Two sets of 40 GB would be held otherwise: by the session that drew last, and by the one that draws."""
    first, second = opened(engine), opened(engine, precision="half")
    exact = latents(first)
    networks = first._drawing
    assert networks() is engine._last
    latents(second)
    assert networks() is None and engine._last is second._drawing()
    # The session is of use as before.
    assert np.array_equal(latents(first), exact)
    assert second._drawing() is None


def test_networks_that_draw_are_not_taken_away(engine):
    first, second = opened(engine), opened(engine, precision="half")
    (section,) = sections(8)
    seen = []

    def told(done):
        if not seen:
            latents(second)
            seen.append(first._drawing() is not None)

    again = first.draw(section, [request(frame) for frame in range(8)], None, told)["latents"]
    assert seen == [True] and np.array_equal(again, latents(opened(engine)))


def test_what_fits_is_decided_for_what_is_drawn(engine, monkeypatch):
    """The portrait's own size, and all frames that are drawn at once: 17 are 25 with 13 carried over after 9."""
    asked = []
    monkeypatch.setattr(Drawing, "prepare", lambda drawing, load: asked.append(load) or prepare(drawing, load))
    latents(opened(engine, overlap="13"))
    assert set(asked) == {Load(25, 16, 32)}
    asked.clear()
    latents(opened(engine))
    assert set(asked) == {Load(17, 16, 32)}


def test_previews_need_no_models():
    made = create()
    made.load(WeightStore(media.weight_folders()))
    session = opened(made)
    ((_, shown),) = session.frames([request(0)], Quality.PREVIEW)
    assert np.array_equal(shown.pixels, grey().pixels)
    with pytest.raises(TalkingHeadError) as caught:
        latents(session)
    assert (caught.value.code, caught.value.action) == (ErrorCode.WEIGHTS_MISSING, Action.GET_MODELS)
    made.unload()


def test_too_little_memory_is_told_before_anything_is_read(engine, monkeypatch):
    import psutil

    monkeypatch.setattr(psutil, "virtual_memory", lambda: type("Memory", (), {"available": 10**6}))
    with pytest.raises(TalkingHeadError) as caught:
        latents(opened(engine, seed=1, frames_at_once=21))
    assert caught.value.code is ErrorCode.OUT_OF_MEMORY


def test_an_adapter_of_another_model(tmp_path):
    folder = tmp_path / "models"
    shutil.copytree(omniavatar_weights.official_folder(), folder, ignore=shutil.ignore_patterns("*14B"))
    path = folder / "OmniAvatar-1.3B" / "pytorch_model.pt"
    state = torch.load(path, weights_only=True)
    for name in ("patch_embedding.weight", "patch_embedding.bias"):
        state[name] = torch.cat([state[name]] * 2)
    torch.save(state, path)
    made = create()
    made.load(WeightStore([folder, *media.weight_folders()]))
    with pytest.raises(TalkingHeadError) as caught:
        latents(opened(made))
    assert caught.value.code is ErrorCode.WEIGHTS_CORRUPT
    made.unload()
