# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""LivePortrait's transfer of motion, from its crops to pasted pictures, for every option set of the case."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from plain_liveportrait import PlainNetworks

from inference.engines.liveportrait.crop import face_square, for_network, sample_square
from inference.engines.liveportrait.keypoints import Motion, MotionTrack
from inference.engines.liveportrait.paste import mask_template, paste_8bit, truncated
from inference.engines.liveportrait.ratios import Ratios, ratios_of
from inference.engines.liveportrait.reference_transfer import transfer
from inference.engines.liveportrait.transfer import TransferOptions

KEY_POINTS = 1e-5
MATRIX_PX = 1e-3
SAMPLED, PASTED = 7, 5


@dataclass(frozen=True)
class Portrait:
    """A source: its pictures, their crops for the networks, where those come from, motion and openness."""

    pictures: np.ndarray
    crops: np.ndarray
    to_picture: np.ndarray
    track: MotionTrack
    ratios: Ratios


@dataclass(frozen=True)
class Case:
    """What all option sets share."""

    networks: PlainNetworks
    picture: Portrait
    movie: Portrait
    driving: list[Motion]
    driving_ratios: Ratios


@pytest.fixture(scope="module")
def case(liveportrait, liveportrait_networks):
    networks = PlainNetworks(liveportrait_networks)

    def portrait(crops, matrices, pictures, landmarks):
        return Portrait(
            liveportrait.array(pictures).reshape(-1, *liveportrait.array(pictures).shape[-3:]),
            liveportrait.array(crops).reshape(-1, 256, 256, 3),
            liveportrait.array(matrices).reshape(-1, 3, 3),
            MotionTrack.of(networks.motion(liveportrait.array(crops).reshape(-1, 256, 256, 3))),
            ratios_of(liveportrait.array(landmarks).reshape(-1, 203, 2)),
        )

    return Case(
        networks,
        portrait("e2e/source_crop256_u8", "e2e/source_M_c2o", "in/source_u8", "in/source_lmk203"),
        portrait("e2e/v2v_crop256_u8", "e2e/v2v_M_c2o", "in/srcv_u8", "in/srcv_lmk203"),
        networks.motion(liveportrait.array("in/driving_u8")),
        ratios_of(liveportrait.array("in/driving_lmk203")),
    )


def options_of(flags):
    """The options of a set of flags of the reference."""
    return TransferOptions(
        region=flags["animation_region"],
        relative=flags["flag_relative_motion"],
        expression_friendly=flags["driving_option"] == "expression-friendly",
        multiplier=flags["driving_multiplier"],
        stitching=flags["flag_stitching"],
        eye_retargeting=flags["flag_eye_retargeting"],
        lip_retargeting=flags["flag_lip_retargeting"],
        normalize_lip=flags["flag_normalize_lip"],
        open_source_eyes=flags["flag_source_video_eye_retargeting"],
        reference=True,
        noise=flags["driving_smooth_observation_variance"],
    )


def sets(liveportrait):
    """Name to flags of each option set."""
    described = liveportrait.json("e2e/sets_json")
    return {name: {**described["base"], **changes} for name, changes in described["sets"].items()}


def parts_of(liveportrait, case, flags):
    """Portrait, driving motion and openness that a set is about."""
    portrait = case.movie if flags.get("source") == "video" else case.picture
    chosen = slice(None)
    if flags.get("driving") == "one":
        frame = int(liveportrait.array("e2e/image_driving_frame"))
        chosen = slice(frame, frame + 1)
    ratios = Ratios(case.driving_ratios.eyes[chosen], case.driving_ratios.lips[chosen])
    return portrait, MotionTrack.of(case.driving[chosen]), ratios


def x_d_of(liveportrait, case, flags):
    portrait, driving, ratios = parts_of(liveportrait, case, flags)
    return transfer(portrait.track, driving, options_of(flags), case.networks, portrait.ratios, ratios)


def test_crops_of_the_picture_and_of_the_movie(liveportrait):
    def check(picture, landmarks, crop, matrix):
        square = face_square(landmarks)
        assert np.abs(square.to_picture() - matrix).max() <= MATRIX_PX
        found = for_network(sample_square(picture, square))
        assert np.abs(found.astype(int) - crop).max() <= 2

    check(*(liveportrait.array(f"{name}") for name in ("in/source_u8", "in/source_lmk203")),
          liveportrait.array("e2e/source_crop256_u8"), liveportrait.array("e2e/source_M_c2o"))  # fmt: skip
    movie = [
        liveportrait.array(name) for name in ("in/srcv_u8", "in/srcv_lmk203", "e2e/v2v_crop256_u8", "e2e/v2v_M_c2o")
    ]
    for frame in zip(*movie, strict=True):
        check(*frame)


