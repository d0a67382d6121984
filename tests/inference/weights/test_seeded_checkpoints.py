# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tiny seeded checkpoints that the tests of redraw engines use: whole, alike in all forms, and alive."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("diffusers")

import hellomeme_weights  # noqa: E402
import sd15_weights  # noqa: E402
import xportrait_weights  # noqa: E402

from inference.engines.diffusion.base_model import (  # noqa: E402
    load_text_encoder,
    load_tokenizer,
    load_unet,
    load_vae,
)
from inference.weights.store import WeightStore  # noqa: E402
from inference.weights.tensors import read_tensors  # noqa: E402


@pytest.fixture(scope="module")
def paths():
    return sd15_weights.diffusers_paths(sd15_weights.diffusers_folder())


@pytest.mark.parametrize(
    ("name", "paths_of"),
    [
        ("hellomeme_v5", hellomeme_weights.official_paths),
        ("hellomeme_v5b", lambda folder: hellomeme_weights.official_paths(folder, "v5b")),
        ("xportrait_official", xportrait_weights.official_paths),
    ],
)
def test_the_catalogue_finds_them(name, paths_of):
    weights = xportrait_weights if name.startswith("xportrait") else hellomeme_weights
    folder = weights.official_folder()
    assert WeightStore([folder]).set_paths(name) == paths_of(folder)


@pytest.mark.parametrize(
    ("part", "load"), [("sd15_unet", load_unet), ("sd15_vae", load_vae), ("sd15_text", load_text_encoder)]
)
def test_a_folder_and_a_single_file_are_the_same_networks(paths, part, load):
    single = sd15_weights.single_path(sd15_weights.single_folder())
    one, other = load(paths[part]).state_dict(), load(single).state_dict()
    assert one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def test_the_style_has_another_unet_and_the_same_rest():
    folder = sd15_weights.single_folder()
    plain, style = (
        read_tensors(sd15_weights.single_path(folder, name)) for name in (sd15_weights.SINGLE, sd15_weights.STYLE)
    )
    differing = {name.split(".")[0] for name in plain if not torch.equal(plain[name], style[name])}
    assert plain.keys() == style.keys() and differing == {"model"}


def test_latents_become_varied_pictures(paths):
    vae = load_vae(paths["sd15_vae"])
    latents = torch.from_numpy(np.random.default_rng(1).standard_normal((2, 4, 8, 8), np.float32))
    with torch.inference_mode():
        pictures = vae.decode(latents / 0.18215).sample
        again = vae.encode(pictures).latent_dist.mode() * 0.18215
    assert pictures.shape == (2, 3, 64, 64) and again.shape == latents.shape
    assert 0.1 < pictures.std() < 0.7 and pictures.abs().max() < 3
    assert (pictures[0] - pictures[1]).abs().mean() > 0.1
    assert 0.2 < again.std() < 2


def test_prompts_become_rows(paths):
    tokenizer = load_tokenizer(paths["sd15_vocab"], paths["sd15_merges"])
    encoder = load_text_encoder(paths["sd15_text"])
    options = {"padding": "max_length", "max_length": 77, "truncation": True, "return_tensors": "pt"}
    rows = []
    for prompt in ("", "the face in the light", "ein Gesicht, 顔"):
        numbers = tokenizer(prompt, **options).input_ids
        assert numbers.max() < len(sd15_weights.vocabulary())
        with torch.inference_mode():
            rows.append(encoder(numbers)[0])
    assert all(row.shape == (1, 77, 16) and row.isfinite().all() for row in rows)
    assert (rows[0] - rows[1]).abs().mean() > 0.1 and (rows[1] - rows[2]).abs().mean() > 0.1
    assert tokenizer.tokenize("the facing") == ["the</w>", "fac", "ing</w>"]


def test_the_head_network_answers_in_the_usual_range():
    onnxruntime = pytest.importorskip("onnxruntime")
    path = hellomeme_weights.official_folder() / hellomeme_weights.HELLO_3DMM
    network = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    pictures = np.random.default_rng(1).random((2, 3, 8, 8), np.float32).repeat(28, 2).repeat(28, 3)
    found = network.run(None, {network.get_inputs()[0].name: pictures})[0]
    angles, translation = found[:, 1168:1171], found[:, 1198:]
    assert found.shape == (2, 1201) and np.ptp(found, axis=0).max() > 0.1
    assert 0 < np.abs(angles).max() <= 0.35
    assert np.abs(translation[:, :2]).max() <= 0.02 and np.allclose(translation[:, 2], -5, atol=0.15)


def test_the_embedded_form_holds_decoder_and_text_encoder(tmp_path):
    small = {"model.diffusion_model.out.2.bias": np.ones(4, np.float32)}
    path = xportrait_weights.write_official(tmp_path / "x.th", small, embedded=True)
    tops = {name.removeprefix("state_dict.").split(".")[0] for name in read_tensors(path)}
    assert tops == {"model", "first_stage_model", "cond_stage_model", "betas", "alphas_cumprod"}


def test_the_vocabulary_is_clips_in_small():
    vocabulary = sd15_weights.vocabulary()
    assert list(vocabulary.values()) == list(range(len(vocabulary)))
    assert [vocabulary[token] for token in ("!", "a", "!</w>")] == [0, 64, 256]
