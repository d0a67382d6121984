# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Official names of the Wan family's tensors to the names of diffusers and transformers.

Names that are theirs already stay. All tables were taken from the layouts of the official files.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from torch import Tensor

# How ComfyUI's files and LoRA files begin the names of the transformer.
PREFIXES = ("model.diffusion_model.", "diffusion_model.")

# Replaced one after the other, wherever they are in a name.
_TRANSFORMER = (
    ("text_embedding.0", "condition_embedder.text_embedder.linear_1"),
    ("text_embedding.2", "condition_embedder.text_embedder.linear_2"),
    ("time_embedding.0", "condition_embedder.time_embedder.linear_1"),
    ("time_embedding.2", "condition_embedder.time_embedder.linear_2"),
    ("time_projection.1", "condition_embedder.time_proj"),
    ("img_emb.proj.0", "condition_embedder.image_embedder.norm1"),
    ("img_emb.proj.1", "condition_embedder.image_embedder.ff.net.0.proj"),
    ("img_emb.proj.3", "condition_embedder.image_embedder.ff.net.2"),
    ("img_emb.proj.4", "condition_embedder.image_embedder.norm2"),
    ("head.modulation", "scale_shift_table"),
    ("head.head", "proj_out"),
)
_BLOCK = (
    ("self_attn.", "attn1."),
    ("cross_attn.", "attn2."),
    (".norm_k_img.", ".norm_added_k."),
    (".k_img.", ".add_k_proj."),
    (".v_img.", ".add_v_proj."),
    (".q.", ".to_q."),
    (".k.", ".to_k."),
    (".v.", ".to_v."),
    (".o.", ".to_out.0."),
    ("modulation", "scale_shift_table"),
    ("ffn.0", "ffn.net.0.proj"),
    ("ffn.2", "ffn.net.2"),
)
_NORMS = {"norm2": "norm3", "norm3": "norm2"}
_FACE = (
    ("face_adapter.fuser_blocks.", "face_adapter."),
    (".q_norm.", ".norm_q."),
    (".k_norm.", ".norm_k."),
    (".linear1_q.", ".to_q."),
    (".linear2.", ".to_out."),
    ("conv1_local.conv.", "conv1_local."),
    ("conv2.conv.", "conv2."),
    ("conv3.conv.", "conv3."),
    ("motion_encoder.dec.direction.weight", "motion_encoder.motion_synthesis_weight"),
    ("motion_encoder.enc.fc.", "motion_encoder.motion_network."),
)
_MOTION = re.compile(r"motion_encoder\.enc\.net_app\.convs\.(\d+)\.(.*)")
_MOTION_ENDS = {"0.weight": "conv_in.weight", "1.bias": "conv_in.act_fn.bias", "weight": "conv_out.weight"}
_MOTION_LAYERS = {
    "conv1.0.weight": "conv1.weight",
    "conv1.1.bias": "conv1.act_fn.bias",
    "conv2.1.weight": "conv2.weight",
    "conv2.2.bias": "conv2.act_fn.bias",
    "skip.1.weight": "conv_skip.weight",
}
_KERNEL = (".conv2.0.kernel", ".skip.0.kernel")
# A layer's keys and values, one above the other.
_BOTH = ".linear1_kv."


