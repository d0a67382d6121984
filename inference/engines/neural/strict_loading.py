# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A network from exactly its own tensors: names and shapes are compared before anything is loaded."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import numpy as np
import torch
from torch import Tensor, nn

from ...errors import Action, ErrorCode, TalkingHeadError

_SHOWN = 3


def strict_network(
    make: Callable[[], nn.Module], state: Mapping[str, Tensor | np.ndarray], label: str, source: str
) -> nn.Module:
    """A network with these tensors, in eval mode, as 32 bit floats on the CPU.

    It is built without memory of its own, so that nothing is held twice.

    Args:
        make: builds the network.
        label: what people call it, such as "LivePortrait's decoder".
        source: file name, for the error.

    Raises:
        TalkingHeadError: WEIGHTS_CORRUPT where tensors are missing, unexpected or of another shape.
    """
    with torch.device("meta"):
        network = make()
    compare(network.state_dict(), state, label, source)
    network.load_state_dict({name: _as_tensor(value) for name, value in state.items()}, assign=True)
    return network.requires_grad_(False).eval()


def wrong_file(message: str, details: str = "") -> TalkingHeadError:
    """The error for a file that is not what it should be."""
    return TalkingHeadError(
        ErrorCode.WEIGHTS_CORRUPT,
        message,
        "Use the official file, or its safetensors conversion, of this network.",
        Action.GET_MODELS,
        details,
    )


def _as_tensor(value: Tensor | np.ndarray) -> Tensor:
    tensor = torch.as_tensor(value)
    return tensor.to(torch.float32) if tensor.is_floating_point() else tensor


def compare(expected: Mapping[str, Tensor], found: Mapping[str, Tensor | np.ndarray], label: str, source: str) -> None:
    """Refuse tensors that are not exactly those of the network."""
    problems = []
    missing = [name for name in expected if name not in found]
    unexpected = [name for name in found if name not in expected]
    if missing:
        problems.append(f"{_names(missing)} missing")
    if unexpected:
        problems.append(f"{_names(unexpected)} unexpected")
    for name in expected.keys() & found.keys():
        wanted, shape = tuple(expected[name].shape), tuple(found[name].shape)
        if wanted != shape:
            problems.append(f"{name} has shape {shape} instead of {wanted}")
    if problems:
        more = len(problems) - _SHOWN
        text = "; ".join(problems[:_SHOWN]) + (f"; and {more} more" if more > 0 else "")
        raise wrong_file(f"{source} cannot be {label}: {text}.", "\n".join(problems))


def _names(names: Iterable[str]) -> str:
    listed = list(names)
    shown = ", ".join(listed[:_SHOWN])
    if len(listed) > _SHOWN:
        return f"{shown} and {len(listed) - _SHOWN} more are"
    return f"{shown} {'is' if len(listed) == 1 else 'are'}"
