# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""HelloMeme's weight files, and where programs keep them. Pure.

Its authors (Zhang and others, 2024) give them out on Hugging Face and ModelScope under songkey, a repository a
network; neither sizes nor hashes are published. Sizes are those of their tensors with 32 bit, which a file with
16 bit does not reach. Its own detector and landmarks, the blendshapes and CLIP's image encoder are not needed.
"""

from __future__ import annotations

from .entries import Part, UrlSource, WeightFile, WeightSet
from .sd15 import SD15_PARTS

_HUGGING_FACE = "https://huggingface.co/songkey/{}/resolve/main/{}"
_MODELSCOPE = "https://www.modelscope.cn/models/songkey/{}/resolve/master/{}"
_FOLDER = "hellomeme"
_NETWORK_FILE = "diffusion_pytorch_model.safetensors"
_NOTE = "HelloMeme by Zhang and others; licence of its repository, none is known for the weights"
_PD_FGC_NOTE = (
    "PD-FGC's motion encoder by Wang and others as HelloMeme gives it out; licence of HelloMeme's repository, PD-FGC's"
    " own states none; trained with interviews from YouTube (VoxCeleb2)"
)

# Part: repository, file, size in bytes, note.
_NETWORKS: dict[str, tuple[str, str, int, str]] = {
    "reference": ("hm5_reference", _NETWORK_FILE, 385_138_000, _NOTE),
    "reference_v5b": ("hm5b_reference", _NETWORK_FILE, 1_107_788_000, _NOTE),
    "control": ("hm5_control_base", _NETWORK_FILE, 910_429_000, _NOTE),
    "control_proj": ("hm5_control_proj", _NETWORK_FILE, 429_347_000, _NOTE),
    "motion": ("hm5_motion", _NETWORK_FILE, 1_607_437_000, _NOTE),
    "pd_fgc": ("pd_fgc_motion", _NETWORK_FILE, 34_134_000, _PD_FGC_NOTE),
    "hello_3dmm": ("hello_group_facemodel", "hello_3dmm.onnx", 311_000_000, _NOTE),
}


def _file(part: str) -> WeightFile:
    repository, file_name, size, note = _NETWORKS[part]
    sources = tuple(UrlSource(address.format(repository, file_name)) for address in (_HUGGING_FACE, _MODELSCOPE))
    folder = f"{_FOLDER}/{repository}"
    return WeightFile(f"hellomeme_{part}", file_name, size, "", "MIT", note, sources, folder, exact_size=False)


def _places(repository: str) -> tuple[str, ...]:
    """As downloaded by the add-on; as copied from the authors; in the caches of ModelScope and Hugging Face."""
    return (
        f"{_FOLDER}/{repository}",
        repository,
        f"songkey/{repository}",
        f"models--songkey--{repository}/snapshots/*",
    )


_FILES = {part: _file(part) for part in _NETWORKS}

HELLOMEME_FILES: tuple[WeightFile, ...] = tuple(_FILES.values())


def _part(name: str, network: str = "") -> Part:
    repository, file_name, _, _ = _NETWORKS[network or name]
    return Part(name, _FILES[network or name], _places(repository), (file_name,))


_SHARED = tuple(map(_part, ("control", "control_proj", "motion", "pd_fgc", "hello_3dmm")))

HELLOMEME_SETS: tuple[WeightSet, ...] = (
    WeightSet("hellomeme_v5", "HelloMeme 5", (_part("reference"), *_SHARED, *SD15_PARTS)),
    WeightSet("hellomeme_v5b", "HelloMeme 5b", (_part("reference", "reference_v5b"), *_SHARED, *SD15_PARTS)),
)
