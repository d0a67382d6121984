# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The presets' sliders: from the source's own expression to the presets, and the published formula."""

from __future__ import annotations

import numpy as np
import pytest

from inference.controls import Group, controls_in, rest_pose
from inference.engines.edtalk.emotions import PRESETS, control_of, emotional, expressed

OWN = np.linspace(-2, 3, 10)
EMOTIONS = [name for name in PRESETS if name != "neutral"]


def test_each_preset_has_a_slider():
    assert {control_of(name) for name in PRESETS} == {control.name for control in controls_in(Group.EMOTION)}


def test_the_presets_norms_are_the_published_ones():
    norms = {name: np.linalg.norm(values) for name, values in PRESETS.items()}
    assert abs(norms["neutral"] - 7.25) < 0.01
    assert all(5.6 < norm < 8.6 for norm in norms.values())


def test_at_rest_nothing_changes_to_the_bit():
    assert np.array_equal(expressed(OWN, rest_pose()), OWN)
    assert not emotional(rest_pose()) and emotional({"edtalk_sad": 0.1})


@pytest.mark.parametrize("name", list(PRESETS))
def test_one_slider_leads_from_the_source_to_the_preset(name):
    assert np.allclose(expressed(OWN, {control_of(name): 1.0}), PRESETS[name])
    assert np.allclose(expressed(OWN, {control_of(name): 0.5}), (OWN + PRESETS[name]) / 2)


@pytest.mark.parametrize("amount", [0.3, 1.0, 1.5])
@pytest.mark.parametrize("name", EMOTIONS)
def test_with_neutral_it_is_the_published_formula(name, amount):
    neutral = PRESETS["neutral"]
    found = expressed(OWN, {"edtalk_neutral": 1.0, control_of(name): amount})
    assert np.allclose(found, neutral + amount * (PRESETS[name] - neutral))


def test_emotions_mix():
    neutral = PRESETS["neutral"]
    found = expressed(OWN, {"edtalk_happy": 0.4, "edtalk_surprised": 0.2})
    mixed = 0.4 * (PRESETS["happy"] - neutral) + 0.2 * (PRESETS["surprised"] - neutral)
    assert np.allclose(found, 0.4 * OWN + 0.6 * neutral + mixed)
    both = expressed(OWN, {"edtalk_happy": 0.8, "edtalk_surprised": 0.7})
    assert np.allclose(both, expressed(-OWN, {"edtalk_happy": 0.8, "edtalk_surprised": 0.7}))