def without_prefix(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The same with ComfyUI's prefix taken off the names; what has another name is left as it is."""

    def bare(name: str) -> str:
        return next((name[len(prefix) :] for prefix in PREFIXES if name.startswith(prefix)), name)

    return {bare(name): tensor for name, tensor in tensors.items()}


def transformer_name(name: str) -> str:
    """A name in an official transformer, or in a LoRA of it, as diffusers has it."""
    name = _replaced(name, _TRANSFORMER)
    if name.startswith("blocks."):
        name = _replaced(re.sub(r"\bnorm[23]\b", lambda found: _NORMS[found[0]], name), _BLOCK)
    elif name.startswith(("face_", "motion_encoder.")):
        name = _motion_name(_replaced(name, _FACE))
    return name


def transformer_names(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The tensors of a transformer, official or diffusers', Wan-Animate's parts included, with diffusers' names.

    The fixed blur kernels of the motion encoder are left out: the network makes them itself.
    """
    tensors = {name: tensor for name, tensor in tensors.items() if not name.endswith(_KERNEL)}
    if any(name.startswith("condition_embedder.") for name in tensors):
        return tensors
    found: dict[str, Tensor] = {}
    for name, tensor in tensors.items():
        if _BOTH in name:
            # What scales the whole layer scales both.
            keys, values = (tensor, tensor) if tensor.numel() == 1 else tensor.tensor_split(2)
            for part, rows in (("to_k", keys), ("to_v", values)):
                found[transformer_name(name.replace(_BOTH, f".{part}."))] = rows
            continue
        new = transformer_name(name)
        found[new] = tensor.reshape(-1) if new.endswith("act_fn.bias") else tensor
    return found


def _replaced(name: str, table: tuple[tuple[str, str], ...]) -> str:
    for old, new in table:
        name = name.replace(old, new)
    return name


def _motion_name(name: str) -> str:
    match = _MOTION.fullmatch(name)
    if match is None:
        return name
    number, rest = int(match[1]), match[2]
    if rest in _MOTION_ENDS:
        return f"motion_encoder.{_MOTION_ENDS[rest]}"
    return f"motion_encoder.res_blocks.{number - 1}.{_MOTION_LAYERS.get(rest, rest)}"


_VAE_LAYERS = (
    ("residual.0.", "norm1."),
    ("residual.2.", "conv1."),
    ("residual.3.", "norm2."),
    ("residual.6.", "conv2."),
    ("shortcut.", "conv_shortcut."),
    (".head.0.", ".norm_out."),
    (".head.2.", ".conv_out."),
    (".middle.0.", ".mid_block.resnets.0."),
    (".middle.1.", ".mid_block.attentions.0."),
    (".middle.2.", ".mid_block.resnets.1."),
    ("encoder.downsamples.", "encoder.down_blocks."),
    ("encoder.conv1.", "encoder.conv_in."),
    ("decoder.conv1.", "decoder.conv_in."),
)
_VAE_STARTS = {"conv1.": "quant_conv.", "conv2.": "post_quant_conv."}
_UP = re.compile(r"decoder\.upsamples\.(\d+)\.(.*)")


def vae_names(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The tensors of Wan 2.1's VAE with diffusers' names."""
    if not any(name.startswith("decoder.upsamples.") for name in tensors):
        return dict(tensors)
    ups = [(int(found[1]), found[2]) for found in map(_UP.match, tensors) if found]
    # A level is some blocks and then what doubles the size; the last level has only blocks.
    level = min((number for number, rest in ups if rest.startswith("resample.")), default=len(ups)) + 1
    return {_vae_name(name, level): tensor for name, tensor in tensors.items()}


def _vae_name(name: str, level: int) -> str:
    for old, new in _VAE_STARTS.items():
        if name.startswith(old):
            return new + name[len(old) :]
    if match := _UP.match(name):
        block, place = divmod(int(match[1]), level)
        kind = "upsamplers.0" if place == level - 1 else f"resnets.{place}"
        name = f"decoder.up_blocks.{block}.{kind}.{match[2]}"
    return _replaced(name, _VAE_LAYERS)


_UMT5 = (
    ("norm1.", "layer.0.layer_norm."),
    ("attn.", "layer.0.SelfAttention."),
    ("pos_embedding.embedding.", "layer.0.SelfAttention.relative_attention_bias."),
    ("norm2.", "layer.1.layer_norm."),
    ("ffn.gate.0.", "layer.1.DenseReluDense.wi_0."),
    ("ffn.fc1.", "layer.1.DenseReluDense.wi_1."),
    ("ffn.fc2.", "layer.1.DenseReluDense.wo."),
)
_EMBEDDED = "encoder.embed_tokens.weight"
_SHARED = "shared.weight"


def umt5_names(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The tensors of the text encoder umt5 with the names of transformers."""
    found: dict[str, Tensor] = {}
    for name, tensor in tensors.items():
        if name == "token_embedding.weight":
            name = _SHARED
        elif name == "norm.weight":
            name = "encoder.final_layer_norm.weight"
        elif name.startswith("blocks."):
            _, number, rest = name.split(".", 2)
            name = f"encoder.block.{number}.{_replaced(rest, _UMT5)}"
        found[name] = tensor
    for one, other in ((_SHARED, _EMBEDDED), (_EMBEDDED, _SHARED)):
        if one in found:
            found.setdefault(other, found[one])
    return found


_CLIP = (
    ("pre_norm.", "pre_layrnorm."),
    ("post_norm.", "post_layernorm."),
    ("pos_embedding", "embeddings.position_embedding.weight"),
    ("cls_embedding", "embeddings.class_embedding"),
)
_CLIP_LAYER = (
    ("attn.proj.", "self_attn.out_proj."),
    ("norm1.", "layer_norm1."),
    ("norm2.", "layer_norm2."),
    ("mlp.0.", "mlp.fc1."),
    ("mlp.2.", "mlp.fc2."),
)
_QKV = "attn.to_qkv."
# What belongs to the whole of CLIP, or is not used.
_NOT_SEEING = ("visual.head", "textual.", "log_scale", "visual_projection.", "text_model.", "text_projection.")
_NOT_SEEING += ("logit_scale", "vision_model.embeddings.position_ids", "embeddings.position_ids")


def clip_names(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The tensors of CLIP's vision network, of a file of it or of the whole CLIP, with the names of transformers 5."""
    found: dict[str, Tensor] = {}
    for name, tensor in tensors.items():
        if name.startswith(_NOT_SEEING):
            continue
        if not name.startswith("visual."):
            found[name.removeprefix("vision_model.")] = tensor
            continue
        for new, part in _clip_parts(name.removeprefix("visual."), tensor):
            found[new] = part
    return found


def _clip_parts(name: str, tensor: Tensor) -> list[tuple[str, Tensor]]:
    if name.startswith("patch_embedding."):
        return [(f"embeddings.{name}", tensor)]
    if not name.startswith("transformer."):
        new = _replaced(name, _CLIP)
        if new == "embeddings.class_embedding":
            return [(new, tensor.reshape(-1))]
        return [(new, tensor[0] if new.startswith("embeddings.position") else tensor)]
    _, number, rest = name.split(".", 2)
    start = f"encoder.layers.{number}."
    if not rest.startswith(_QKV):
        return [(start + _replaced(rest, _CLIP_LAYER), tensor)]
    parts = zip("qkv", tensor.chunk(3), strict=True)
    return [(f"{start}self_attn.{letter}_proj.{rest[len(_QKV) :]}", part) for letter, part in parts]
