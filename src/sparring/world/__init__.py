"""The simulated world: objects, scene, hand, physics, camera. It measures and moves; it never judges."""

import os

try:
    import mujoco  # pyright: ignore[reportUnusedImport]
except Exception:  # MUJOCO_GL names a GL that is not here or does not exist; pictures are ray cast and need none
    os.environ["MUJOCO_GL"] = "disabled"
    import mujoco  # noqa: F401  # pyright: ignore[reportUnusedImport]
