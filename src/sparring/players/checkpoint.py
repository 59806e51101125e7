"""Players on disk: safetensors with what is needed to use them. Loading one never executes anything from the file."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

import torch
from safetensors import SafetensorError, safe_open

from sparring.actions.grasp import ANGLES_N
from sparring.config import PatchConfig
from sparring.config_file import structured
from sparring.data.files import write_atomically
from sparring.errors import CheckpointError, ConfigError, SparringError
from sparring.players.networks import PatchNet, channels_last
from sparring.players.tensors import save_tensors

FORMAT = "sparring-player-1"
MOST_PATCHES_N = 1_000_000
"""A player that looks at more patches of an image would take all memory."""
Role = Literal["protagonist", "adversary"]


@dataclass(frozen=True)
class PlayerCard:
    """What a checkpoint says of its player."""

    name: str
    role: Role
    trunk: str
    actions_n: int
    pixel_m: float
    """Size of a pixel in the images that the player learned from."""
    patches: PatchConfig
    patches_n: int
    trained_n: int
    """Attempts that it was trained on; an adversary that met none knows nothing."""
    channels_n: int = 3
    """Of the images that it sees: 3 are RGB, a fourth is height over the table in millimetres."""

    def __post_init__(self) -> None:
        """Checks what a network is built from.

        Raises:
            ConfigError: impossible.
        """
        counts = 1 <= self.actions_n <= 127 and 1 <= self.patches_n <= MOST_PATCHES_N and self.trained_n >= 0
        if not (counts and 1e-6 <= self.pixel_m <= 1 and self.channels_n in (3, 4)):
            raise ConfigError(f"impossible card {self}")
        if self.role == "protagonist" and self.actions_n != ANGLES_N:
            raise ConfigError(f"a protagonist has {ANGLES_N} angles, this one {self.actions_n}")

    def to_json(self) -> str:
        """As the checkpoint's metadata has it."""
        return json.dumps(asdict(self), sort_keys=True)


def save_player(path: Path, network: PatchNet, card: PlayerCard) -> None:
    """Writes a checkpoint atomically."""
    tensors = {name: value.detach().cpu().contiguous() for name, value in network.state_dict().items()}
    metadata = {"format": FORMAT, "card": card.to_json()}

    write_atomically(path, lambda part: save_tensors(tensors, part, metadata))


def load_player(path: Path, *, role: Role | None = None, dropout: float = 0.5) -> tuple[PatchNet, PlayerCard]:
    """A player from its checkpoint; `dropout` matters only if it is trained further.

    Raises:
        CheckpointError: missing, truncated, foreign, not finite, or of another role.
    """
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except FileNotFoundError:
        raise CheckpointError(f"there is no checkpoint {path}") from None
    except (SafetensorError, OSError, ValueError, TypeError, RuntimeError) as error:  # torch does not take every shape
        raise CheckpointError(f"{path} is not a whole safetensors file ({error}); make it again with `sparring play`") from None
    card = _card(path, metadata)
    if role is not None and card.role != role:
        raise CheckpointError(f"{path} holds a player of role {card.role}; a {role} is needed")
    network = _network(path, card, dropout)
    wanted = network.state_dict()
    for name, value in tensors.items():
        if name in wanted and value.dtype != wanted[name].dtype:
            raise CheckpointError(f"{path} holds {name} as {value.dtype}, it should be {wanted[name].dtype}")
    try:
        network.load_state_dict(tensors)
    except RuntimeError as error:
        reason = str(error).splitlines()[-1].strip()
        raise CheckpointError(
            f"{path} does not fit its own card (trunk {card.trunk}, {card.channels_n} channels): {reason}"
        ) from None
    if not all(bool(torch.isfinite(value).all()) for value in tensors.values()):
        raise CheckpointError(f"{path} holds weights that are not finite; its training went wrong")
    network.eval()
    return channels_last(network), card


def _network(path: Path, card: PlayerCard, dropout: float) -> PatchNet:
    try:
        return PatchNet(card.trunk, card.actions_n, dropout=dropout, channels_n=card.channels_n)
    except SparringError as error:
        raise CheckpointError(f"{path}: {error}") from None


def _card(path: Path, metadata: dict[str, str]) -> PlayerCard:
    if metadata.get("format") != FORMAT:
        found = metadata.get("format", "none")
        raise CheckpointError(f"{path} is not a player of this version (format {found!r}, expected {FORMAT!r})")
    try:
        return structured(json.loads(metadata.get("card", "")), PlayerCard)
    except (ValueError, RecursionError, ConfigError) as error:
        raise CheckpointError(f"{path} has a damaged card: {error}") from None
