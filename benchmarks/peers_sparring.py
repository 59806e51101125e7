"""Attempts a second of this project's own cell, for `peers.py`: jobs played in this process, one after the other.

An attempt is everything between a new scene and its outcome: compiling it (every scene has another object), settling, the
picture (ray-cast, 320 x 240 in the quarter's world, and encoded as PNG), descending from just over the object, closing, and
raising by 30 cm. Nothing chooses: grasps aim at the centre of mass, with an angle drawn evenly and the world's own execution
noise. An attempt that has lost the object ends there, so a failed one is shorter than a lifted one.

Variants: `one` grasp a scene, or `four`, as in a match, which share the scene, its settling and its picture.
"""

from collections import Counter
from typing import Any

from peers_stopwatch import Options, Played, measure, options_of

from sparring.actions.grasp import ANGLES_N, Grasp, angle_rad
from sparring.config import QUARTER, WorldConfig
from sparring.game import jobs
from sparring.seeding import rng_of, seed_of
from sparring.world import physics
from sparring.world.objects.catalogue import names_in
from sparring.world.scene import SceneSpec

GRASPS_N = {"one": 1, "four": 4}
WARM_UP_N = 10


def main() -> None:
    options = options_of(__doc__, list(GRASPS_N))
    world, steps = QUARTER.world, counted_steps()

    def play(number: int) -> Played:
        before = steps.total()
        outcomes = attempt(world, options, number)
        return Played(len(outcomes.lifted), int(outcomes.lifted.sum()), steps.total() - before)

    packages = ["sparring", "mujoco", "numpy"]
    measure(play, options, warm_up_n=WARM_UP_N, timestep_s=world.timestep_s, packages=packages)


def attempt(world: WorldConfig, options: Options, number: int) -> jobs.GraspOutcomes:
    """Looks at a new scene and tries its grasps."""
    seed = seed_of(options.seed, "peers", number)
    rng, names = rng_of(seed, "object"), names_in("training", world.objects)
    spec = SceneSpec(names[int(rng.integers(len(names)))], seed)
    view = jobs.look(jobs.LookJob(world, spec))
    angles = rng.integers(ANGLES_N, size=GRASPS_N[options.variant])
    grasps = tuple(Grasp(*view.centre_of_mass_m, float(angle_rad(int(angle)))) for angle in angles)
    seeds = tuple(seed_of(seed, "noise", index) for index in range(len(grasps)))
    return jobs.grasp(jobs.GraspJob(world, spec, view.state, grasps, seeds))


def counted_steps() -> Counter[str]:
    """A count of the engine's physics steps from now on. An attempt asks the engine a few times: counting costs nothing."""
    steps, plain = Counter[str](), physics.Engine.play

    def counting(engine: physics.Engine, states: Any, controls: Any, *others: Any, **named: Any) -> physics.Played:
        steps["played"] += controls.shape[0] * controls.shape[1]
        return plain(engine, states, controls, *others, **named)

    physics.Engine.play = counting  # type: ignore[method-assign]
    return steps


if __name__ == "__main__":
    main()
