# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files that the Wan models share, and where programs keep them. Pure.

Alibaba's Wan team gives its models out on Hugging Face and ModelScope under Wan-AI, each in a folder of its own with
the same text encoder and tokenizer and the same decoder of latents. Sizes and hashes are those of revision 37ec512 of
Wan2.1-T2V-1.3B and cb93a22 of Wan2.2-Animate-14B; ComfyUI's forms are those of its repackaged files.
"""

from __future__ import annotations

from collections.abc import Iterable

from .entries import Part, UrlSource, WeightFile

ANIMATE, SMALL, LARGE = "Wan2.2-Animate-14B", "Wan2.1-T2V-1.3B", "Wan2.1-T2V-14B"
ANIMATE2, ANIMATE2_DISTILLED = "Wan2.2-Animate-2-14B-Diffusers", "Wan2.2-Animate-2-14B-Distilled-Diffusers"
APACHE = "Apache-2.0"
SHARED_FOLDER = "wan"
"""Where the add-on keeps what several models use."""
_UNTOLD = "with which pictures and films it was trained is not told"
WAN_NOTE = f"Wan by Alibaba's Wan team, licence of its repository; {_UNTOLD}"
TEXT_NOTE = "umt5-xxl by Google, licence of its repository; as Wan gives it out"
CLIP_NOTE = "OpenCLIP's ViT-H with XLM-RoBERTa by LAION (MIT); as Wan gives it out, licence of Wan's repository"

_REVISIONS = {
    SMALL: "37ec512624d61f7aa208f7ea8140a131f93afc9a",
    ANIMATE: "cb93a225fbaf1ca100f54e79da8f994995b689b3",
    LARGE: "main",
}


def changed_by(who: str, how: str) -> str:
    """The note on a file that others made of Wan's."""
    return f"Wan by Alibaba's Wan team, licence of its repository, {how} by {who}; {_UNTOLD}"


def wan_sources(model: str, inside: str) -> tuple[UrlSource, ...]:
    """Where Wan's team gives a file of a model out."""
    return (
        UrlSource(f"https://huggingface.co/Wan-AI/{model}/resolve/{_REVISIONS[model]}/{inside}"),
        UrlSource(f"https://www.modelscope.cn/models/Wan-AI/{model}/resolve/master/{inside}"),
    )


def hugging_face(repository: str, revision: str, inside: str) -> tuple[UrlSource, ...]:
    """A file of a repository on Hugging Face."""
    return (UrlSource(f"https://huggingface.co/{repository}/resolve/{revision}/{inside}"),)


def folders_of(model: str, inside: str = "", owner: str = "Wan-AI") -> tuple[str, ...]:
    """Where a model's folder lies: as the add-on and the official programs have it, and in the caches of Hugging Face
    and ModelScope.

    Args:
        inside: folder in it.
    """
    places = (
        model,
        f"{owner}/{model}",
        f"pretrained_models/{model}",
        f"models/{owner}/{model}",
        f"models--{owner}--{model}/snapshots/*",
    )
    return tuple(f"{place}/{inside}" if inside else place for place in places)


def comfyui_folders(kind: str, *repositories: str) -> tuple[str, ...]:
    """Where ComfyUI's models of a kind ("vae" ...) lie: in its folder, folders in it, in the cache of Hugging Face.

    Args:
        repositories: on Hugging Face, as their folders in the cache name them.
    """
    inside = f"snapshots/*/split_files/{kind}"
    return (kind, f"{kind}/*", *(f"models--{repository}/{inside}" for repository in repositories))


REPACKAGED = ("Comfy-Org--Wan_2.1_ComfyUI_repackaged", "Comfy-Org--Wan_2.2_ComfyUI_Repackaged")
"""ComfyUI's repositories, as their folders in the cache of Hugging Face are called."""

_MODELS = (ANIMATE, SMALL, LARGE)
_DIFFUSERS = (f"{ANIMATE}-Diffusers", f"{SMALL}-Diffusers", f"{LARGE}-Diffusers", ANIMATE2, ANIMATE2_DISTILLED)


def _in_models(models: Iterable[str], inside: str = "") -> tuple[str, ...]:
    return tuple(place for model in models for place in folders_of(model, inside))


_COMFY = "Comfy-Org/Wan_2.1_ComfyUI_repackaged"
_COMFY_REVISION = "06e001fc51048fb03433a6fb25334de7836704a5"


def _comfyui(name: str, inside: str, size: int, sha256: str, note: str) -> WeightFile:
    kind, file_name = inside.split("/")
    sources = hugging_face(_COMFY, _COMFY_REVISION, f"split_files/{inside}")
    return WeightFile(name, file_name, size, sha256, APACHE, note, sources, kind)


_T5_NAME = "models_t5_umt5-xxl-enc-bf16.pth"
_VAE_NAME = "Wan2.1_VAE.pth"
_CLIP_NAME = "models_clip_open-clip-xlm-roberta-large-vit-huge-14.pth"
_TOKENIZER_FOLDER = "google/umt5-xxl"

