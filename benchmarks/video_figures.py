# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Computes what a section of a video engine takes of memory and time, at full size, without weights and without a card.

The networks are built on PyTorch's "meta" device, where tensors have sizes and no memory; what is alive at a time is
added up, and operations are counted. Attention is taken as one of the kernels that keep no scores (flash attention).
Seconds are operations divided by what a card does, which nothing was measured for: a rough guess.

    python benchmarks/video_figures.py --teraflops 80
"""

from __future__ import annotations

import argparse
import sys
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import torch
from diffusers import AutoencoderKLWan, WanAnimateTransformer3DModel, WanTransformer3DModel
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.flop_counter import FlopCounterMode

GB = 10**9
SIZES = ((832, 480), (1280, 720))


@dataclass
class Cost:
    """What a call takes.

    Attributes:
        bytes: most that was alive besides the network.
        operations: floating point operations.
    """

    bytes: int
    operations: int


class _Alive(TorchDispatchMode):
    """Adds up the tensors that are alive."""

    def __init__(self) -> None:
        super().__init__()
        self.now = self.most = 0
        self._known: weakref.WeakSet[Any] = weakref.WeakSet()

    def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        made = function(*args, **(kwargs or {}))
        for tensor in tree_leaves(made):
            if isinstance(tensor, Tensor):
                self._note(tensor.untyped_storage())
        return made

    def _note(self, storage: Any) -> None:
        if storage in self._known:
            return
        self._known.add(storage)
        size = storage.nbytes()
        self.now += size
        self.most = max(self.most, self.now)
        weakref.finalize(storage, self._gone, size)

    def _gone(self, size: int) -> None:
        self.now -= size


class _Attention(TorchFunctionMode):
    """Attention that keeps no scores; counts its operations."""

    def __init__(self) -> None:
        super().__init__()
        self.operations = 0

    def __torch_function__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if function is not nn.functional.scaled_dot_product_attention:
            return function(*args, **(kwargs or {}))
        given = dict(zip(("query", "key", "value"), args, strict=False)) | (kwargs or {})
        query, key, value = given["query"], given["key"], given["value"]
        self.operations += 2 * query.numel() * key.shape[-2] * 2
        return query.new_empty((*query.shape[:-1], value.shape[-1]))


def cost(call: Callable[[], object]) -> Cost:
    """What a call on the meta device takes."""
    alive, counter, attention = _Alive(), FlopCounterMode(display=False), _Attention()
    with torch.inference_mode(), attention, counter, alive:
        call()
    return Cost(alive.most, counter.get_total_flops() + attention.operations)


def on_meta(make: Callable[[], nn.Module], dtype: torch.dtype) -> nn.Module:
    """A network without memory, in eval mode."""
    with torch.device("meta"):
        network = make().to(dtype).eval()
    return network


def meta(*shape: int, dtype: torch.dtype = torch.bfloat16) -> Tensor:
    """A tensor without memory."""
    return torch.empty(shape, dtype=dtype, device="meta")


def animate() -> nn.Module:
    """Wan-Animate's transformer."""
    return WanAnimateTransformer3DModel(added_kv_proj_dim=5120)


def omniavatar(large: bool) -> nn.Module:
    """OmniAvatar's, without its ears and LoRA."""
    sizes = (40, 40, 13824) if large else (12, 30, 8960)
    return WanTransformer3DModel(
        num_attention_heads=sizes[0], num_layers=sizes[1], ffn_dim=sizes[2], in_channels=33, image_dim=None
    )  # fmt: skip


def animate_step(network: nn.Module, width: int, height: int, frames: int) -> Cost:
    """One pass of Wan-Animate's transformer for a section."""
    time, rows, columns = (frames - 1) // 4 + 1, height // 8, width // 8
    given = {
        "hidden_states": meta(1, 36, time + 1, rows, columns),
        "timestep": meta(1, dtype=torch.float32),
        "encoder_hidden_states": meta(1, 512, 4096),
        "encoder_hidden_states_image": meta(1, 257, 1280),
        "pose_hidden_states": meta(1, 16, time, rows, columns),
        "face_pixel_values": meta(1, 3, frames, 512, 512),
    }
    return cost(lambda: network(**given, return_dict=False))


def omniavatar_step(network: nn.Module, width: int, height: int, frames: int) -> Cost:
    """One pass of OmniAvatar's transformer for a section."""
    given = {
        "hidden_states": meta(1, 33, (frames - 1) // 4 + 1, height // 8, width // 8),
        "timestep": meta(1, dtype=torch.float32),
        "encoder_hidden_states": meta(1, 512, 4096),
    }
    return cost(lambda: network(**given, return_dict=False))


def decoding(network: Any, width: int, height: int, frames: int) -> Cost:
    """The VAE's decoding of a section, in 32 bit."""
    latents = meta(1, 16, (frames - 1) // 4 + 1, height // 8, width // 8, dtype=torch.float32)
    return cost(lambda: network.decode(latents, return_dict=False))


def encoding(network: Any, width: int, height: int, frames: int) -> Cost:
    """The VAE's encoding of a section, in 32 bit."""
    return cost(lambda: network.encode(meta(1, 3, frames, height, width, dtype=torch.float32), return_dict=False))


def numbers(network: nn.Module) -> int:
    """How many a network has."""
    return sum(tensor.numel() for tensor in network.parameters())


def report(name: str, network: nn.Module, step: Cost, passes: int, teraflops: float) -> None:
    """Print a line about a section."""
    seconds = step.operations * passes / (teraflops * 1e12)
    held = 2 * numbers(network) / GB
    print(
        f"{name:44} {held:6.1f} GB held in 16 bit, {held / 2 * 1.01:5.1f} in 8 bit; {step.bytes / GB:5.1f} GB besides; "
        f"{step.operations / 1e12:8.0f} TFLOP a pass; {passes} passes: {seconds / 60:6.1f} min (computed)"
    )


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--teraflops", type=float, default=80.0, help="what the card does in 16 bit, a second, in practice"
    )
    teraflops = parser.parse_args().teraflops
    network = on_meta(animate, torch.bfloat16)
    for width, height in SIZES:
        step = animate_step(network, width, height, 77)
        report(f"Wan-Animate {width}x{height}, 77 frames", network, step, 20, teraflops)
    for large in (False, True):
        network = on_meta(lambda large=large: omniavatar(large), torch.bfloat16)
        step = omniavatar_step(network, 400, 720, 57)
        report(f"OmniAvatar {'14B' if large else '1.3B'} 400x720, 57 frames", network, step, 50, teraflops)
    vae = on_meta(AutoencoderKLWan, torch.float32)
    for width, height in SIZES:
        for what, found in (
            ("decoding", decoding(vae, width, height, 77)),
            ("encoding", encoding(vae, width, height, 77)),
        ):
            report(f"VAE {what} {width}x{height}, 77 frames, 32 bit", vae, found, 1, teraflops / 4)


if __name__ == "__main__":
    main()
