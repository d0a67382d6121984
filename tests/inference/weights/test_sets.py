# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sets of weight files: found in the folders of several programs, verified, never mixed up."""

import hashlib
import os
from pathlib import Path

import pytest
import weight_files
from weight_files import BASE_PARTS, PARTS, STITCHING

from inference.errors import Action, ErrorCode, TalkingHeadError
from inference.weights import store, verified
from inference.weights.catalogue import CATALOGUE, SETS, UrlSource, weight_file, weight_set
from inference.weights.store import WeightStore

HUMAN, ANIMAL, LANDMARK = "liveportrait_human", "liveportrait_animal", "liveportrait_landmark"
LIVEPORTRAIT = [file for file in CATALOGUE if file.name.startswith("liveportrait")]


@pytest.mark.parametrize("file", LIVEPORTRAIT, ids=lambda file: file.name)
def test_catalogue_entries(file):
    assert file.size > 0 and file.licence == "MIT" and file.licence_note
    assert file.sha256 == "" or (len(file.sha256) == 64 and int(file.sha256, 16))
    assert file.sha256 or not file.exact_size
    for source in file.sources:
        assert isinstance(source, UrlSource)
        assert source.url.startswith("https://huggingface.co/") and source.url.endswith(file.file_name)


def test_names_are_unique():
    assert len({file.name for file in CATALOGUE}) == len(CATALOGUE)
    assert len({file.path for file in CATALOGUE}) == len(CATALOGUE)


@pytest.mark.parametrize("name", [HUMAN, ANIMAL])
def test_the_downloaded_files_are_official_and_about_half_a_gigabyte(name):
    files = weight_set(name).files
    assert all(file.sha256 and file.file_name.endswith(".pth") for file in files)
    assert 500e6 < sum(file.size for file in files) < 540e6


@pytest.mark.parametrize("name", SETS)
def test_what_is_downloaded_is_found(tmp_path, name):
    for file in weight_set(name).files:
        weight_files.write(tmp_path / file.path, file.name)
    found = WeightStore([tmp_path]).set_paths(name)
    assert list(found.values()) == [tmp_path / file.path for file in weight_set(name).files]


def test_unknown_set():
    with pytest.raises(TalkingHeadError) as caught:
        WeightStore([]).set_paths("nonsense")
    assert caught.value.code is ErrorCode.INVALID_REQUEST and HUMAN in caught.value.hint


def test_missing_files_are_named_in_one_sentence(tmp_path):
    weight_files.official(tmp_path, PARTS[:3])
    with pytest.raises(TalkingHeadError) as caught:
        WeightStore([tmp_path]).set_paths(HUMAN)
    assert caught.value.code is ErrorCode.WEIGHTS_MISSING and caught.value.action is Action.GET_MODELS
    assert "spade_generator, stitching_retargeting_module" in caught.value.message
    assert "motion_extractor" not in caught.value.message
    assert str(tmp_path) in caught.value.details


def test_the_official_folder(tmp_path):
    made = weight_files.official(tmp_path / "pretrained_weights")
    for named in (tmp_path, tmp_path / "pretrained_weights", tmp_path / "pretrained_weights" / "liveportrait"):
        assert WeightStore([named]).set_paths(HUMAN) == made


def test_the_folder_of_comfyui(tmp_path):
    made = weight_files.comfyui(tmp_path / "ComfyUI")
    for named in ("", "ComfyUI", "ComfyUI/models", "ComfyUI/models/liveportrait"):
        assert WeightStore([tmp_path / named]).set_paths(HUMAN) == made


def test_the_folder_of_advanced_live_portrait(tmp_path):
    made = weight_files.official(tmp_path / "models")
    assert WeightStore([tmp_path]).set_paths(HUMAN) == made


@pytest.mark.parametrize("ending", ["pth", "safetensors"])
def test_everything_flat_in_one_folder(tmp_path, ending):
    made = {name: weight_files.write(tmp_path / f"{name}.{ending}") for name in PARTS}
    assert WeightStore([tmp_path]).set_paths(HUMAN) == made


def test_parts_may_come_from_different_places(tmp_path):
    own = weight_files.official(tmp_path / "own", BASE_PARTS[:2])
    comfyui = weight_files.comfyui(tmp_path / "ComfyUI")
    found = WeightStore([tmp_path / "own", tmp_path / "ComfyUI"]).set_paths(HUMAN)
    assert found == {**comfyui, **own}
    assert list(found) == list(PARTS)


def test_the_first_folder_wins(tmp_path):
    first, second = weight_files.comfyui(tmp_path / "a"), weight_files.official(tmp_path / "b")
    assert WeightStore([tmp_path / "a", tmp_path / "b"]).set_paths(HUMAN) == first
    assert WeightStore([tmp_path / "b", tmp_path / "a"]).set_paths(HUMAN) == second


