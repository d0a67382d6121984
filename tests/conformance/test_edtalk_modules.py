# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The networks of both models by themselves: plain, and in the form for processors."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from edtalk_recorded import FRAME, MODELS, Drives, Recorded
from edtalk_rounding import round_decoder

from inference.engines.edtalk.fast.cpu import CpuRenderer
from inference.engines.edtalk.fast.plain import PlainRenderer
from inference.engines.edtalk.model import Model
from inference.engines.neural.device import Device

CPU = Device("cpu")


@pytest.fixture(scope="module")
def recorded(edtalk) -> Recorded:
    return Recorded(edtalk)


@pytest.fixture(scope="module", params=[(name, form) for name in MODELS for form in ("plain", "fast")], ids=str)
def drives(request, recorded, edtalk_networks) -> Drives:
    name, form = request.param
    networks = edtalk_networks(name)
    model = Model(networks, CPU, "full")
    assert isinstance(model.renderer, CpuRenderer)
    if form == "plain":
        model.renderer = PlainRenderer(networks.generator, CPU, None)
    return Drives(recorded, model)


@pytest.fixture(scope="module")
def name(drives) -> str:
    return "full" if drives.model.full else "lip_pose"


def test_directions(recorded, drives, name):
    recorded.close(f"Q_{name}", drives.model._heads.directions)


def test_codes(recorded, drives, name):
    for found, match in recorded.matching(rf"{name}_code_(source|mouth|pose|expression)(\d*)"):
        picture = recorded.pictures(match[1])[int(match[2] or 0)]
        recorded.close(found, drives.model.encode_codes(picture[None])[0])
        recorded.close(found, drives.model.encode(picture[None])[0].code)


@pytest.mark.parametrize(
    ("short", "pictures", "field"),
    [("lip", "mouth", "mouth"), ("pose", "pose", "pose"), ("exp", "expression", "expression")],
)
def test_weights(recorded, drives, name, short, pictures, field):
    recorded.close(f"{name}_alpha_{short}", getattr(drives.of_pictures(pictures), field))


def test_motion(recorded, drives, name):
    recorded.close(f"{name}_direction", drives.model.motion(drives.at_frame())[0])


def test_expression_vector(recorded, drives, name):
    recorded.close(f"{name}_exp_latent", drives.model.expression(drives.at_frame())[0])


def planes(rows: torch.Tensor) -> np.ndarray:
    """(h * w, c), or (1, c, h, w), to (c, h, w)."""
    if rows.ndim == 4:
        return rows[0].numpy()
    size = int(len(rows) ** 0.5)
    return rows.t().unflatten(1, (size, size)).numpy()


def test_features(recorded, drives, name):
    features = drives.source.features
    maps = [level.features for level in features] if isinstance(features, list) else features.maps
    found = {f"{name}_feature_{8 << index}": planes(level) for index, level in enumerate(maps)}
    for recorded_name, _ in recorded.matching(rf"{name}_feature_(\d+)"):
        recorded.close(recorded_name, found[recorded_name])


@pytest.fixture(scope="module")
def levels(drives) -> list[SimpleNamespace]:
    """Features with the expression, raw flow and picture, (c, h, w) each, from 8 to 256 px."""
    model, weights = drives.model, drives.at_frame()
    latent = torch.tensor(drives.source.code + model.motion(weights))
    expression = torch.tensor(model.expression(weights))
    renderer = model.renderer
    with torch.inference_mode():
        if isinstance(renderer, PlainRenderer):
            made = renderer._decoder.levels(latent, expression, drives.source.features)
            return [SimpleNamespace(eem=planes(a), flowraw=planes(b), rgb=planes(c)) for a, b, c in made]
        made = renderer._decoder.levels(drives.source.features, latent[0], expression[0], renderer._space)
        return [
            SimpleNamespace(eem=planes(level.features), flowraw=planes(level.made)[:3], rgb=planes(level.made)[3:])
            for level in made
        ]


@pytest.mark.parametrize("kind", ["eem", "flowraw", "rgb"])
def test_levels(recorded, name, levels, kind):
    for found, match in recorded.matching(rf"{name}_{kind}_(\d+)"):
        recorded.close(found, getattr(levels[(int(match[1]) // 8).bit_length() - 1], kind))


def test_picture(recorded, drives, name):
    """Alone, and again after a frame with another expression."""
    weights = drives.at_frame()
    recorded.close(f"{name}_decoded", drives.model.decode_raw(drives.source, weights)[0])
    other = drives.of_pictures("pose")
    drives.model.decode_raw(drives.source, other)
    recorded.close(f"{name}_decoded", drives.model.decode_raw(drives.source, weights)[0])


def test_16_bit_looks_the_same(recorded, edtalk_networks, edtalk):
    """Convolutions of bfloat16 with sums of 32 bit, as matrix units compute them; rounded here, as few have them."""
    from inference.engines.edtalk.networks.loading import networks_from

    exact = Drives(recorded, Model(edtalk_networks("full"), CPU, "full"))
    networks = networks_from(edtalk.states(), "full")
    round_decoder(networks.generator.dec, torch.bfloat16)
    plain = PlainRenderer(networks.generator, CPU, None)
    weights = exact.of_pictures("pose")
    vectors = [
        torch.tensor(exact.model.motion(weights) + exact.source.code),
        torch.tensor(exact.model.expression(weights)),
    ]
    pictures = torch.tensor(recorded.pictures("source")).permute(0, 3, 1, 2) / 127.5 - 1
    with torch.inference_mode():
        _, features = plain.encode(pictures)
        rounded = plain.draw(features, *(vector[FRAME : FRAME + 1] for vector in vectors)).numpy()
    wanted = exact.model.decode_raw(exact.source, weights)[FRAME]
    difference_db = -10 * np.log10(np.square((wanted - rounded[0]) / 2).mean())
    assert 25 < difference_db < 80
