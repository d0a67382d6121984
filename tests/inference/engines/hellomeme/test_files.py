# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which files the settings choose."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from inference.engines.hellomeme.description import HELLOMEME
from inference.engines.hellomeme.files import DrawingFiles, files_of
from inference.errors import ErrorCode, TalkingHeadError

PARTS = ("reference", "pd_fgc", "sd15_unet", "sd15_text")


class KnownStore:
    """A store of weights that has every set."""

    def set_paths(self, name: str) -> dict[str, Path]:
        return {part: Path(name) / part for part in PARTS}

    def set_digests(self, name: str) -> tuple[str, ...]:
        return tuple(f"digest of {part}" for part in PARTS)


def files(**settings: object) -> DrawingFiles:
    return files_of(KnownStore(), HELLOMEME.settings_from(settings))  # type: ignore[arg-type]


@pytest.fixture
def chosen(tmp_path) -> str:
    path = tmp_path / "comic.safetensors"
    path.write_bytes(b"weights")
    return str(path)


def test_the_plain_model_draws_and_reads():
    found = files(model="v5b")
    assert found.version == "v5b" and found.is_even
    for drawing in (True, False):
        assert found.base("sd15_unet", drawing) == Path("hellomeme_v5b/sd15_unet")
    assert found.digest("pd_fgc", "sd15_text") == "digest of pd_fgc-digest of sd15_text"


def test_a_checkpoint_draws_and_reads_only_where_that_is_chosen(chosen):
    found = files(checkpoint=chosen)
    assert found.base("sd15_unet", True) == Path(chosen) and not found.is_even
    assert found.base("sd15_unet", False) == Path("hellomeme_v5/sd15_unet")
    everything = files(checkpoint=chosen, checkpoint_use="all")
    assert everything.base("sd15_text", False) == Path(chosen) and everything.is_even


def test_a_lora_alone_leaves_what_reads_as_it_is(chosen):
    assert not files(lora=chosen).is_even and files(lora=chosen, checkpoint_use="all").is_even


def test_the_key_follows_content_and_use(chosen):
    keys = [
        files(**settings).key
        for settings in (
            {},
            {"model": "v5b"},
            {"checkpoint": chosen},
            {"checkpoint": chosen, "checkpoint_use": "all"},
            {"lora": chosen},
            {"lora": chosen, "lora_strength": 0.5},
        )
    ]
    assert len(set(keys)) == len(keys)
    os.utime(chosen, (1, 1))
    assert files(checkpoint=chosen).key not in keys


@pytest.mark.parametrize(("setting", "word"), [("checkpoint", "checkpoint"), ("lora", "LoRA")])
def test_files_that_are_not_there_are_told(tmp_path, setting, word):
    with pytest.raises(TalkingHeadError) as caught:
        files(**{setting: str(tmp_path / "gone.safetensors")})
    assert caught.value.code is ErrorCode.WEIGHTS_MISSING
    assert f"The {word} gone.safetensors is not there." in str(caught.value)