@pytest.mark.parametrize(
    "folder",
    [
        "liveportrait_animals/base_models_v1.1",
        "liveportrait_animals/base_models",
        "models/liveportrait/animal",
        "models/liveportrait_animals/base_models",
        "base_models_v1.1",
        "animal",
    ],
)
@pytest.mark.parametrize("ending", ["pth", "safetensors"])
def test_models_for_animals(tmp_path, folder, ending):
    people = weight_files.official(tmp_path / "people")
    made = {name: weight_files.write(tmp_path / "animals" / folder / f"{name}.{ending}") for name in BASE_PARTS}
    for named in (tmp_path / "animals", tmp_path / "animals" / folder):
        found = WeightStore([named, tmp_path / "people"]).set_paths(ANIMAL)
        assert found == {**made, STITCHING: people[STITCHING]}
        assert WeightStore([named, tmp_path / "people"]).set_paths(HUMAN) == people


def test_models_for_people_never_stand_in_for_animals(tmp_path):
    weight_files.official(tmp_path)
    with pytest.raises(TalkingHeadError) as caught:
        WeightStore([tmp_path]).set_paths(ANIMAL)
    assert all(name in caught.value.message for name in BASE_PARTS) and STITCHING not in caught.value.message


def test_stitching_of_animals_is_never_used(tmp_path):
    weight_files.official(tmp_path, BASE_PARTS)
    weight_files.animals(tmp_path)
    weight_files.write(tmp_path / "models" / "liveportrait" / "animal" / f"{STITCHING}.safetensors")
    for name in (HUMAN, ANIMAL):
        with pytest.raises(TalkingHeadError) as caught:
            WeightStore([tmp_path, tmp_path / "models" / "liveportrait" / "animal"]).set_paths(name)
        assert caught.value.code is ErrorCode.WEIGHTS_MISSING and f": {STITCHING}." in caught.value.message


def test_a_folder_called_animals_may_hold_both(tmp_path):
    people = weight_files.comfyui(tmp_path / "my animals" / "ComfyUI")
    assert WeightStore([tmp_path / "my animals" / "ComfyUI"]).set_paths(HUMAN) == people


def test_a_broken_file_is_passed_over_with_a_warning(tmp_path):
    broken = weight_files.official(tmp_path / "a")["warping_module"]
    broken.write_bytes(broken.read_bytes()[:-100])
    good = weight_files.comfyui(tmp_path / "b")["warping_module"]
    weights = WeightStore([tmp_path / "a", tmp_path / "b"])
    assert weights.set_paths(HUMAN)["warping_module"] == good
    assert weights.set_warnings(HUMAN) == (f"The model file {broken} was passed over: it is cut off.",)


def test_a_broken_file_without_another_is_refused_with_its_reason(tmp_path):
    weight_files.official(tmp_path)["warping_module"].write_bytes(b"version https://git-lfs.github.com/spec/v1\n")
    with pytest.raises(TalkingHeadError) as caught:
        WeightStore([tmp_path]).set_paths(HUMAN)
    assert caught.value.code is ErrorCode.WEIGHTS_CORRUPT and caught.value.action is Action.GET_MODELS
    assert caught.value.message == (
        "The model file warping_module.pth cannot be used: it is a Git LFS pointer, not the model itself."
    )


@pytest.mark.parametrize(
    ("taken_for", "accepted"),
    [
        ("liveportrait_motion_extractor", True),
        ("liveportrait_motion_extractor_safetensors", True),
        ("liveportrait_animal_motion_extractor", False),
        ("liveportrait_warping_module", False),
    ],
)
def test_a_published_file_counts_as_what_it_was_published_for(monkeypatch, tmp_path, taken_for, accepted):
    path = weight_files.write(weight_files.official(tmp_path)["motion_extractor"], "its own content")
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    monkeypatch.setattr(store, "_BY_SHA256", {digest: weight_file(taken_for)})
    if accepted:
        assert WeightStore([tmp_path]).set_paths(HUMAN)["motion_extractor"] == path
        return
    with pytest.raises(TalkingHeadError) as caught:
        WeightStore([tmp_path]).set_paths(HUMAN)
    assert caught.value.message == (
        f"The model file motion_extractor.pth cannot be used: it is another model, {taken_for}."
    )


def test_a_published_hash_stands_for_all_other_checks(monkeypatch, tmp_path):
    path = weight_files.official(tmp_path)["motion_extractor"]
    content = bytearray(path.read_bytes())
    content[content.index(bytes(range(256)))] ^= 1
    path.write_bytes(content)
    digest = hashlib.sha256(content).hexdigest()
    monkeypatch.setattr(store, "_BY_SHA256", {digest: weight_file("liveportrait_motion_extractor")})
    assert WeightStore([tmp_path]).set_paths(HUMAN)["motion_extractor"] == path


def test_a_missing_part_is_told_before_a_broken_one_that_has_a_stand_in(tmp_path):
    weight_files.official(tmp_path / "a", ["warping_module"])["warping_module"].write_bytes(b"PK\x03\x04")
    weight_files.comfyui(tmp_path / "b")["spade_generator"].unlink()
    with pytest.raises(TalkingHeadError) as caught:
        WeightStore([tmp_path / "a", tmp_path / "b"]).set_paths(HUMAN)
    assert caught.value.code is ErrorCode.WEIGHTS_MISSING and ": spade_generator." in caught.value.message


