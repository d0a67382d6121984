# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The catalogue's entries of Wan-Animate-2, and the folders for diffusers that they are found in."""

import pytest
import weight_files

from inference.engines import ENGINES
from inference.weights.catalogue import BY_NAME, SETS
from inference.weights.store import WeightStore
from inference.weights.wananimate2 import WANANIMATE2_FILES, WANANIMATE2_SETS

FOLDERS = {
    "wananimate2_official": "Wan2.2-Animate-2-14B-Diffusers",
    "wananimate2_distilled": "Wan2.2-Animate-2-14B-Distilled-Diffusers",
}
INSIDE = {
    **{f"transformer_{n}": f"transformer/diffusion_pytorch_model-{n:05}-of-00004.safetensors" for n in range(1, 5)},
    "vae": "vae/diffusion_pytorch_model.safetensors",
    **{("umt5" if n == 1 else f"umt5_{n}"): f"text_encoder/model-{n:05}-of-00003.safetensors" for n in (1, 2, 3)},
    "tokenizer": "tokenizer/tokenizer.json",
    "clip": "image_encoder/model.safetensors",
}


def test_every_model_has_its_set():
    description = ENGINES["wananimate2"]
    (model,) = (setting for setting in description.settings if setting.name == description.set_setting)
    assert [description.weight_set({"model": choice.value}) for choice in model.choices] == list(FOLDERS)
    assert [entry.name for entry in WANANIMATE2_SETS] == list(FOLDERS)
    for entry in WANANIMATE2_SETS:
        assert tuple(part.name for part in entry.parts) == ("transformer", "vae", "umt5", "tokenizer", "clip")


@pytest.mark.parametrize("file", WANANIMATE2_FILES, ids=lambda file: file.name)
def test_what_is_published_of_files(file):
    assert BY_NAME[file.name] is file
    assert (file.sha256, file.exact_size, file.licence) == ("", False, "Apache-2.0")
    assert all(source.url.endswith(f"/{file.path.partition('/')[2]}") for source in file.sources)


@pytest.mark.parametrize("name", FOLDERS)
@pytest.mark.parametrize("place", ["{}", "Wan-AI/{}", "models--Wan-AI--{}/snapshots/7d48412"])
def test_where_the_folder_is_found(tmp_path, name, place):
    folder = tmp_path / place.format(FOLDERS[name])
    made = {part: weight_files.write(folder / inside, part) for part, inside in INSIDE.items()}
    found = WeightStore([tmp_path]).found(name)
    assert not found.missing and {path for path in found.paths.values()} == set(made.values())
    (other,) = FOLDERS.keys() - {name}
    assert [part.name for part in WeightStore([tmp_path]).found(other).missing] == ["transformer"]


def test_sizes_and_names_are_those_of_the_network():
    torch = pytest.importorskip("torch")
    diffusers = pytest.importorskip("diffusers")
    from inference.engines.pipelines.wananimate2 import _sizes

    with torch.device("meta"):
        network = diffusers.WanAnimate2Transformer3DModel()
    tensors = network.state_dict()
    # As many as the published index names.
    assert len(tensors) == 1303
    assert _sizes(tensors).items() <= dict(network.config).items()
    total = 2 * sum(tensor.numel() for tensor in tensors.values())
    for entry in SETS["wananimate2_official"], SETS["wananimate2_distilled"]:
        assert sum(file.size for file in entry.parts[0].files) == pytest.approx(total, rel=1e-4)