WAN_UMT5 = WeightFile(
    "wan_umt5",
    _T5_NAME,
    11_361_920_418,
    "7cace0da2b446bbbbc57d031ab6cf163a3d59b366da94e5afe36745b746fd81d",
    APACHE,
    TEXT_NOTE,
    wan_sources(SMALL, _T5_NAME),
    SHARED_FOLDER,
)
WAN_TOKENIZER = WeightFile(
    "wan_tokenizer",
    "tokenizer.json",
    16_837_417,
    "6e197b4d3dbd71da14b4eb255f4fa91c9c1f2068b20a2de2472967ca3d22602b",
    APACHE,
    TEXT_NOTE,
    wan_sources(SMALL, f"{_TOKENIZER_FOLDER}/tokenizer.json"),
    f"{SHARED_FOLDER}/{_TOKENIZER_FOLDER}",
)
WAN_VAE = WeightFile(
    "wan_vae",
    _VAE_NAME,
    507_609_880,
    "38071ab59bd94681c686fa51d75a1968f64e470262043be31f7a094e442fd981",
    APACHE,
    WAN_NOTE,
    wan_sources(SMALL, _VAE_NAME),
    SHARED_FOLDER,
)
# As far as its size tells, the same tensors saved anew.
_ANIMATE_VAE = WeightFile(
    "wan_vae_animate",
    _VAE_NAME,
    507_609_928,
    "acf6c5aa49ad281d4b561e10656e2397c446a8ba4b8d8f19d3dd125c2628bc6a",
    APACHE,
    WAN_NOTE,
    wan_sources(ANIMATE, _VAE_NAME),
    ANIMATE,
)
WAN_CLIP = WeightFile(
    "wan_clip",
    _CLIP_NAME,
    4_772_359_047,
    "628c9998b613391f193eb67ff68da9667d75f492911e4eb3decf23460a158c38",
    APACHE,
    CLIP_NOTE,
    wan_sources(ANIMATE, _CLIP_NAME),
    SHARED_FOLDER,
)
_COMFY_UMT5 = _comfyui(
    "wan_umt5_comfyui",
    "text_encoders/umt5_xxl_fp16.safetensors",
    11_366_399_385,
    "7b8850f1961e1cf8a77cca4c964a358d303f490833c6c087d0cff4b2f99db2af",
    TEXT_NOTE,
)
_COMFY_VAE = _comfyui(
    "wan_vae_comfyui",
    "vae/wan_2.1_vae.safetensors",
    253_815_318,
    "2fc39d31359a4b0a64f55876d8ff7fa8d780956ae2cb13463b0223e15148976b",
    WAN_NOTE,
)
WAN_CLIP_HALF = _comfyui(
    "wan_clip_half",
    "clip_vision/clip_vision_h.safetensors",
    1_264_219_396,
    "64a7ef761bfccbadbaa3da77366aac4185a6c58fa5de5f589b42a65bcc21f161",
    CLIP_NOTE,
)
"""CLIP's part that sees, alone and with 16 bit."""

WAN_FILES: tuple[WeightFile, ...] = (
    *(WAN_UMT5, WAN_TOKENIZER, WAN_VAE, _ANIMATE_VAE, WAN_CLIP),
    *(_COMFY_UMT5, _COMFY_VAE, WAN_CLIP_HALF),
)

_NETWORK, _ENCODER = "diffusion_pytorch_model.safetensors", "model.safetensors"

UMT5_PART = Part(
    "umt5",
    WAN_UMT5,
    (
        SHARED_FOLDER,
        *_in_models(_MODELS),
        *comfyui_folders("text_encoders", *REPACKAGED),
        *comfyui_folders("clip"),
        *_in_models(_DIFFUSERS, "text_encoder"),
        "",
    ),
    (
        _T5_NAME,
        "umt5_xxl_fp16.safetensors",
        "umt5-xxl-enc-bf16.safetensors",
        "umt5_xxl_bf16.safetensors",
        "model-00001-of-*.safetensors",
        _ENCODER,
    ),
    only=("models_t5*", "umt5*", "text_encoder/model*"),
    conversions=(_COMFY_UMT5,),
)
TOKENIZER_PART = Part(
    "tokenizer",
    WAN_TOKENIZER,
    (
        f"{SHARED_FOLDER}/{_TOKENIZER_FOLDER}",
        *_in_models(_MODELS, _TOKENIZER_FOLDER),
        *("text_encoders/umt5-xxl", "umt5-xxl", _TOKENIZER_FOLDER, "models--google--umt5-xxl/snapshots/*"),
        *_in_models(_DIFFUSERS, "tokenizer"),
    ),
    ("tokenizer.json",),
)
VAE_PART = Part(
    "vae",
    WAN_VAE,
    (SHARED_FOLDER, *_in_models(_MODELS), *comfyui_folders("vae", *REPACKAGED), *_in_models(_DIFFUSERS, "vae"), ""),
    (
        _VAE_NAME,
        "Wan2_1_VAE_fp32.safetensors",
        "wan_2.1_vae.safetensors",
        "Wan2_1_VAE_bf16.safetensors",
        _NETWORK,
    ),
    only=("*Wan*VAE*", "wan_2.1_vae.safetensors", "*-Diffusers/vae/*", "snapshots/*/vae/*"),
    conversions=(_ANIMATE_VAE, _COMFY_VAE),
)


def clip_part(file: WeightFile) -> Part:
    """The part "clip", of which a file is downloaded: WAN_CLIP or WAN_CLIP_HALF."""
    other = next(each for each in (WAN_CLIP, WAN_CLIP_HALF) if each is not file)
    return Part(
        "clip",
        file,
        (
            SHARED_FOLDER,
            *folders_of(ANIMATE),
            *comfyui_folders("clip_vision", *REPACKAGED),
            *_in_models((f"{ANIMATE}-Diffusers", ANIMATE2, ANIMATE2_DISTILLED), "image_encoder"),
            "",
        ),
        (_CLIP_NAME, "clip_vision_h.safetensors", _ENCODER),
        only=("models_clip*", "clip_vision_h.safetensors", "image_encoder/model.safetensors"),
        conversions=(other,),
    )
