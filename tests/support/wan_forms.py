# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes the tensors of a Wan model in the forms that users have: shards, checkpoints, one file, 8 bit, GGUF."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sd15_weights

if TYPE_CHECKING:
    import numpy as np

PREFIX = "model.diffusion_model."
_LARGEST_8_BIT = 448.0  # of float8_e4m3fn

State = Mapping[str, "np.ndarray"]


def shard_name(stem: str, number: int, shards: int) -> str:
    """Of a file, as huggingface_hub names it."""
    return f"{stem}-{number:05}-of-{shards:05}.safetensors"


def write_shards(folder: Path, stem: str, state: State, shards: int) -> None:
    """Save in several files, with the index beside them."""
    names = list(state)
    places = {name: number * shards // len(names) + 1 for number, name in enumerate(names)}
    for number in range(1, shards + 1):
        inside = {name: state[name] for name in names if places[name] == number}
        sd15_weights.write_tensors(folder / shard_name(stem, number, shards), inside)
    index = {
        "metadata": {"total_size": sum(value.nbytes for value in state.values())},
        "weight_map": {name: shard_name(stem, place, shards) for name, place in places.items()},
    }
    (folder / f"{stem}.safetensors.index.json").write_text(json.dumps(index, indent=2), encoding="utf-8")


def torch_state(state: State) -> dict[str, Any]:
    """The tensors as PyTorch's."""
    import torch

    return {name: torch.as_tensor(value) for name, value in state.items()}


def zeros(shapes: Mapping[str, tuple[int, ...]]) -> dict[str, np.ndarray]:
    """Tensors that nobody looks at."""
    import numpy as np

    return {name: np.zeros(shape, np.float32) for name, shape in shapes.items()}


def write_pytorch(path: Path, content: Mapping[str, Any], bfloat16: bool = False) -> Path:
    """Save a checkpoint of PyTorch: tensors, or whatever else is in it."""
    import numpy as np
    import torch

    if all(isinstance(value, np.ndarray) for value in content.values()):
        content = torch_state(content)
    if bfloat16:
        content = {name: value.to(torch.bfloat16) for name, value in content.items()}
    path.parent.mkdir(parents=True, exist_ok=True)
    torch.save(dict(content), path)
    return path


def write_half(path: Path, state: State) -> Path:
    """Save in 16 bit (float16)."""
    import numpy as np

    return sd15_weights.write_tensors(path, {name: value.astype(np.float16) for name, value in state.items()})


def write_prefixed(path: Path, state: State) -> Path:
    """Save one file as ComfyUI's, in bfloat16, its names with PREFIX; what must be exact stays in 32 bit."""
    import torch

    tensors = torch_state(state)
    half = {name: value.to(torch.bfloat16) if _is_large(value) else value for name, value in tensors.items()}
    return _write_torch(path, {f"{PREFIX}{name}": value for name, value in half.items()})


def write_scaled(path: Path, state: State) -> Path:
    """Save one file with 8 bit: the weights of the blocks' linear layers divided by ``scale_weight`` beside them."""
    import torch

    tensors: dict[str, Any] = {"scaled_fp8": torch.zeros(2, dtype=torch.float8_e4m3fn)}
    for name, value in torch_state(state).items():
        if not (name.startswith("blocks.") and name.endswith(".weight") and value.ndim == 2):
            tensors[name] = value.to(torch.float16) if _is_large(value) else value
            continue
        scale = value.abs().max() / _LARGEST_8_BIT
        tensors[name] = (value / scale).to(torch.float8_e4m3fn)
        tensors[f"{name.removesuffix('weight')}scale_weight"] = scale.reshape(1)
    return _write_torch(path, tensors)


def write_gguf(path: Path, state: State, kind: str) -> Path:
    """Save quantized ("Q8_0", "Q4_0") as ComfyUI's nodes for GGUF read it: matrices whose rows fill the blocks.

    Vectors and what is no matrix stay in 32 bit, other matrices in 16.
    """
    import gguf
    import numpy as np

    wanted = gguf.GGMLQuantizationType[kind]
    block = gguf.GGML_QUANT_SIZES[wanted][0]
    path.parent.mkdir(parents=True, exist_ok=True)
    writer = gguf.GGUFWriter(str(path), arch="wan")
    writer.add_quantization_version(gguf.GGML_QUANT_VERSION)
    for name, value in state.items():
        if value.ndim == 2 and value.shape[-1] % block == 0 and name.startswith("blocks."):
            packed = gguf.quants.quantize(value, wanted)
            writer.add_tensor(name, packed, raw_dtype=wanted)
        else:
            half = value.ndim == 2 and name.startswith("blocks.")
            writer.add_tensor(name, np.ascontiguousarray(value.astype(np.float16) if half else value))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def as_diffusers(state: State) -> dict[str, np.ndarray]:
    """A transformer by the names of Diffusers, as its own conversion gives them."""
    from diffusers.loaders.single_file_utils import convert_wan_transformer_to_diffusers

    # The conversion knows the last layer by its number in the full size.
    numbered = {name.replace("convs.3.weight", "convs.8.weight"): value for name, value in state.items()}
    return _numpy(convert_wan_transformer_to_diffusers(torch_state(numbered)))


def vae_as_diffusers(state: State) -> dict[str, np.ndarray]:
    """The decoder of latents by the names of Diffusers."""
    from diffusers.loaders.single_file_utils import convert_wan_vae_to_diffusers

    return _numpy(convert_wan_vae_to_diffusers(torch_state(state)))


def _numpy(tensors: Mapping[str, Any]) -> dict[str, np.ndarray]:
    return {name: value.contiguous().numpy() for name, value in tensors.items()}


def _is_large(tensor: Any) -> bool:
    return tensor.ndim > 1 and "float" in str(tensor.dtype)


def _write_torch(path: Path, tensors: Mapping[str, Any]) -> Path:
    from safetensors.torch import save_file

    path.parent.mkdir(parents=True, exist_ok=True)
    save_file({name: value.contiguous() for name, value in tensors.items()}, path, {"format": "pt"})
    return path
