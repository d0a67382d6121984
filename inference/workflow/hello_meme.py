# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""HelloMeme's nodes: a driving clip acts a portrait, with a prompt."""

from __future__ import annotations

from . import hellomeme_settings
from .graph import Node
from .live_portrait import Film
from .media_nodes import WIRING, medium
from .plan import ACTING, SOURCE, PlannedStrip
from .reading import Reading

ANIMATORS = ("HMPipelineVideo", "HMPipelineImage")
TOPIC = "hello_meme"
MODEL_TOPIC = "hello_meme_models"
_LOADERS = ("pipeline", "hm_video_pipeline", "hm_image_pipeline")
_PORTRAIT = ("image", "ref_image", "ref_head_pose", "ref_expression")
_DRIVERS = (
    "drive_video_params", "drive_image_params", "drive_params", "drive_pose", "drive_head_pose", "drive_exp",
    "drive_expression",
)  # fmt: skip
_SETTINGS = (
    "prompt", "negative_prompt", "steps", "seed", "guidance_scale", "trans_ratio", "patch_overlap", "gpu_id",
)  # fmt: skip
_MODEL_SETTINGS = (
    "checkpoint", "lora", "vae", "version", "stylize", "deployment", "lora_scale", "dtype", "patch_frames", "gpu_id",
)  # fmt: skip


def film_of(reading: Reading, node: Node) -> Film:
    """The strips of a HelloMeme pipeline; it has no keys."""
    reading.use(node)
    _keep(reading, node, TOPIC, _SETTINGS)
    for name in _LOADERS:
        loader = reading.graph.linked(node, name)
        if loader is not None:
            reading.use(loader)
            _keep(reading, loader, MODEL_TOPIC, _MODEL_SETTINGS)
    source, acting = _first(reading, node, _PORTRAIT, SOURCE), _first(reading, node, _DRIVERS, ACTING)
    for helper in reading.graph.active("HMFaceToolkitsLoader", *WIRING):
        reading.use(helper)
    strips = tuple(strip for strip in (source, acting) if strip is not None)
    frames = 1 if node.type == "HMPipelineImage" else max((strip.cap for strip in strips), default=0)
    return Film(strips, (), frames)


def _first(reading: Reading, node: Node, names: tuple[str, ...], role: str) -> PlannedStrip | None:
    found = [medium(reading, node, name, role) for name in names if name in node.links]
    return next((strip for strip in found if strip is not None), None)


def _keep(reading: Reading, node: Node, topic: str, names: tuple[str, ...]) -> None:
    """Give settings to the engine HelloMeme; those it does not have are kept and listed."""
    there = [name for name in names if name in node.values or name in node.links]
    values = {name: reading.raw(node, name) for name in there}
    kept = hellomeme_settings.take(reading, node, {name: v for name, v in values.items() if v is not None})
    reading.setting(topic, **kept)
    if kept:
        reading.report(node, ", ".join(kept), "kept in the settings; the engine HelloMeme has nothing like it")
