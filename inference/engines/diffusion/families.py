# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Says what a file holds that is no network of Stable Diffusion 1.5, by the names and shapes of its tensors. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ...errors import ErrorCode, TalkingHeadError

FAMILY = "Stable Diffusion 1.5"
HINT = "Choose a checkpoint of Stable Diffusion 1.5 or one made from it, as .safetensors or .ckpt."
XL, TWO = "Stable Diffusion XL", "Stable Diffusion 2"
# What a name contains, or begins with, that only files of that kind have.
_SIGNS = (
    ((".lora_", "_lora.", ".lora.", ".hada_", ".lokr_"), "a LoRA"),
    (("control_model.", "controlnet_", "input_hint_block."), "a ControlNet"),
    (("motion_modules.",), "a motion module"),
    (("conditioner.embedders.", "add_embedding.", "label_emb."), f"a checkpoint of {XL}"),
    (("cond_stage_model.model.",), f"a checkpoint of {TWO}"),
    (("joint_blocks.", "joint_transformer_blocks"), "a checkpoint of Stable Diffusion 3"),
    (("double_blocks.", "single_transformer_blocks."), "a checkpoint of FLUX"),
)
_XL_TEXT, _XL_SECOND_TEXT, _TWO_TEXT = 2048, 1280, 1024
# Channels that a U-Net is given: the latents; with a mask and what it hides; with a picture to be changed.
_INPUTS = {9: "a checkpoint for inpainting", 8: "a checkpoint that changes pictures by instructions"}


def kind_of(names: Iterable[str]) -> str:
    """What a file is, such as "a LoRA"; "" where the names do not tell, as those of Stable Diffusion 1.5."""
    listed = list(names)
    for signs, kind in _SIGNS:
        if any(sign in name for name in listed for sign in signs):
            return kind
    return ""


def kind_of_unet(shapes: Mapping[str, tuple[int, ...]]) -> str:
    """What a U-Net is of, by the shapes of its tensors; "" for Stable Diffusion 1.5 in any size.

    Args:
        shapes: by diffusers' names.
    """
    given = shapes.get("conv_in.weight", (0, 0))[1]
    if given in _INPUTS:
        return _INPUTS[given]
    widths = {shape[1] for name, shape in shapes.items() if name.endswith(".attn2.to_k.weight")}
    if _XL_TEXT in widths:
        return f"a checkpoint of {XL}"
    # The second one's projections are matrices, those of the first one convolutions.
    flat = any(name.endswith(".proj_in.weight") and len(shape) == 2 for name, shape in shapes.items())
    return f"a checkpoint of {TWO}" if flat or _TWO_TEXT in widths else ""


def kind_of_text(width: int) -> str:
    """What a text encoder is of, by the width of its rows; "" for Stable Diffusion 1.5 in any size."""
    return {_TWO_TEXT: f"a text encoder of {TWO}", _XL_SECOND_TEXT: f"the second text encoder of {XL}"}.get(width, "")


def refused(source: str, kind: str, network: str, details: str = "") -> TalkingHeadError:
    """The error for a file of another kind.

    Args:
        source: file name.
        kind: from above; "" where it is not known.
        network: what was to be read from it, such as "U-Net".
    """
    message = f"{source} is {kind}; {FAMILY} is needed." if kind else f"{source} has no {network} of {FAMILY}."
    return TalkingHeadError(ErrorCode.WEIGHTS_CORRUPT, message, HINT, details=details)
