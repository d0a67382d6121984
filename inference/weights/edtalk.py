# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""EDTalk's weight files, and where programs keep them. Pure.

The official files are on Hugging Face under tanshuai0219/EDTalk, whose model card and repository state Apache-2.0;
sizes and hashes are those of revision c9a502e. They also hold what training left, a half to four fifths of their
size, which is not read; besides tensors they name one class, ``argparse.Namespace``. Unlike by the official program,
dlib's landmark file and GFPGAN are neither needed nor got: their licences or training data exclude commercial use.
"""

from __future__ import annotations

from .entries import Part, UrlSource, WeightFile, WeightSet

EDTALK_NETWORKS = {"edtalk": "gen", "audio2lip": "audio2lip"}
"""Which entry of an official file is needed, by part."""

_OFFICIAL = "https://huggingface.co/tanshuai0219/EDTalk/resolve/c9a502ee3585d01042c3b6da730a62416e7fc76a/ckpts"
_OFFICIAL_NOW = "https://huggingface.co/tanshuai0219/EDTalk/resolve/main/ckpts"
_FOLDER = "edtalk"
_NOTE = "EDTalk by Tan and others; licence as stated in its model card and repository"
# As downloaded by the add-on; in the official program; flat, also in the folder "pretrained_weights" of C-MET.
_PLACES = (_FOLDER, "ckpts", "EDTalk/ckpts", "")


def _file(name: str, stem: str, size: int, sha256: str, trained: str) -> WeightFile:
    file_name = f"{stem}.pt"
    sources = (UrlSource(f"{_OFFICIAL}/{file_name}"), UrlSource(f"{_OFFICIAL_NOW}/{file_name}"))
    return WeightFile(name, file_name, size, sha256, "Apache-2.0", f"{_NOTE}; {trained}", sources, _FOLDER)


_FULL = _file(
    "edtalk_full",
    "EDTalk",
    506_458_609,
    "138b49803ce18b0e746f29d06f58809365cfbc370fd694bd852ec49881998acf",
    "trained with MEAD and HDTF, which were made for research: ask for advice before commercial use",
)
_LIP_POSE = _file(
    "edtalk_lip_pose",
    "EDTalk_lip_pose",
    842_285_931,
    "0cb915304bee6fe14f6b9504a554d2bfd6576644a8f68cde73fc39c895bf8547",
    "trained with HDTF, videos from YouTube that were collected for research: ask for advice before commercial use",
)
_AUDIO2LIP = _file(
    "edtalk_audio2lip",
    "Audio2Lip",
    11_342_990,
    "64a46df8b1af0674247606ef071efaca10d78f4e4dcadb9bfb706545997c3707",
    "its training data are not stated",
)

EDTALK_FILES: tuple[WeightFile, ...] = (_FULL, _LIP_POSE, _AUDIO2LIP)


def _part(name: str, file: WeightFile) -> Part:
    return Part(name, file, _PLACES, (file.file_name, file.file_name.replace(".pt", ".safetensors")))


_AUDIO_PART = _part("audio2lip", _AUDIO2LIP)

EDTALK_SETS: tuple[WeightSet, ...] = (
    WeightSet("edtalk_full", "EDTalk for mouth, head and emotion", (_part("edtalk", _FULL), _AUDIO_PART)),
    WeightSet("edtalk_lip_pose", "EDTalk for mouth and head", (_part("edtalk", _LIP_POSE), _AUDIO_PART)),
)
