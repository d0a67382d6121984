# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How networks are held follows what is drawn; prompts are read without the other networks in the way."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("diffusers")

import omniavatar_tiny as tiny
import torch
import wan_weights
import wananimate2_tiny
from safetensors.torch import save_file

from inference.engines.neural.device import Device
from inference.engines.omniavatar import drawing as omniavatar_drawing
from inference.engines.omniavatar.drawing import BASE, Drawing
from inference.engines.pipelines import wananimate2
from inference.engines.pipelines.wananimate2 import WanAnimate2
from inference.engines.video import drawing as video_drawing
from inference.engines.video import tensors_in
from inference.engines.video.drawing import TEXT
from inference.engines.video.fit import EIGHT, FULL, HALF, Fit
from inference.engines.video.held import Held, VideoPlacing
from inference.engines.video.load import Load
from inference.engines.video.needs import has_room
from inference.engines.video.tensors_in import part_paths, read_files
from inference.engines.video.text import load_umt5
from inference.engines.video.transformers_from import animate_from
from inference.engines.wananimate.drawing import Drawing as AnimateDrawing
from inference.errors import ErrorCode, TalkingHeadError

CPU = Device("cpu")
SMALL, LARGE = Load(17, 32, 32), Load(17, 64, 64)
NOTHING = TalkingHeadError(ErrorCode.OUT_OF_MEMORY, "Full.")


class Fits:
    """Decides by the load, and notes what it was told to be held already."""

    def __init__(self, kept):
        self.kept, self.held = kept, []

    def __call__(self, parts, device, precision, memory, held=0):
        self.held.append(held)
        found = self.kept(device, held, parts)
        if isinstance(found, Exception):
            raise found
        return found


def fit(form=FULL, memory="all", tiles=False):
    return Fit({BASE: form, TEXT: form}, form != FULL, memory, (), tiles, 0, 0, "", {TEXT: 1000})


def is_large(parts):
    """Whether the fit is for the large load: its VAE works on more."""
    return max(part.working for part in parts if part.exact and part.working_tiled) > 32 * 32 * 4 * 68 * 8


@pytest.fixture
def made(monkeypatch):
    """Makes a drawing whose fit is decided by a function of device, bytes held and parts."""

    def make(kept):
        fits = Fits(kept)
        monkeypatch.setattr(video_drawing, "fitting", fits)
        return Drawing(tiny.files(), "auto", "auto"), fits

    return make


def test_another_size_is_fitted_again_and_keeps_the_networks(made):
    drawing, fits = made(lambda device, held, parts: fit("full", *(("layers", True) if is_large(parts) else ())))
    drawing.prepare(SMALL)
    vae, model = drawing._vae, drawing._model
    assert (drawing.placing.memory, vae.network.use_tiling) == ("all", False)
    drawing.prepare(LARGE)
    assert (drawing.placing.memory, vae.network.use_tiling) == ("layers", True)
    assert drawing._vae is vae and drawing._model is model
    # What is in memory already must not count twice.
    weights = sum(tensor.nbytes for tensor in model.transformer.network.state_dict().values())
    assert fits.held[0] == 0 and fits.held[1] > weights
    drawing.prepare(LARGE)
    assert len(fits.held) == 2
    drawing.prepare(SMALL)
    assert (drawing.placing.memory, vae.network.use_tiling) == ("all", False)


def test_another_size_that_needs_another_form_reads_the_networks_again(made):
    drawing, fits = made(lambda device, held, parts: fit(EIGHT if is_large(parts) else FULL))
    drawing.prepare(SMALL)
    model = drawing._model
    drawing.prepare(LARGE)
    assert drawing._model is not model and drawing.placing.fit.forms[BASE] == EIGHT
    assert fits.held[1] > 0 and fits.held[2] == 0


def test_what_does_not_fit_beside_itself_may_fit_alone(made):
    drawing, fits = made(lambda device, held, parts: NOTHING if held else fit())
    drawing.prepare(SMALL)
    drawing._model  # noqa: B018
    drawing.prepare(LARGE)
    assert "_model" not in vars(drawing) and len(fits.held) == 3


def test_a_size_for_which_nothing_fits_is_tried_again(made):
    drawing, _ = made(lambda device, held, parts: NOTHING if is_large(parts) else fit())
    for _ in range(2):
        with pytest.raises(TalkingHeadError, match="Full"):
            drawing.prepare(LARGE)
    drawing.prepare(SMALL)


@pytest.mark.parametrize("room", [True, False])
def test_prompts_are_read_without_the_others_in_the_way(made, monkeypatch, room):
    drawing, _ = made(lambda device, held, parts: fit())
    drawing.prepare(SMALL)
    asked, released, there = [], [], []
    monkeypatch.setattr(video_drawing, "has_room", lambda needed: asked.append(needed) or room)
    release = VideoPlacing.release
    monkeypatch.setattr(VideoPlacing, "release", lambda placing: released.append(1) or release(placing))
    read = video_drawing.load_umt5

    def reading(*args):
        there.append((len(released), "_model" in vars(drawing)))
        return read(*args)

    monkeypatch.setattr(video_drawing, "load_umt5", reading)
    model = drawing._model
    notes = tiny.Memo()
    rows = drawing.texts(notes, ("a person",))
    assert there and there[0][0] >= 1 and there[0][1] is room
    assert asked == [1000] and (drawing._model is model) is room
    # Remembered ones need no room.
    assert np.array_equal(drawing.texts(notes, ("a person",))[0], rows[0]) and len(there) == 1