def test_a_flipped_bit_is_found_by_the_checksum(tmp_path):
    path = weight_files.official(tmp_path)["spade_generator"]
    content = bytearray(path.read_bytes())
    content[content.index(bytes(range(256))) + 5] ^= 1
    path.write_bytes(content)
    with pytest.raises(TalkingHeadError) as caught:
        WeightStore([tmp_path]).set_paths(HUMAN)
    assert "its content is damaged" in caught.value.message


def test_digests_are_those_of_the_files_in_order(tmp_path):
    made = weight_files.comfyui(tmp_path)
    expected = tuple(hashlib.sha256(made[name].read_bytes()).hexdigest() for name in PARTS)
    assert WeightStore([tmp_path]).set_digests(HUMAN) == expected


@pytest.fixture
def reads(monkeypatch):
    """Names of the files that were hashed."""
    names = []
    original = verified.sha256_of
    monkeypatch.setattr(verified, "sha256_of", lambda path: names.append(path.name) or original(path))
    return names


def test_files_are_read_once_and_remembered_for_the_next_worker(tmp_path, reads):
    weight_files.comfyui(tmp_path / "ComfyUI")
    weights = WeightStore([tmp_path / "ComfyUI"], tmp_path / "cache")
    first = weights.set_digests(HUMAN)
    assert weights.set_digests(HUMAN) == first
    assert len(reads) == len(PARTS)
    assert WeightStore([tmp_path / "ComfyUI"], tmp_path / "cache").set_digests(HUMAN) == first
    assert len(reads) == len(PARTS)


def test_a_changed_file_is_read_again(tmp_path, reads):
    made = weight_files.comfyui(tmp_path / "ComfyUI")
    weights = WeightStore([tmp_path / "ComfyUI"], tmp_path / "cache")
    first = weights.set_digests(HUMAN)
    weight_files.write(made["motion_extractor"], "another one, of another length")
    second = weights.set_digests(HUMAN)
    assert [a == b for a, b in zip(first, second, strict=True)] == [True, False, True, True, True]
    assert reads[len(PARTS) :] == ["motion_extractor.safetensors"]


def test_a_file_of_the_same_size_written_later_is_read_again(tmp_path, reads):
    path = weight_files.comfyui(tmp_path)["motion_extractor"]
    weights = WeightStore([tmp_path])
    first = weights.set_digests(HUMAN)
    path.write_bytes(path.read_bytes()[:-1] + b"!")
    os.utime(path, ns=(1, 1))
    assert weights.set_digests(HUMAN) != first


def test_a_cache_that_cannot_be_written_does_no_harm(tmp_path):
    weight_files.comfyui(tmp_path)
    (tmp_path / "file").write_bytes(b"")
    assert len(WeightStore([tmp_path], tmp_path / "file").set_digests(HUMAN)) == len(PARTS)


def test_a_folder_that_may_not_be_looked_at_is_passed_over(monkeypatch, tmp_path):
    made = weight_files.comfyui(tmp_path / "good")
    original = Path.is_dir

    def is_dir(path):
        if tmp_path / "secret" in path.parents:
            raise PermissionError(13, "Permission denied")
        return original(path)

    monkeypatch.setattr(Path, "is_dir", is_dir)
    assert WeightStore([tmp_path / "secret", tmp_path / "good"]).set_paths(HUMAN) == made


def test_models_that_come_later_are_found_by_the_same_store(tmp_path):
    weights = WeightStore([tmp_path])
    with pytest.raises(TalkingHeadError):
        weights.set_paths(HUMAN)
    made = weight_files.official(tmp_path)
    assert weights.set_paths(HUMAN) == made


def test_models_that_go_are_missed(tmp_path):
    made = weight_files.official(tmp_path)
    weights = WeightStore([tmp_path])
    weights.set_paths(HUMAN)
    made["motion_extractor"].unlink()
    with pytest.raises(TalkingHeadError) as caught:
        weights.set_paths(HUMAN)
    assert caught.value.code is ErrorCode.WEIGHTS_MISSING


def test_optional_landmarks(tmp_path):
    weights = WeightStore([tmp_path])
    assert weights.optional(LANDMARK) is None
    path = weight_files.write(tmp_path / "models" / "liveportrait" / "landmark.onnx")
    assert weights.optional(LANDMARK) == path
    assert weights.set_digests(LANDMARK) == (hashlib.sha256(path.read_bytes()).hexdigest(),)


def test_broken_optional_landmarks_are_as_good_as_none(tmp_path):
    path = weight_files.write(tmp_path / "landmark.onnx")
    path.write_bytes(path.read_bytes()[:-3])
    weights = WeightStore([tmp_path])
    assert weights.optional(LANDMARK) is None
    assert weights.set_warnings(LANDMARK) == (f"The model file {path} was passed over: it is cut off.",)
