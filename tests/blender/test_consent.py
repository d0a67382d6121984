# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Consent about likeness: asked once, kept, or said by a variable."""

from __future__ import annotations

import bpy
import installed_extension
import pytest
import queued
import sequencer
import talking


@pytest.fixture(autouse=True)
def no_consent(addon, monkeypatch):
    monkeypatch.delenv("TALKINGHEAD_CONSENT", raising=False)
    talking.fresh_start(consent=False)
    yield
    talking.fresh_start()


def test_is_not_given_at_first():
    assert not talking.core("consent").given()


@pytest.mark.parametrize("name", ["animate_portrait", "render_frames", "preview_frame"])
def test_operators_refuse_without_it(scene, saved_file, astronaut, name):
    talking.core("consent").give()
    talking.animated(astronaut, length=2)
    talking.fresh_start(consent=False)
    with pytest.raises(RuntimeError, match="right to animate"):
        getattr(bpy.ops.talkinghead, name)()


def test_operator_gives_it_only_when_agreed(scene):
    assert bpy.ops.talkinghead.give_consent(agree=False) == {"CANCELLED"}
    assert not talking.core("consent").given()
    assert bpy.ops.talkinghead.give_consent(agree=True) == {"FINISHED"}
    assert talking.core("consent").given()
    assert bpy.context.preferences.is_dirty


def test_is_asked_once(scene, saved_file, astronaut):
    bpy.ops.talkinghead.give_consent(agree=True)
    assert not bpy.ops.talkinghead.give_consent.poll()
    sequencer.add_image(astronaut, length=2)
    assert bpy.ops.talkinghead.animate_portrait() == {"FINISHED"}


def test_what_was_asked_for_goes_on_with_it(scene, astronaut, monkeypatch):
    talking.core("consent").give()
    figure = sequencer.add_image(astronaut, length=2)
    figure.th_role, figure.th_id, figure.th_engine = "SOURCE", "3f", "wananimate"
    sequencer.select(figure)
    asked = []

    def job(operator, context):
        asked.append(operator.as_keywords())
        raise talking.shared("errors").TalkingHeadError(talking.shared("errors").ErrorCode.CANCELLED, "Enough.", "")

    monkeypatch.setattr(queued.operators("figures").TALKINGHEAD_OT_add_helper_strip, "job", job)
    for _ in range(2):
        options = repr(asked[0]) if asked else "{'stage': 'face'}"
        with pytest.raises(RuntimeError, match="Enough"):
            queued.operators("base").go_on("TALKINGHEAD_OT_add_helper_strip", options)
    assert asked == [{"stage": "face"}] * 2


def test_variable_gives_it_for_farms(monkeypatch):
    monkeypatch.setenv("TALKINGHEAD_CONSENT", "1")
    assert talking.core("consent").given()
    monkeypatch.setenv("TALKINGHEAD_CONSENT", "0")
    assert not talking.core("consent").given()


def test_is_kept_with_the_preferences(scene):
    if bpy.app.version < (4, 3):
        pytest.skip("reading preferences in background crashes the bpy package 4.2")
    bpy.ops.talkinghead.give_consent(agree=True)
    bpy.ops.wm.save_userpref()
    try:
        bpy.ops.wm.read_userpref()
        assert installed_extension.is_enabled()
        assert talking.core("preferences").preferences().consent
    finally:
        talking.core("preferences").preferences().consent = False
        bpy.ops.wm.save_userpref()
