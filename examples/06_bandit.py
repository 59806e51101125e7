"""Learn to grasp as a contextual bandit, in the Gymnasium environment; then play the game of two against random attacks.

python examples/06_bandit.py --steps 100
"""

import gymnasium
import numpy as np
import torch
import tyro
from torch.nn import functional

import sparring.envs  # registers sparring/Grasp-v0
from sparring import Grasper
from sparring.config import DEMO, NetworkConfig
from sparring.envs.game_env import ADVERSARY, PROTAGONIST, GraspGameEnv
from sparring.envs.grasp_vector_env import GraspVectorEnv
from sparring.farm.executors import FarmConfig
from sparring.players import patches
from sparring.players.choosing import Protagonist, RandomGrasps
from sparring.players.device import Compute
from sparring.players.networks import new_network

PIXEL_M, PATCH_PX, BATCH_N, FITS_A_STEP_N = DEMO.world.camera.pixel_m, DEMO.patch_px, 64, 6


def main(steps: int = 40, envs: int = 32, epsilon: float = 0.2, games: int = 20, seed: int = 0, workers: int = 2) -> None:
    """Epsilon-greedy: mostly the best of 64 places at 18 angles in the eyes of a small network, sometimes a random place.

    Args:
        steps: of the environment; the first fifth is all random.
        envs: grasps a step.
        epsilon: share of random grasps afterwards.
        games: of the shipped player against random shakes.
        seed: decides everything.
        workers: worker processes.
    """
    network = new_network(NetworkConfig("compact"), 18, dropout=0.0, seed=seed)
    greedy = Protagonist(network, Compute(torch.device("cpu"), bf16=False), DEMO.patches, PIXEL_M, 64, "greedy", "dense")
    explorer, rng = RandomGrasps(DEMO.patches, PIXEL_M), np.random.default_rng(seed)
    optimizer = torch.optim.Adam(network.parameters(), 3e-4)
    seen, angles, rewards = (
        torch.empty(0, 3, network.input_px, network.input_px),
        torch.empty(0, dtype=torch.long),
        torch.empty(0),
    )
    table = gymnasium.make_vec(sparring.envs.GRASP, num_envs=envs, reward="sensed", farm=FarmConfig("process", workers)).unwrapped
    assert isinstance(table, GraspVectorEnv)
    pictures, _ = table.reset(seed=seed)
    for step in range(steps):
        exploring = rng.random(envs) < (1.0 if step < steps / 5 else epsilon)
        network.eval()
        grasps = [
            (explorer if random else greedy).choose(one, 1, rng)[0] for one, random in zip(pictures, exploring, strict=True)
        ]
        tried = [
            _patch(picture, grasp.column_px, grasp.row_px, network.input_px)
            for picture, grasp in zip(pictures, grasps, strict=True)
        ]
        pictures, gained, *_ = table.step(np.stack([table.actions.action(grasp) for grasp in grasps]))
        seen = torch.cat([seen, *tried])
        angles = torch.cat([angles, torch.tensor([grasp.angle for grasp in grasps])])
        rewards = torch.cat([rewards, torch.tensor(gained, dtype=torch.float32)])
        _fit(network, optimizer, seen, angles, rewards, rng)
        if (step + 1) % max(1, steps // 5) == 0:
            recent = rewards[-envs * max(1, steps // 5) :]
            print(f"{len(rewards)} grasps: {int(recent.sum())} of the last {len(recent)} held")
    table.close()
    shipped = Grasper.load(device="cpu").protagonist
    won = sum(_game(seed + number, shipped, rng) for number in range(games))
    print(f"shipped player against random shakes: {won} of {games} won")


def _patch(picture: np.ndarray, column: float, row: float, side: int) -> torch.Tensor:
    pixels = torch.from_numpy(picture).permute(2, 0, 1).float()
    return patches.cut(pixels, torch.tensor([[column, row]]), patch_px=PATCH_PX, out_px=side)


def _fit(
    network: torch.nn.Module,
    optimizer: torch.optim.Optimizer,
    seen: torch.Tensor,
    angles: torch.Tensor,
    rewards: torch.Tensor,
    rng: np.random.Generator,
) -> None:
    """Some batches of half successes and half failures; only the angle that was tried is learned from."""
    held, lost = (np.flatnonzero((rewards == value).numpy()) for value in (1, 0))
    if not len(held) or not len(lost):
        return
    network.train()
    for _ in range(FITS_A_STEP_N):
        rows = np.concatenate([rng.choice(held, BATCH_N // 2), rng.choice(lost, BATCH_N // 2)])
        logits = network(seen[rows])[torch.arange(BATCH_N), angles[rows]]
        loss = functional.binary_cross_entropy_with_logits(logits, rewards[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


def _game(seed: int, player: Protagonist, rng: np.random.Generator) -> bool:
    """Whether a player lifts an object and keeps it when it is shaken at random."""
    game = GraspGameEnv("shake")
    game.reset(seed=seed)
    while not game.terminations[PROTAGONIST]:
        picture = game.observe(PROTAGONIST)
        if game.agent_selection == ADVERSARY:
            game.step(rng.integers(game.action_space(ADVERSARY).n))
        else:
            game.step(game.actions.action(player.choose(picture, 1, rng)[0]))
    return game.rewards[PROTAGONIST] == 1


if __name__ == "__main__":
    tyro.cli(main)