def test_memory_that_runs_out_over_a_prompt_is_tried_with_less(made, monkeypatch):
    drawing, _ = made(lambda device, held, parts: fit())
    drawing.prepare(SMALL)
    drawing.placing.device = type("Card", (), {"kind": "cuda", "release": lambda self: None})()
    tried = []

    def embed(texts, prompt):
        tried.append(drawing.placing.memory)
        if len(tried) < 3:
            raise NOTHING
        return np.zeros((1, 8), np.float32)

    monkeypatch.setattr(video_drawing.Texts, "embed", embed)
    drawing.texts(None, ("a person",))
    assert tried == ["all", "parts", "layers"]
    # The others are not slower for it.
    assert drawing.placing.memory == "all"


def test_room_is_what_is_free_but_for_a_tenth(monkeypatch):
    import psutil

    monkeypatch.setattr(psutil, "virtual_memory", lambda: type("Memory", (), {"available": 1000}))
    assert has_room(900) and not has_room(901)


def test_large_networks_are_read_through_windows(monkeypatch, tmp_path):
    """So that files in 32 bit are never in memory as a whole, where they will be held in less."""
    seen = {}

    def spied(module):
        def spy(files, dtype=None, windows=False):
            seen[files[0].name] = windows
            return read_files(files, dtype, windows)

        monkeypatch.setattr(module, "read_files", spy)

    for module in (video_drawing, omniavatar_drawing, wananimate2):
        spied(module)
    drawing = Drawing(tiny.files(), "half", "auto")
    drawing.prepare(SMALL)
    drawing.texts(None, ("a",))
    drawing._model  # noqa: B018
    paths = drawing._files.paths
    assert seen == {part_paths(paths, name)[0].name: True for name in ("umt5", "base")}
    adapter = WanAnimate2(wananimate2_tiny.paths(tmp_path), VideoPlacing(fit(), drawing._device))
    adapter._held  # noqa: B018
    assert seen["transformer.safetensors"]


def test_wan_animate_reads_its_network_through_windows(monkeypatch):
    from inference.engines.wananimate import drawing as module

    seen = {}
    monkeypatch.setattr(
        module, "read_files", lambda files, windows=False: seen.update({files[0]: windows}) or read_files(files)
    )
    files = wan_weights.official_paths(wan_weights.official_folder())
    given = replace(tiny.files(), parts=tuple((name, path, name) for name, path in files.items()))
    drawing = AnimateDrawing(given, "half", "auto")
    drawing.prepare(SMALL)
    drawing._transformer()
    assert seen == {part_paths(files, "transformer")[0]: True}


def test_windows_are_copied_when_networks_get_their_form(monkeypatch):
    """Also those into files of torch, of which the text encoder is one, and where the form is the file's own."""
    paths = wan_weights.official_paths(wan_weights.official_folder())
    assert paths["umt5"].suffix == ".pth"
    monkeypatch.setattr(tensors_in, "read_tensors", None)  # copies all of a file
    tensors = read_files([paths["umt5"]], windows=True)
    places = {tensor.untyped_storage().data_ptr() for tensor in tensors.values()}
    network = load_umt5(tensors)
    placing = VideoPlacing(Fit({TEXT: HALF}, True, "all", (), False, 0, 0, ""), CPU)
    Held(network, placing, TEXT)
    held = {tensor.untyped_storage().data_ptr() for tensor in network.state_dict().values()}
    assert not held & places and network.dtype is torch.bfloat16


def test_8_bit_floats_without_scales_are_never_all_in_16_bit(tmp_path):
    folder = wan_weights.comfyui_folder()
    plain = read_files(part_paths(wan_weights.comfyui_paths(folder, wan_weights.SINGLE), "transformer"))
    rounded = {
        name: tensor.to(torch.float8_e4m3fn).contiguous() if tensor.ndim == 2 and "blocks." in name else tensor
        for name, tensor in plain.items()
    }
    save_file(rounded, tmp_path / "fp8.safetensors")
    read = tensors_in.read_files([tmp_path / "fp8.safetensors"], windows=True)
    network, wider = animate_from(read, "fp8"), animate_from(read, "fp8", torch.bfloat16)
    layer = "blocks.0.attn1.to_q"
    assert network.get_submodule(layer).weight.dtype is torch.float8_e4m3fn
    placing = VideoPlacing(Fit({"model": EIGHT}, True, "all", (), False, 0, 0, ""), CPU)
    for each in (network, wider):
        Held(each, placing, "model")
    found, expected = network.state_dict(), wider.state_dict()
    assert found.keys() == expected.keys()
    assert found[f"{layer}.weight"].dtype is torch.int8
    assert all(found[name].dtype is expected[name].dtype for name in expected)
    assert all(torch.equal(found[name], expected[name]) for name in expected)
    exact = animate_from(read, "fp8")
    Held(exact, VideoPlacing(Fit({"model": FULL}, False, "all", (), False, 0, 0, ""), CPU), "model")
    assert exact.get_submodule(layer).weight.dtype is torch.float32
