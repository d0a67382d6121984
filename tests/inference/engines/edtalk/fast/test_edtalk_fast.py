# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Parts of the form for processors against plain PyTorch; the whole is compared by the conformance tests."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from torch.nn import functional  # noqa: E402

from inference.engines.edtalk.fast.features import Expressions, Features  # noqa: E402
from inference.engines.edtalk.fast.sampling import sample_rows  # noqa: E402
from inference.engines.edtalk.fast.styles import Styles  # noqa: E402
from inference.engines.edtalk.networks.blocks import ModulatedConv2d  # noqa: E402
from inference.engines.edtalk.networks.expression import ExpressionBlock  # noqa: E402
from inference.engines.neural.workspace import Workspace  # noqa: E402


@pytest.fixture(autouse=True)
def seeded():
    torch.manual_seed(3)
    with torch.inference_mode():
        yield


def random(module: torch.nn.Module) -> torch.nn.Module:
    for parameter in module.parameters():
        torch.nn.init.normal_(parameter)
    return module.requires_grad_(False)


def test_sampling_follows_grid_sample_inside_and_outside():
    planes = torch.randn(1, 5, 8, 8)
    places = torch.randn(300, 2) * 1.2
    places[:4] = torch.tensor([[-1.0, -1.0], [1.0, 1.0], [-1.125, 0.0], [0.0, 1.125]])
    mask = torch.rand(300)
    rows = planes[0].permute(1, 2, 0).flatten(0, 1).contiguous()
    expected = functional.grid_sample(planes, places[None, None], align_corners=False)[0, :, 0].t() * mask[:, None]
    found = sample_rows(rows, 8, places[:, 0], places[:, 1], mask)
    assert torch.allclose(found, expected, atol=1e-5)
    assert (found == 0).all(dim=1).any()


def test_styles_are_those_of_each_convolution():
    first, second = random(ModulatedConv2d(6, 4, 3, 16)), random(ModulatedConv2d(5, 3, 1, 16, demodulate=False))
    latent = torch.randn(16)
    factors, norms = Styles([first, second])(latent)
    assert torch.allclose(factors[0], first.modulation(latent[None])[0], atol=1e-5)
    assert torch.allclose(factors[1], second.modulation(latent[None])[0], atol=1e-5)
    filters = first.scaled() * factors[0][:, None, None]
    assert torch.allclose(norms[0], filters.square().sum(dim=(1, 2, 3)).rsqrt(), rtol=1e-4)
    assert norms[1] == 1


def features_of(block: ExpressionBlock, planes: torch.Tensor) -> Features:
    rows = [level[0].permute(1, 2, 0).flatten(0, 1).contiguous() for level in (planes, block.normed(planes))]
    return Features((rows[0],), (rows[1],))


def test_an_expression_is_kept_until_it_or_the_source_changes():
    block = random(ExpressionBlock(6, 16))
    sources = [torch.randn(1, 6, 8, 8) for _ in range(2)]
    features = [features_of(block, planes) for planes in sources]
    vectors = torch.randn(2, 16)
    apply, space = Expressions([block]), Workspace()
    for source, vector in ((0, 0), (0, 0), (0, 1), (1, 1), (0, 0)):
        (found,) = apply(features[source], vectors[vector], space)
        planes = sources[source]
        expected = block(planes, block.normed(planes), vectors[vector : vector + 1])
        assert torch.allclose(found, expected[0].permute(1, 2, 0).flatten(0, 1), atol=1e-5)


def test_frames_with_one_expression_compute_it_once(monkeypatch):
    block = random(ExpressionBlock(6, 16))
    features, vector = features_of(block, torch.randn(1, 6, 8, 8)), torch.randn(16)
    apply, space = Expressions([block]), Workspace()
    apply(features, vector, space)
    monkeypatch.setattr(block.norm2, "affine", lambda vector: pytest.fail("computed again"))
    apply(features, vector.clone(), space)


def test_expressions_take_no_more_memory_with_every_frame():
    block = random(ExpressionBlock(6, 16))
    features = features_of(block, torch.randn(1, 6, 8, 8))
    apply, space = Expressions([block]), Workspace()
    places = {apply(features, torch.randn(16), space)[0].data_ptr() for _ in range(5)}
    assert len(places) == 1


def test_without_expression_blocks_features_stay():
    features = Features((torch.randn(64, 6),), ())
    assert Expressions([])(features, torch.zeros(16), Workspace()) is features.maps
