"""What is kept between runs: weights, and objects and hands that were brought in."""

import os
from pathlib import Path


def cache_folder() -> Path:
    """`$SPARRING_CACHE`, or the user's cache folder. It need not exist yet."""
    return Path(os.environ.get("SPARRING_CACHE") or Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "sparring")