def test_key_points_of_the_sources(liveportrait, case):
    liveportrait.close("e2e/x_s", case.picture.track.points(), KEY_POINTS)
    liveportrait.close("e2e/v2v_x_s", case.movie.track.points(), KEY_POINTS)


def test_motion_template_of_the_driving_frames(liveportrait, case):
    track = MotionTrack.of(case.driving)
    count = len(track)
    liveportrait.close("e2e/tpl_R", track.rotation[:, None], KEY_POINTS)
    liveportrait.close("e2e/tpl_exp", track.exp[:, None], KEY_POINTS)
    liveportrait.close("e2e/tpl_t", track.t[:, None], KEY_POINTS)
    liveportrait.close("e2e/tpl_scale", track.scale.reshape(count, 1, 1), KEY_POINTS)
    liveportrait.close("e2e/tpl_kp", track.kp[:, None], KEY_POINTS)
    liveportrait.close("e2e/tpl_x_s", track.points()[:, None], KEY_POINTS)


def test_openness(liveportrait, case):
    driving, picture, movie = case.driving_ratios, case.picture.ratios, case.movie.ratios
    liveportrait.close("e2e/tpl_c_eyes", driving.eyes[:, None], KEY_POINTS)
    liveportrait.close("e2e/tpl_c_lip", driving.lips[:, None, None], KEY_POINTS)
    liveportrait.close("e2e/source_ratios", np.array([*picture.eyes[0], picture.lips[0]]), KEY_POINTS)
    liveportrait.close("e2e/v2v_c_eyes", movie.eyes, KEY_POINTS)
    liveportrait.close("e2e/v2v_c_lip", movie.lips[:, None], KEY_POINTS)


def test_key_points_of_every_option_set(liveportrait, case):
    recorded = [name.split("/")[1] for name in liveportrait.names("e2e/") if name.endswith("/x_d")]
    described = sets(liveportrait)
    assert recorded and set(recorded) <= set(described)
    for name in recorded:
        liveportrait.close(f"e2e/{name}/x_d", x_d_of(liveportrait, case, described[name]), KEY_POINTS)


class Decoder:
    """Decoded pictures by source frame and key points, each made once."""

    def __init__(self, networks):
        self._networks = networks
        self._features, self._decoded = {}, {}

    def picture(self, portrait, frame, x_d):
        """(512, 512, 3) uint8 of source frame and key points (21, 3)."""
        features_key = (id(portrait), frame)
        if features_key not in self._features:
            self._features[features_key] = self._networks.features(portrait.crops[frame])
        key = (*features_key, x_d.astype(np.float32).tobytes())
        if key not in self._decoded:
            x_s = portrait.track.taken([frame]).points()[0]
            self._decoded[key] = truncated(self._networks.decode(self._features[features_key], x_s, x_d))
        return self._decoded[key]


@pytest.fixture(scope="module")
def decoder(case):
    return Decoder(case.networks)


def test_pictures_of_every_option_set(liveportrait, case, decoder):
    """Redrawn squares and pasted pictures; two sets with the same key points are decoded once."""
    described = sets(liveportrait)
    recorded = [name.split("/")[1] for name in liveportrait.names("e2e/") if name.endswith("/frames")]
    assert recorded
    for name in recorded:
        portrait, _, _ = parts_of(liveportrait, case, described[name])
        key_points = x_d_of(liveportrait, case, described[name])
        drawn, pasted = [], []
        for frame in liveportrait.array(f"e2e/{name}/frames").tolist():
            place = frame if len(portrait.track) > 1 else 0
            drawn.append(decoder.picture(portrait, place, key_points[frame]))
            pasted.append(
                paste_8bit(drawn[-1], portrait.pictures[place], portrait.to_picture[place], mask_template())
            )  # fmt: skip
        check_pictures(liveportrait, f"e2e/{name}", np.stack(drawn), np.stack(pasted))


def check_pictures(liveportrait, name, drawn, pasted):
    """Whatever a set holds of its decoded frames."""
    found = {
        f"{name}/out_u8_s{SAMPLED}": drawn[:, ::SAMPLED, ::SAMPLED],
        f"{name}/paste_u8_s{PASTED}": pasted[:, ::PASTED, ::PASTED],
        f"{name}/out_last_u8": drawn[-1],
        f"{name}/paste_last_u8": pasted[-1],
    }
    present = {array: pictures for array, pictures in found.items() if array in liveportrait}
    assert present
    for array, pictures in present.items():
        if "/paste_" in array:
            liveportrait.pictures_close(array, pictures, most=8, above=1, share=0.05)
        else:
            liveportrait.pictures_close(array, pictures)
