# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tiny Wan-Animate of the recorded case: its tensors, a wider transformer, the relighting LoRA, a tokenizer."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import seeded_folders

if TYPE_CHECKING:
    import numpy as np

State = dict[str, "np.ndarray"]

WIDTH, WIDER = 48, 96
"""Width of the recorded transformer, and of the one for formats that need multiples of 32."""
FACE_PX = 16
"""Width and height of the faces that the tiny transformers look at."""
SEED = 11
LORA_RANK = 4

# Tokens of google/umt5-xxl that have the same numbers here; then the pieces of texts.
SPECIAL = ("<pad>", "</s>", "<s>", "<unk>")
PIECES = ("▁", *"abcdefghijklmnopqrstuvwxyz", ",", ".", "-", "▁a", "▁the", "▁is", "er", "in", "on", "▁person", "人")
TOKENS = 64


def states() -> dict[str, State]:
    """Recorded part ("transformer", "vae", "umt5", "clip") to official tensor name to tensor, made anew each call.

    The transformer is one with small faces.
    """
    found = seeded_folders.states("wananimate")
    return {**found, "transformer": with_small_faces(found["transformer"])}


def recorded(kind: str, engine: str = "wananimate") -> Any:
    """A file of the recorded case: "keys", "rules" or "keys_full"."""
    return json.loads((seeded_folders.RECORDED / f"{engine}_{kind}.json").read_text(encoding="utf-8"))


def wider_transformer() -> State:
    """The recorded transformer, seeded anew and twice as wide, so that its rows fill the blocks of quantized files."""
    from seeded_weights import seeded_state_dict

    recorded_states = seeded_folders.states("wananimate")["transformer"]
    kernels = {name: value for name, value in recorded_states.items() if name.endswith(".kernel")}
    shapes = {
        name: ([size // WIDTH * WIDER if size % WIDTH == 0 else size for size in shape], kind)
        for name, (shape, kind) in recorded("keys")["transformer"].items()
    }
    return with_small_faces(seeded_state_dict(shapes, SEED, recorded("rules")["transformer"], kernels))


def with_small_faces(state: Mapping[str, np.ndarray]) -> State:
    """A transformer that looks at faces of FACE_PX instead of 512 px: most of the time of a tiny model goes there."""
    kept, start = {"0": "0", "2": "1", "4": "2", "8": "3"}, "motion_encoder.enc.net_app.convs."
    small = {name: value for name, value in state.items() if not name.startswith(start)}
    for name, value in state.items():
        number, _, rest = name.removeprefix(start).partition(".")
        if name.startswith(start) and number in kept:
            small[f"{start}{kept[number]}.{rest}"] = value
    return small


def relighting_lora() -> State:
    """As relighting_lora.ckpt has it: the names of its tensors, for the recorded transformer's blocks."""
    from seeded_weights import seeded_state_dict

    transformer = recorded("keys")["transformer"]
    shapes = {}
    for name, (_, kind) in recorded("keys_full")["relighting_lora"].items():
        stem, side = re.fullmatch(r"(.*)\.lora_([AB])\.weight", name).groups()  # type: ignore[union-attr]
        if f"{stem}.weight" in transformer:
            rows, columns = transformer[f"{stem}.weight"][0]
            shapes[name] = ((LORA_RANK, columns) if side == "A" else (rows, LORA_RANK), kind)
    return seeded_state_dict(shapes, SEED, [["lora_B", "normal", 0.1]])


def as_transformers_umt5(state: Mapping[str, np.ndarray]) -> State:
    """Names of ``UMT5EncoderModel``, as ComfyUI's and Diffusers' files of the text encoder have them."""
    renamed = {"shared.weight": state["token_embedding.weight"]}
    for name, value in state.items():
        if name == "norm.weight":
            renamed["encoder.final_layer_norm.weight"] = value
        elif match := re.fullmatch(r"blocks\.(\d+)\.(.*)", name):
            renamed[f"encoder.block.{match[1]}.layer.{_UMT5[match[2]]}"] = value
    return renamed


_UMT5 = {
    "norm1.weight": "0.layer_norm.weight",
    **{f"attn.{name}.weight": f"0.SelfAttention.{name}.weight" for name in "qkvo"},
    "pos_embedding.embedding.weight": "0.SelfAttention.relative_attention_bias.weight",
    "norm2.weight": "1.layer_norm.weight",
    "ffn.gate.0.weight": "1.DenseReluDense.wi_0.weight",
    "ffn.fc1.weight": "1.DenseReluDense.wi_1.weight",
    "ffn.fc2.weight": "1.DenseReluDense.wo.weight",
}


def as_transformers_clip(state: Mapping[str, np.ndarray]) -> State:
    """Names of ``CLIPVisionModelWithProjection``, as ComfyUI's and Diffusers' files of the image encoder have them."""
    import numpy as np

    renamed = {}
    for name, value in state.items():
        name = name.removeprefix("visual.")
        if name == "cls_embedding":
            renamed["vision_model.embeddings.class_embedding"] = value.reshape(-1)
        elif name == "pos_embedding":
            renamed["vision_model.embeddings.position_embedding.weight"] = value[0]
        elif name == "head":
            renamed["visual_projection.weight"] = np.ascontiguousarray(value.T)
        elif "to_qkv" in name:
            for letter, third in zip("qkv", np.split(value, 3), strict=True):
                renamed[_clip_name(name).replace("to_qkv", f"{letter}_proj")] = third
        else:
            renamed[_clip_name(name)] = value
    return renamed


def _clip_name(name: str) -> str:
    for official, other in _CLIP:
        name = name.replace(official, other)
    return f"vision_model.{name}"


_CLIP = (
    ("patch_embedding.", "embeddings.patch_embedding."),
    ("pre_norm.", "pre_layrnorm."),
    ("post_norm.", "post_layernorm."),
    ("transformer.", "encoder.layers."),
    ("attn.proj.", "self_attn.out_proj."),
    (".attn.to_qkv.", ".self_attn.to_qkv."),
    ("norm1.", "layer_norm1."),
    ("norm2.", "layer_norm2."),
    ("mlp.0.", "mlp.fc1."),
    ("mlp.2.", "mlp.fc2."),
)


def write_tokenizer(path: Path) -> Path:
    """Save tokenizer.json with TOKENS tokens, in the format of google/umt5-xxl: Unigram pieces, "</s>" at the end."""
    from tokenizers import Tokenizer, decoders, normalizers, pre_tokenizers, processors
    from tokenizers.models import Unigram

    spare = [f"<extra_id_{number}>" for number in range(TOKENS - len(SPECIAL) - len(PIECES))]
    pieces = [(token, 0.0) for token in SPECIAL]
    pieces += [(piece, -2.0 - 0.1 * number - (4.0 if len(piece) == 1 else 0.0)) for number, piece in enumerate(PIECES)]
    pieces += [(token, 0.0) for token in spare]
    tokenizer = Tokenizer(Unigram(pieces, unk_id=SPECIAL.index("<unk>")))
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFKC()])
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.decoder = decoders.Metaspace()
    end = SPECIAL.index("</s>")
    tokenizer.post_processor = processors.TemplateProcessing(
        single="$A </s>", pair="$A </s> $B </s>", special_tokens=[("</s>", end)]
    )
    tokenizer.add_special_tokens(list(SPECIAL))
    path.parent.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(path))
    return path
