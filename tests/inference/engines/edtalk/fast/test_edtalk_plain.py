# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One level of the plain decoder mixed with 16 bit: styles, flows and norms stay in 32 bit, nothing clashes."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from inference.engines.edtalk.fast.plain import PlainRenderer  # noqa: E402
from inference.engines.edtalk.networks.decoder import SourceMap, StyledConv, ToFlow, ToRgb, warped  # noqa: E402
from inference.engines.edtalk.networks.expression import ExpressionBlock  # noqa: E402
from inference.engines.neural.device import Device  # noqa: E402

CHANNELS = 8


class Level(torch.nn.Module):
    """The steps of a level as the decoder does them."""

    def __init__(self) -> None:
        super().__init__()
        self.up = StyledConv(CHANNELS, CHANNELS, upsample=True)
        self.second = StyledConv(CHANNELS, CHANNELS)
        self.block = ExpressionBlock(CHANNELS, 512)
        self.flow, self.rgb = ToFlow(CHANNELS), ToRgb(CHANNELS)
        for name, value in [*self.named_parameters(), *self.named_buffers()]:
            if "kernel" in name:
                value.fill_(1 / 4)
            else:
                torch.nn.init.normal_(value, std=0.1 if "mlp" in name else 1.0)
        self.requires_grad_(False)

    def prepared(self, maps):
        return [SourceMap(features, self.block.normed(features)) for features in maps]

    def forward(self, latent, expression, maps):
        (source,) = maps
        x = self.second(self.up(torch.ones(len(latent), CHANNELS, 4, 4), latent), latent)
        level = self.block(source.features, source.normed, expression)
        raw = self.flow(x, latent, torch.zeros(len(latent), 3, 4, 4))
        assert raw.dtype == torch.float32
        moved, mask = warped(level, raw)
        return self.rgb(moved + x * (1 - mask), None)


@pytest.mark.parametrize("half", [torch.bfloat16, None])
def test_a_level_in_16_bit_is_near_32_bit(half):
    torch.manual_seed(4)
    level = Level()
    maps, latent, expression = [torch.randn(1, CHANNELS, 8, 8)], torch.randn(1, 512), torch.randn(1, 512)
    renderer = object.__new__(PlainRenderer)
    renderer._device, renderer._half, renderer._decoder = Device("cpu"), half, level
    with torch.inference_mode():
        features = level.prepared(maps)
        exact = level(latent, expression, features).permute(0, 2, 3, 1)
        found = renderer.draw([features], latent, expression)
        both = renderer.draw([features, level.prepared(maps)], latent.expand(2, -1), expression.expand(2, -1))
    assert found.dtype == torch.float32
    difference = float((found - exact).abs().mean() / exact.abs().mean())
    assert difference == 0 if half is None else 0 < difference < 0.03
    assert both.shape == (2, 8, 8, 3)
    assert torch.allclose(both[0], found[0], atol=1e-3) and torch.allclose(both[1], found[0], atol=1e-3)
