# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Fourier convolution against PyTorch's direct one."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from torch.nn import functional  # noqa: E402

from inference.engines.liveportrait.fast.spectral import SpectralConvolution  # noqa: E402
from inference.engines.neural.workspace import Workspace  # noqa: E402


@pytest.mark.parametrize(("depth", "height", "width"), [(1, 16, 16), (9, 32, 48)])
def test_equals_a_convolution(depth, height, width):
    generator = torch.Generator().manual_seed(6)
    volume = torch.randn(5, depth, height, width, generator=generator)
    weight, bias = torch.randn(3, 5, 7, 7, 7, generator=generator) / 20, torch.randn(3, generator=generator)
    expected = functional.conv3d(volume.double(), weight.double(), bias.double(), padding=3).permute(1, 2, 3, 0)
    bordered = functional.pad(volume, (3, 3, 3, 3)).permute(1, 2, 3, 0).contiguous()
    convolution, space = SpectralConvolution(weight, bias), Workspace()
    for _ in range(2):  # again, in memory that is no longer empty
        assert (convolution(bordered, space) - expected).abs().max() < 1e-5
