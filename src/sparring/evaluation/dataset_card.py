"""The card of a data set: what it is, how it was made, what every column means, what to beware of."""

from collections.abc import Mapping

from sparring.data.records import COLUMNS
from sparring.evaluation.dataset_source import Source
from sparring.evaluation.markdown import markdown

TAGS = "[robotics, grasping, parallel-jaw, self-supervised, adversarial, mujoco, simulation]"
PRIVILEGED = (
    "object",
    "family",
    "scene_seed",
    "noise_seed",
    "executed_x_m",
    "executed_y_m",
    "executed_theta_rad",
    "replay_state",
    "end_state",
    "mass_kg",
    "friction",
    "com_x_m",
    "com_y_m",
)
"""Columns that only the simulator knows."""
LIMITS = """## Limits

Simulated pictures and physics: one rigid object on a table seen from above, planar grasps by a parallel-jaw hand
(it floats, unless the command says otherwise), with
execution noise that no picture shows. Players chose most grasps, so that places and angles are not drawn evenly; those of the
stage `random` are nearest to it. Attempts on one scene share a picture and an initial state: split by `object` (or at least by
`scene_seed`), not by row. `sensed` is the weak sensor that training may see; `lifted` is what a test calls success."""
LICENCE = """## Licence

Apache-2.0, like the package whose procedural objects are in the pictures. Where a run was played with meshes of others, their
licences hold as well."""


def size_category(n: int) -> str:
    """Hugging Face's word for so many rows."""
    if n < 1_000:
        return "n<1K"
    if n < 10_000:
        return "1K<n<10K"
    return "10K<n<100K" if n < 100_000 else "100K<n<1M"


def made_by(source: Source, attempts_n: Mapping[str, int]) -> str:
    """How the data were made: run, command, versions, numbers."""
    told, config, camera = source.run.provenance(), source.config, source.config.world.camera
    known = told.get("packages")
    packages = ", ".join(f"{name} {number}" for name, number in sorted(known.items())) if isinstance(known, dict) else ""
    unfinished = "" if source.complete else "The run was not finished: these are the waves that there were."
    versions = f"sparring {told.get('sparring', '?')}; {packages or 'versions not known'}"
    lines = [
        f"- played by `sparring {told.get('command', 'play')}` ({versions})",
        f"- in the cell `{told.get('cell', '?')}`, on {told.get('machine', 'a machine that is not known')}",
        f"- config (sha256) `{source.run.config_hash()}`, seed {config.seed}; the same config gives the same attempts",
        f"- pictures of {camera.width_px} x {camera.height_px} px of {1000 * camera.pixel_m:g} mm on the table; "
        f"grip of {config.world.grip.force_n:g} N",
    ]
    rows = [[stage, str(n)] for stage, n in attempts_n.items()]
    numbers = markdown((["stage", "attempts"], rows))
    return "\n\n".join(["## How it was made", "\n".join(lines), numbers, unfinished]).rstrip()


def columns() -> str:
    """What every column of a record means, and which of them no player may see."""
    rows = [[f"`{name}`", meaning + (" (privileged)" if name in PRIVILEGED else "")] for name, (_, meaning) in COLUMNS.items()]
    warning = "Columns marked privileged are known to the simulator alone: no policy that is to work on a robot may see them."
    return "\n\n".join(["## Columns", markdown((["column", "meaning"], rows)), warning])
