"""The subcommand that shows a hand. Its docstring is its help."""

from pathlib import Path
from typing import Literal

from tyro.conf import Positional


def hand(action: Positional[Literal["show"]], source: Positional[str], /, out: Path | None = None) -> None:
    """Measure a gripper and draw it open and closed, with its frame: how to see whether its adapter is right.

    Keeps it as well, so that workers, and cells on other machines that the kept file is copied to, know it by name.

    Args:
        action: show.
        source: franka, rethink or robotiq-2f85 (from the package robosuite), or the path of an MJCF file with its adapter beside
            it: gripper.xml and gripper.toml. See docs/own-gripper.md.
        out: the picture, .png; NAME.png unless given.
    """
    from sparring.data.files import write_atomically
    from sparring.errors import ConfigError
    from sparring.viewing.hand_sheet import hand_sheet
    from sparring.world.grippers.store import bring_in, kept_path

    config = bring_in(source)
    drawn = out or Path(f"{config.model.partition('@')[0]}.png")
    if drawn.suffix.lower() != ".png":
        raise ConfigError(f"--out must end in .png, got {str(drawn)!r}")
    sheet = hand_sheet(config)
    write_atomically(drawn, lambda part: sheet.save(part, "png"))
    print(f"hand: {config.model}, kept in {kept_path(config.model)}")
    print(f"opens to {1000 * config.opening_m:.1f} mm, closes to {1000 * config.closed_gap_m:.1f} mm")
    print(f"pads {1000 * config.pad_width_m:.1f} mm across, {1000 * config.pad_height_m:.1f} mm along the approach")
    print(f"fingertips reach {1000 * config.fingertip_m:.1f} mm beyond the pads")
    print(f"grips with up to {config.force_limit_n:g} N a finger")
    print(f"picture: {drawn}; red: the closing direction, blue: away from the object, from where the grasp point is")
