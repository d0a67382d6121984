# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Wan-Animate's weight files, in the forms that people have, and the helpers' that look at clips. Pure.

The network is got from Wan's team in 16 bit, from Kijai in 8 bit, from QuantStack in GGUF. Sizes and hashes are
published where they are given; the others are those of the tensors in the order of the network, split at 10 GB as
Hugging Face's programs do. In a folder of ViTPose as Wan gives it out, the network's numbers lie in hundreds of files;
got is Kijai's form of it, with all of them in one.
"""

from __future__ import annotations

from .entries import Part, WeightFile, WeightSet
from .wan import (
    ANIMATE,
    APACHE,
    REPACKAGED,
    TOKENIZER_PART,
    UMT5_PART,
    VAE_PART,
    WAN_CLIP,
    WAN_CLIP_HALF,
    WAN_NOTE,
    changed_by,
    clip_part,
    comfyui_folders,
    folders_of,
    hugging_face,
    wan_sources,
)

_KIJAI_EIGHT = "Kijai/WanVideo_comfy_fp8_scaled", "033a4e487f60220b3d6e469599a6aebc46e13cee"
_KIJAI_LORA = "Kijai/WanVideo_comfy", "8260d429d19fd7a72304cad059160b95d843913f"
_KIJAI_POSE = "Kijai/vitpose_comfy", "ae68f4e542151cebec0995b8469c70b07b8c3df4"
_QUANTSTACK = f"QuantStack/{ANIMATE}-GGUF", "33c51bb84d4e70ffc0d088aeb6068d40d9446fa3"
_COMFY = "Comfy-Org/Wan_2.2_ComfyUI_Repackaged", "7c2bf7cd56b55e483b78e02fd513ec8b774f7643"
_SAM2 = "facebook/sam2.1-hiera-large", "665f8e2ad61cf5f53d65644ff27c8ee525124610"

_NETWORK = "diffusion_pytorch_model"
# Of the shards: size in bytes, sha256.
_SHARDS = (
    (9_875_217_408, "575c2dba750c3b40240fb742a4224453aa97dfbd3c5f5a0086be431cdefdd69c"),
    (9_975_337_984, ""),
    (9_954_359_296, ""),
    (4_744_719_528, ""),
)


def _shard(number: int) -> WeightFile:
    size, sha256 = _SHARDS[number - 1]
    name = f"{_NETWORK}-{number:05}-of-{len(_SHARDS):05}.safetensors"
    sources = wan_sources(ANIMATE, name)
    return WeightFile(f"wananimate_{number}", name, size, sha256, APACHE, WAN_NOTE, sources, ANIMATE, exact_size=False)


_OFFICIAL = tuple(map(_shard, range(1, len(_SHARDS) + 1)))
_SINGLE = WeightFile(
    "wananimate_single",
    "wan2.2_animate_14B_bf16.safetensors",
    34_549_800_000,
    "7d37cb0120488dec2a061135aa3018426925318a60838c3de935c829abc88667",
    APACHE,
    WAN_NOTE,
    hugging_face(*_COMFY, "split_files/diffusion_models/wan2.2_animate_14B_bf16.safetensors"),
    "diffusion_models",
    exact_size=False,
)
_EIGHT = WeightFile(
    "wananimate_fp8",
    "Wan2_2-Animate-14B_fp8_e4m3fn_scaled_KJ.safetensors",
    18_401_760_586,
    "2936b31473a967e7a429a6646bba60e7862d0938e178b58b2a140f391dd5b8e6",
    APACHE,
    changed_by("Kijai", "brought to 8 bit"),
    hugging_face(*_KIJAI_EIGHT, "Wan22Animate/Wan2_2-Animate-14B_fp8_e4m3fn_scaled_KJ.safetensors"),
    "diffusion_models",
)
_Q8 = WeightFile(
    "wananimate_q8",
    f"{ANIMATE}-Q8_0.gguf",
    18_700_000_000,
    "",
    APACHE,
    changed_by("QuantStack", "quantized"),
    hugging_face(*_QUANTSTACK, f"{ANIMATE}-Q8_0.gguf"),
    "unet",
    exact_size=False,
)
_Q4 = WeightFile(
    "wananimate_q4",
    f"{ANIMATE}-Q4_K_M.gguf",
    11_496_331_072,
    "43d720f243c3cdf5346ca05b525ec662f89bc5ebeb8e998dc347b840406cdfa6",
    APACHE,
    changed_by("QuantStack", "quantized"),
    hugging_face(*_QUANTSTACK, f"{ANIMATE}-Q4_K_M.gguf"),
    "unet",
)
_RELIGHT = WeightFile(
    "wananimate_relight",
    "relighting_lora.ckpt",
    2_873_300_000,
    "",
    APACHE,
    WAN_NOTE,
    wan_sources(ANIMATE, "relighting_lora.ckpt"),
    ANIMATE,
    exact_size=False,
)
_RELIGHT_HALF = WeightFile(
    "wananimate_relight_half",
    "WanAnimate_relight_lora_fp16.safetensors",
    1_436_672_440,
    "fc646c74c73f4b251f5fd9bc440ef21b03b27305f499966c68b2b3aa31498561",
    APACHE,
    changed_by("Kijai", "brought to 16 bit"),
    hugging_face(*_KIJAI_LORA, "LoRAs/Wan22_relight/WanAnimate_relight_lora_fp16.safetensors"),
    "loras",
)
_BOXES = WeightFile(
    "wan_boxes",
    "yolov10m.onnx",
    61_659_339,
    "89b526498a6d55f869a6ab52e3a2eb20ad45b3711c1f7de3dd9ca0b399dfd6d7",
    "AGPL-3.0-only",
    "YOLOv10 by Wang and others of Tsinghua University, licence of their repository; as Wan gives it out",
    wan_sources(ANIMATE, "process_checkpoint/det/yolov10m.onnx"),
    f"{ANIMATE}/process_checkpoint/det",
)
_POSE_NOTE = "ViTPose by Xu and others, licence of their repository; as Wan gives it out, brought to two files by Kijai"
_KEYPOINTS = WeightFile(
    "wan_keypoints",
    "vitpose_h_wholebody_model.onnx",
    450_000,
    "f21466cd6c93d0066782ad5923c14a4e6569133def212dc2895c73596c2e553b",
    APACHE,
    _POSE_NOTE,
    hugging_face(*_KIJAI_POSE, "onnx/vitpose_h_wholebody_model.onnx"),
    "detection",
    exact_size=False,
)
_KEYPOINTS_DATA = WeightFile(
    "wan_keypoints_data",
    "vitpose_h_wholebody_data.bin",
    2_548_950_016,
    "f6a9e7cb3a87ed65a098b096029e70150408acfafc3d695019a66b289d7719e1",
    APACHE,
    _POSE_NOTE,
    hugging_face(*_KIJAI_POSE, "onnx/vitpose_h_wholebody_data.bin"),
    "detection",
    exact_size=False,
)
_MASKS = WeightFile(
    "wan_sam2",
    "model.safetensors",
    897_897_416,
    "dc407dce21301fd94abb395c5099b4f2c455fdc8a8f261ac3d0ea6d4cd197230",
    APACHE,
    "SAM 2.1 by Meta (Ravi and others); licence of its repository",
    hugging_face(*_SAM2, "model.safetensors"),
    "sam2.1-hiera-large",
)

WANANIMATE_FILES: tuple[WeightFile, ...] = (
    *(*_OFFICIAL, _SINGLE, _EIGHT, _Q8, _Q4, _RELIGHT, _RELIGHT_HALF),
    *(_BOXES, _KEYPOINTS, _KEYPOINTS_DATA, _MASKS),
)

_CACHED = tuple(
    f"models--{repository.replace('/', '--')}/snapshots/*{inside}"
    for repository, inside in ((_KIJAI_EIGHT[0], "/Wan22Animate"), (_QUANTSTACK[0], ""))
)
_COMFYUI = (*comfyui_folders("diffusion_models", *REPACKAGED), "unet", "unet/*", *_CACHED, ANIMATE, "")
_FOLDER = folders_of(ANIMATE)

_OFFICIAL_PART = Part(
    "transformer",
    _OFFICIAL[0],
    (*_FOLDER, *folders_of(f"{ANIMATE}-Diffusers", "transformer"), *_COMFYUI),
    (_OFFICIAL[0].file_name, f"{_NETWORK}-00001-of-*.safetensors", f"{_NETWORK}.safetensors", _SINGLE.file_name),
    only=(f"*-of-{len(_SHARDS):05}.safetensors", "transformer/*.safetensors", _SINGLE.file_name),
    conversions=(_SINGLE,),
    rest=_OFFICIAL[1:],
)


def _one_file(file: WeightFile, *names: str) -> Part:
    return Part("transformer", file, _COMFYUI, (file.file_name, *names))


_EIGHT_PART = _one_file(_EIGHT, "Wan2_2-Animate-14B_fp8*.safetensors", "wan2.2_animate_14B_fp8*.safetensors")
_Q8_PART = _one_file(_Q8, f"{ANIMATE}-Q6_K.gguf", f"{ANIMATE}-Q5_*.gguf")
_Q4_PART = _one_file(_Q4, f"{ANIMATE}-Q4_*.gguf", f"{ANIMATE}-Q3_*.gguf", f"{ANIMATE}-Q2_*.gguf")


def _relight(file: WeightFile) -> Part:
    return Part(
        "relight",
        file,
        (*_FOLDER, *comfyui_folders("loras", *REPACKAGED), ""),
        (_RELIGHT.file_name, _RELIGHT_HALF.file_name, "wan2.2_animate_14B_relight_lora_*.safetensors"),
        conversions=tuple(each for each in (_RELIGHT, _RELIGHT_HALF) if each is not file),
    )


def _set(name: str, label: str, transformer: Part, clip: WeightFile, relight: WeightFile) -> WeightSet:
    parts = (transformer, VAE_PART, UMT5_PART, TOKENIZER_PART, clip_part(clip), _relight(relight))
    return WeightSet(name, label, parts)


_BOXES_PART = Part(
    "boxes",
    _BOXES,
    (*folders_of(ANIMATE, "process_checkpoint/det"), "process_checkpoint/det", "detection", ""),
    (_BOXES.file_name,),
)
_KEYPOINTS_PART = Part(
    "keypoints",
    _KEYPOINTS,
    (
        "detection",
        "models--Kijai--vitpose_comfy/snapshots/*/onnx",
        *folders_of(ANIMATE, "process_checkpoint/pose2d"),
        *folders_of(ANIMATE, "process_checkpoint/pose2d/vitpose_h_wholebody.onnx"),
        *("process_checkpoint/pose2d", "process_checkpoint/pose2d/vitpose_h_wholebody.onnx"),
        "",
    ),
    (_KEYPOINTS.file_name, "vitpose_h_wholebody.onnx", "end2end.onnx"),
    only=("vitpose_h_wholebody*.onnx", "vitpose_h_wholebody.onnx/end2end.onnx"),
    rest=(_KEYPOINTS_DATA,),
)
# The official files of SAM 2 and 2.1 and their conversions, the largest first.
_MASKS_NAMES = tuple(
    f"{version}_hiera_{size}{ending}"
    for size in ("large", "base_plus", "small", "tiny")
    for version in ("sam2.1", "sam2")
    for ending in ("*.safetensors", ".pt")
)
_MASKS_PART = Part(
    "sam2",
    _MASKS,
    (
        *folders_of("sam2.1-hiera-large", owner="facebook"),
        *("sam2/sam2.1-hiera-large", "sams/sam2.1-hiera-large"),
        *folders_of(ANIMATE, "process_checkpoint/sam2"),
        *("process_checkpoint/sam2", "sam2", "sams", ""),
    ),
    (_MASKS.file_name, *_MASKS_NAMES),
    only=(
        f"sam2.1-hiera-large/{_MASKS.file_name}",
        f"models--facebook--sam2.1-hiera-large/snapshots/*/{_MASKS.file_name}",
        "sam2*_hiera_*",
    ),
)

WANANIMATE_SETS: tuple[WeightSet, ...] = (
    _set("wananimate_official", "Wan-Animate", _OFFICIAL_PART, WAN_CLIP, _RELIGHT),
    _set("wananimate_fp8", "Wan-Animate in 8 Bit", _EIGHT_PART, WAN_CLIP_HALF, _RELIGHT_HALF),
    _set("wananimate_q8", "Wan-Animate as GGUF Q8", _Q8_PART, WAN_CLIP_HALF, _RELIGHT_HALF),
    _set("wananimate_q4", "Wan-Animate as GGUF Q4", _Q4_PART, WAN_CLIP_HALF, _RELIGHT_HALF),
    WeightSet("wan_tracking", "Whole Body Tracking", (_BOXES_PART, _KEYPOINTS_PART), optional=True),
    WeightSet("wan_masks", "SAM 2 Masks", (_MASKS_PART,), optional=True),
)
