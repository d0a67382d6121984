# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Thin-Plate Spline Motion Model's weight files, and where programs keep them. Pure.

The authors (Zhao and Zhang, CVPR 2022) give them out on Yandex and Google Drive, which cannot be downloaded from by
address; copies of the same files are on Hugging Face. The size and hash of vox are published with such copies
(VESSL/thin-plate-spline-motion-model, revision e59dcf4), those of the others with one in a public repository of
another program. The repository's licence is MIT; nothing else is said of the weights.
"""

from __future__ import annotations

from .entries import Part, UrlSource, WeightFile, WeightSet

TPSMM_NETWORKS = ("inpainting_network", "dense_motion_network", "kp_detector", "bg_predictor", "avd_network")
"""What official files hold at the top level; mgif lacks the fourth, files of third parties may lack the last."""

_VESSL = "https://huggingface.co/VESSL/thin-plate-spline-motion-model/resolve/e59dcf41335c82b47745cb0c8184db1c489a894d"
_COPY = "https://huggingface.co/MCMLXXXVII/thinplatesv1/resolve/main/orig"
_SPACE = "https://huggingface.co/spaces/AlekseyKorshuk/thin-plate-spline-motion-model/resolve/main/checkpoints"
_FOLDER = "tpsmm"
_NOTE = "Thin-Plate Spline Motion Model by Zhao and Zhang; licence of its repository, none is stated for the weights"

# Name: label, size in bytes, sha256, what they were trained with.
_MODELS: dict[str, tuple[str, int, str, str]] = {
    "vox": (
        "Thin-Plate Spline for faces",
        350_993_469,
        "52ad8c848e2a1d91b621de96fea83faf57ce3b8c1c06424e317f4df1d3998204",
        "trained with interviews from YouTube (VoxCeleb, CC BY-SA 4.0)",
    ),
    "taichi": (
        "Thin-Plate Spline for whole bodies",
        350_993_469,
        "0aa12db735ed9959b3e70d8c3ad171ee7282d235d2e4bcae2b25b7a8c7e63dca",
        "trained with videos from YouTube (TaiChiHD), which have licences of their own",
    ),
    "ted": (
        "Thin-Plate Spline for upper bodies",
        350_993_469,
        "b067b374bf9bd11dcc1a00261c323264ccefaded449690aa4c3f6f16ac0ea0ed",
        "trained with TED talks, which are CC BY-NC-ND 4.0 (no commercial use)",
    ),
    "mgif": (
        "Thin-Plate Spline for drawn animals",
        306_156_401,
        "bf2cc30137885005a23b4171965f0888d8b5c898bcbbb284c8d7fa1b5b8e9b47",
        "trained with GIFs collected from the web (MGif)",
    ),
}

# As downloaded by the add-on, in the official program, in ComfyUI-FirstOrderMM, and in the first copy of the files.
_COMFYUI_NODES = "custom_nodes/ComfyUI-FirstOrderMM/module_spline/models"
_PLACES = (
    _FOLDER,
    "checkpoints",
    "Thin-Plate-Spline-Motion-Model/checkpoints",
    _COMFYUI_NODES,
    f"ComfyUI/{_COMFYUI_NODES}",
    "module_spline/models",
    "orig",
    "",
)


def _file(name: str) -> WeightFile:
    _, size, sha256, trained = _MODELS[name]
    file_name = f"{name}.pth.tar"
    bases = (_VESSL, _COPY, _SPACE) if name == "vox" else (_COPY,)
    sources = tuple(UrlSource(f"{base}/{file_name}") for base in bases)
    return WeightFile(f"tpsmm_{name}", file_name, size, sha256, "MIT", f"{_NOTE}; {trained}", sources, _FOLDER)


TPSMM_FILES: tuple[WeightFile, ...] = tuple(map(_file, _MODELS))


def _set(file: WeightFile, label: str) -> WeightSet:
    names = (file.file_name, file.file_name.replace(".pth.tar", ".safetensors"))
    return WeightSet(file.name, label, (Part("tpsmm", file, _PLACES, names),))


TPSMM_SETS: tuple[WeightSet, ...] = tuple(
    _set(file, label) for file, (label, _, _, _) in zip(TPSMM_FILES, _MODELS.values(), strict=True)
)
