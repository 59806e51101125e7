"""Hands on Baxter's arm."""

import numpy as np
import pytest

from sparring.config import ArmsConfig, HandConfig, WorldConfig
from sparring.world.hand import HAND_GROUP
from sparring.world.mount import first_mount
from sparring.world.scene import Scene, SceneSpec

SPEC = SceneSpec("bar-0003", 0)


def test_the_flange_is_where_the_hand_ends(hand: HandConfig) -> None:
    """So that the wrist is neither within the hand nor away from it."""
    scene = Scene(WorldConfig(hand=hand), SPEC)
    data, model = scene.engine.forward(scene.settled), scene.engine.model
    frame, top_m = data.body("hand"), -np.inf
    corners = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)], float)
    for index in np.flatnonzero(model.geom_group == HAND_GROUP):
        middle, half = np.split(model.geom_aabb[index], 2)
        world = data.geom_xpos[index] + (middle + corners * half) @ data.geom_xmat[index].reshape(3, 3).T
        top_m = max(top_m, float(((world - frame.xpos) @ frame.xmat.reshape(3, 3))[:, 2].max()))
    placement = first_mount(WorldConfig(hand=hand, arms=ArmsConfig())).placement
    assert placement is not None
    assert placement.tool_m == pytest.approx(top_m, abs=0.012)
