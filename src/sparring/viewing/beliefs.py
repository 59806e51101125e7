"""What the player that chose a recorded grasp thinks of it: its scores of all 18 angles at the chosen patch."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from sparring.errors import DataError
from sparring.evaluation.protocol import greedy_player
from sparring.game.plan import chooser_of
from sparring.game.replay import Attempt, Replay
from sparring.game.run_folder import RunFolder
from sparring.players import policies
from sparring.players.checkpoint import load_player
from sparring.players.choosing import ImageGrasp
from sparring.players.device import compute_for, device_named

RANDOM_GRASP = "random grasp, no player"


@dataclass(frozen=True, eq=False)
class Belief:
    """What a player thinks of the patch that it chose."""

    player: str | None
    """Who chose the grasp; None where it was drawn at random."""
    scores: Float[np.ndarray, " angles"] | None
    """Probability of success of every angle, as the player chooses by them; None where nobody can tell."""
    why_not: str = ""
    """Why there are no scores."""


def chosen_grasp(attempt: Attempt) -> ImageGrasp:
    """The grasp of a record, as it was chosen in the image."""
    row = attempt.row
    return ImageGrasp(row["column_px"], row["row_px"], row["angle"], row["probability"])


def player_of(attempt: Attempt) -> str | None:
    """Name of the player that chose an attempt's grasp; None where it was drawn at random."""
    if attempt.must_hold:
        return str(attempt.row["attempt"]).partition("/")[0]
    return chooser_of(attempt.config, attempt.row["stage"])


def belief_of(run: RunFolder, again: Replay) -> Belief:
    """Scores of all angles at the patch that was chosen; without its checkpoint it says why there are none."""
    name = player_of(again.attempt)
    if name is None:
        return Belief(None, None, RANDOM_GRASP)
    path, config = run.player(name), again.attempt.config
    try:
        network, _ = load_player(path, role="protagonist")
        run.require_undamaged(path)
    except DataError as error:
        return Belief(name, None, f"no scores: {error}")
    player = greedy_player(network, compute_for(config.learning, device_named("cpu")), config)
    grasp = chosen_grasp(again.attempt)
    logits = player.score(again.view.image, np.array([[grasp.column_px, grasp.row_px]]))
    return Belief(name, policies.sigmoid(policies.smoothed(logits))[0])
