# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""X-Portrait's weight file, and where programs keep it. Pure.

ByteDance (Xie and others, SIGGRAPH 2024) gives it out on Google Drive; ComfyUI's nodes get a copy from Hugging Face.
Neither size nor hash is published. By its size, which others tell as 12.3 GB, it holds decoder and text encoder of
Stable Diffusion 1.5 besides its own four networks; a set has them as files of their own, which any such file does with.
"""

from __future__ import annotations

from .entries import Part, UrlSource, WeightFile, WeightSet
from .sd15 import SD15_PARTS, SD15_PREFIXES

XPORTRAIT_PREFIXES = (
    "appearance_control_model.",
    "pose_control_model.",
    "local_pose_control_model.",
    "model.diffusion_model.",
)
"""How the names of the tensors of its networks begin."""

XPORTRAIT_KEPT = (*XPORTRAIT_PREFIXES, SD15_PREFIXES["sd15_vae"], SD15_PREFIXES["sd15_text"])
"""How the names of all tensors begin that are used; what else the file holds is left over from training."""

_DRIVE = "https://drive.usercontent.google.com/download?id=1VOpVg25EQTUlbHOvuLEFi8rBhVd2KlxQ&export=download&confirm=t"
_COPY = "https://huggingface.co/fffiloni/X-Portrait/resolve/main/model_state-415001.th"
_FOLDER = "xportrait"
_NOTE = (
    "X-Portrait by ByteDance; licence of its repository, none is stated for the weights; made from Stable Diffusion"
    " 1.5, whose licence (CreativeML OpenRAIL-M) goes with what is made from it"
)
# As downloaded by the add-on; in ComfyUI; in the official program; in the cache of Hugging Face.
_PLACES = (
    _FOLDER,
    "x-portrait",
    "checkpoint",
    "X-Portrait/checkpoint",
    "models--fffiloni--X-Portrait/snapshots/*",
    "",
)

_FILE = WeightFile(
    name="xportrait_official",
    file_name="model_state-415001.th",
    size=12_270_000_000,
    sha256="",
    licence="Apache-2.0",
    licence_note=_NOTE,
    sources=(UrlSource(_COPY), UrlSource(_DRIVE)),  # Drive often sends a page that says to come back later
    folder=_FOLDER,
    exact_size=False,
)
_NAMES = (_FILE.file_name, _FILE.file_name.replace(".th", ".pth"), _FILE.file_name.replace(".th", ".safetensors"))

XPORTRAIT_FILES: tuple[WeightFile, ...] = (_FILE,)

XPORTRAIT_SETS: tuple[WeightSet, ...] = (
    WeightSet(
        "xportrait_official",
        "X-Portrait",
        (
            Part("xportrait", _FILE, _PLACES, _NAMES),
            *(part for part in SD15_PARTS if part.name != "sd15_unet"),
        ),
    ),
)
