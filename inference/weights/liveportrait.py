# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""LivePortrait's weight files: the official ones, their safetensors conversions, and where programs keep them. Pure.

The official checkpoints are on Hugging Face under KlingTeam/LivePortrait, formerly KwaiVGI/LivePortrait, under the MIT
licence; sizes and hashes are those of revision 82a4fa6. ComfyUI's nodes download conversions to safetensors from
Kijai/LivePortrait_safetensors, revision 59f30f3. No file of InsightFace and no X-Pose is needed or got: their licences
exclude commercial use.
"""

from __future__ import annotations

from .entries import Part, UrlSource, WeightFile, WeightSet

_OFFICIAL = "https://huggingface.co/KlingTeam/LivePortrait/resolve/82a4fa6735ca58432b6ce39301b4b9ee066dea47"
_OFFICIAL_BEFORE = "https://huggingface.co/KwaiVGI/LivePortrait/resolve/main"
_SAFETENSORS = "https://huggingface.co/Kijai/LivePortrait_safetensors/resolve/59f30f36d7b791929c25437df7461d5b0e0010b1"
_ONNX = "https://huggingface.co/warmshao/FasterLivePortrait/resolve/main"
_LICENCE = "MIT"
_OFFICIAL_NOTE = "Kuaishou's LivePortrait; licence as stated in its model card and repository"
_SAFETENSORS_NOTE = "LivePortrait converted to safetensors by Kijai; LivePortrait's licence"

_ONNX_NOTE = "LivePortrait converted to ONNX by FasterLivePortrait; LivePortrait's licence"

_HUMAN_FOLDER = "liveportrait/base_models"
_RETARGETING_FOLDER = "liveportrait/retargeting_models"
_ANIMAL_FOLDER = "liveportrait_animals/base_models_v1.1"
_STITCHING = "stitching_retargeting_module"

# Name: size in bytes and sha256 of the .pth, sha256 of the animals' .pth, size and sha256 of the .safetensors.
# The sizes of the animals' files are not published; they hold the same tensors.
_BASE: dict[str, tuple[int, str, str, int, str]] = {
    "appearance_feature_extractor": (
        3_387_959,
        "5279bb8654293dbdf327030b397f107237dd9212fb11dd75b83dfb635211ceb5",
        "7e320d545579caa83c7b094cef8b7b43fe92a2e410c219ffa97b08be549f45bf",
        3_361_936,
        "38bef5de50a92bf1fc66e8c511051a19dfacdf80c37f8713425ec15dc9ca7d34",
    ),
    "motion_extractor": (
        112_545_506,
        "251e6a94ad667a1d0c69526d292677165110ef7f0cf0f6d199f0e414e8aa0ca5",
        "827d0ea4c56ff252dba50feece3bc62ced365ecae5edb86db07eb71b2f39a696",
        112_496_256,
        "3568cd410e29d046771acb55ecfdfe4c7c197d345bd8b7f95942ef63130b6c9e",
    ),
    "warping_module": (
        182_180_086,
        "2f61a6f265fe344f14132364859a78bdbbc2068577170693da57fb96d636e282",
        "7dfd251dc6b3a1baefebfc658f5bb2a2c565649cdb9aa75032591e824a0bfcee",
        182_158_564,
        "f7b7834bd6039b4088f72e5161e60ad366f68a3763df8a3eac0bc0f9d46fdbbf",
    ),
    "spade_generator": (
        221_813_590,
        "4780afc7909a9f84e24c01d73b31a555ef651521a1fe3b2429bd04534d992aee",
        "6ac31a9b608f3920ec41a402b1c4e29d22007dafd79a855f204aae9307039445",
        221_771_768,
        "ca04fbec765745e9eae836d2d7522c274647b277ce5f25104fa1705b75222212",
    ),
}


def _official(name: str, folder: str, file_name: str, size: int, sha256: str, exact_size: bool = True) -> WeightFile:
    path = f"{folder}/{file_name}"
    sources = (UrlSource(f"{_OFFICIAL}/{path}"), UrlSource(f"{_OFFICIAL_BEFORE}/{path}"))
    return WeightFile(name, file_name, size, sha256, _LICENCE, _OFFICIAL_NOTE, sources, folder, exact_size)


def _converted(name: str, folder: str, address: str, size: int, sha256: str) -> WeightFile:
    sources = (UrlSource(f"{_SAFETENSORS}/{address}"),)
    file_name = address.rpartition("/")[2]
    return WeightFile(name, file_name, size, sha256, _LICENCE, _SAFETENSORS_NOTE, sources, folder, bool(sha256))


_HUMAN = {
    part: _official(f"liveportrait_{part}", _HUMAN_FOLDER, f"{part}.pth", size, sha256)
    for part, (size, sha256, _, _, _) in _BASE.items()
}
_ANIMAL = {
    part: _official(f"liveportrait_animal_{part}", _ANIMAL_FOLDER, f"{part}.pth", size, sha256, exact_size=False)
    for part, (size, _, sha256, _, _) in _BASE.items()
}
_STITCHING_FILE = _official(
    f"liveportrait_{_STITCHING}",
    _RETARGETING_FOLDER,
    f"{_STITCHING}.pth",
    2_393_098,
    "3652d5a3f95099141a56986aaddec92fadf0a73c87a20fac9a2c07c32b28b611",
)
_LANDMARK_FILE = _official(
    "liveportrait_landmark",
    "liveportrait",
    "landmark.onnx",
    114_666_491,
    "31d22a5041326c31f19b78886939a634a5aedcaa5ab8b9b951a1167595d147db",
)
_HUMAN_CONVERTED = {
    part: _converted(f"liveportrait_{part}_safetensors", "liveportrait", f"{part}.safetensors", size, sha256)
    for part, (_, _, _, size, sha256) in _BASE.items()
}
_ANIMAL_CONVERTED = {
    part: _converted(
        f"liveportrait_animal_{part}_safetensors", "liveportrait/animal", f"animal/{part}.safetensors", size, ""
    )
    for part, (_, _, _, size, _) in _BASE.items()
}
_STITCHING_CONVERTED = _converted(
    f"liveportrait_{_STITCHING}_safetensors",
    "liveportrait",
    f"{_STITCHING}.safetensors",
    911_836,
    "60725cf3523ae413880da28ed583c9e84c5c25695a0cef1b77210ea31cc424ea",
)

# Sizes and hashes are not published; these are the sizes of our own export of the same networks.
_ONNX_FOLDER = "liveportrait_onnx"
_ONNX_SIZES = {
    "appearance_feature_extractor": 3_354_343,
    "motion_extractor": 112_588_218,
    "warping_spade": 407_163_613,
    "stitching": 182_094,
    "stitching_eye": 580_477,
    "stitching_lip": 150_340,
}
_ONNX_FILES = {
    name: WeightFile(
        name=f"liveportrait_onnx_{name}",
        file_name=f"{name}.onnx",
        size=size,
        sha256="",
        licence=_LICENCE,
        licence_note=_ONNX_NOTE,
        sources=(UrlSource(f"{_ONNX}/{_ONNX_FOLDER}/{name}.onnx"),),
        folder=_ONNX_FOLDER,
        exact_size=False,
    )
    for name, size in _ONNX_SIZES.items()
}
_ONNX_PLACES = (_ONNX_FOLDER, f"checkpoints/{_ONNX_FOLDER}", "")

LIVEPORTRAIT_FILES: tuple[WeightFile, ...] = (
    *_HUMAN.values(),
    _STITCHING_FILE,
    *_ANIMAL.values(),
    _LANDMARK_FILE,
    *_HUMAN_CONVERTED.values(),
    _STITCHING_CONVERTED,
    *_ANIMAL_CONVERTED.values(),
    *_ONNX_FILES.values(),
)

# Models for animals have the file names of those for people; only folders tell them apart.
_OF_ANIMALS = ("*[aA]nimal*/*", "*[aA]nimal*/base_models*/*", "*[aA]nimal*/retargeting_models/*", "base_models_v1.1/*")
_HUMAN_PLACES = (_HUMAN_FOLDER, "base_models", "liveportrait", "")
_ANIMAL_PLACES = (
    _ANIMAL_FOLDER,
    "base_models_v1.1",
    "liveportrait_animals/base_models",
    "liveportrait/animal",
    "liveportrait/animals/base_models",
    "animal",
    "animals/base_models",
    "base_models",
    "",
)
_RETARGETING_PLACES = (_RETARGETING_FOLDER, "retargeting_models", "liveportrait", "")


def _human(name: str) -> Part:
    conversions = (_HUMAN_CONVERTED[name],)
    return Part(name, _HUMAN[name], _HUMAN_PLACES, _names(name), never=_OF_ANIMALS, conversions=conversions)


def _animal(name: str) -> Part:
    conversions = (_ANIMAL_CONVERTED[name],)
    return Part(name, _ANIMAL[name], _ANIMAL_PLACES, _names(name), only=_OF_ANIMALS, conversions=conversions)


def _names(part: str) -> tuple[str, ...]:
    return (f"{part}.pth", f"{part}.safetensors")


# The official program uses that of people for animals as well.
_STITCHING_PART = Part(
    _STITCHING,
    _STITCHING_FILE,
    _RETARGETING_PLACES,
    _names(_STITCHING),
    never=_OF_ANIMALS,
    conversions=(_STITCHING_CONVERTED,),
)

LIVEPORTRAIT_SETS: tuple[WeightSet, ...] = (
    WeightSet("liveportrait_human", "LivePortrait for people", (*map(_human, _BASE), _STITCHING_PART)),
    WeightSet("liveportrait_animal", "LivePortrait for animals", (*map(_animal, _BASE), _STITCHING_PART)),
    WeightSet(
        "liveportrait_onnx",
        "LivePortrait for people, as ONNX",
        tuple(
            Part(name, file, _ONNX_PLACES, (file.file_name,), never=_OF_ANIMALS) for name, file in _ONNX_FILES.items()
        ),
    ),
    WeightSet(
        "liveportrait_landmark",
        "LivePortrait's own landmarks (203 points)",
        (Part("landmark", _LANDMARK_FILE, ("liveportrait", ""), ("landmark.onnx",)),),
        optional=True,
    ),
)
