"""The players' network: a convolutional trunk and a sigmoid per action (section V-F, fig. 5)."""

import itertools
from collections.abc import Callable
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn

from sparring.config import NetworkConfig
from sparring.errors import ConfigError, unknown_name
from sparring.players.weights import load_imagenet_convolutions


@dataclass(frozen=True)
class Trunk:
    """A convolutional trunk and what stands on it."""

    input_px: int
    """Side of the square input."""
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    """Scaling of RGB inputs in 0..255."""
    build: Callable[[], nn.Sequential]
    features_n: int
    """Numbers that the convolutions give for one patch."""
    hidden: tuple[int, ...]
    """Widths of the fully connected layers before the actions."""
    imagenet: bool = False
    """Whether ImageNet convolutions exist for it."""


def _alexnet() -> nn.Sequential:
    """The convolutions of AlexNet (Krizhevsky 2014, one tower), laid out as torchvision's `features`."""
    return nn.Sequential(
        nn.Conv2d(3, 64, 11, stride=4, padding=2),
        nn.ReLU(inplace=True),
        nn.MaxPool2d(3, 2),
        nn.Conv2d(64, 192, 5, padding=2),
        nn.ReLU(inplace=True),
        nn.MaxPool2d(3, 2),
        nn.Conv2d(192, 384, 3, padding=1),
        nn.ReLU(inplace=True),
        nn.Conv2d(384, 256, 3, padding=1),
        nn.ReLU(inplace=True),
        nn.Conv2d(256, 256, 3, padding=1),
        nn.ReLU(inplace=True),
        nn.MaxPool2d(3, 2),
    )


def _compact() -> nn.Sequential:
    """Small and unpadded, so that a dense pass over an image gives what its patches give alone."""
    return nn.Sequential(
        nn.Conv2d(3, 24, 5, stride=2),
        nn.ReLU(inplace=True),
        nn.Conv2d(24, 48, 3),
        nn.ReLU(inplace=True),
        nn.MaxPool2d(2),
        nn.Conv2d(48, 64, 3),
        nn.ReLU(inplace=True),
        nn.Conv2d(64, 96, 3),
        nn.ReLU(inplace=True),
        nn.MaxPool2d(2),
        nn.Conv2d(96, 96, 3),
        nn.ReLU(inplace=True),
    )


TRUNKS: dict[str, Trunk] = {
    "alexnet": Trunk(224, (123.675, 116.28, 103.53), (58.395, 57.12, 57.375), _alexnet, 256 * 6 * 6, (4096, 1024), imagenet=True),
    "compact": Trunk(64, (111.0, 111.0, 111.0), (144.0, 144.0, 144.0), _compact, 96 * 3 * 3, (256,)),
}
"""A new trunk is a function and a row."""


class PatchNet(nn.Module):
    """Scores every action on a patch: [batch, 3, input_px, input_px] in 0..255 -> logits [batch, actions].

    An action's logit is its own output plus one that all actions share. That says nothing more than the paper's layer
    could, but whichever action was tried teaches the shared part, which matters where attacks are few.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, trunk: str, actions_n: int, *, dropout: float = 0.5) -> None:
        super().__init__()
        if trunk not in TRUNKS:
            raise ConfigError(unknown_name("trunk", trunk, TRUNKS))
        kind = TRUNKS[trunk]
        self.trunk, self.actions_n, self.input_px = trunk, actions_n, kind.input_px
        self.convolutions = kind.build()
        self.head = _head((kind.features_n, *kind.hidden, actions_n + 1), dropout)
        self.register_buffer("mean", torch.tensor(kind.mean).view(1, 3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(kind.std).view(1, 3, 1, 1), persistent=False)

    def forward(self, patches: Float[Tensor, "batch 3 h w"]) -> Float[Tensor, "batch actions"]:
        """Logits of success of every action."""
        scaled = (patches - self.mean) / self.std
        features = self.convolutions(scaled.contiguous(memory_format=torch.channels_last))
        outputs = self.head(features.contiguous().flatten(1)).float()
        return outputs[:, :-1] + outputs[:, -1:]


def _head(widths: tuple[int, ...], dropout: float) -> nn.Sequential:
    layers: list[nn.Module] = []
    for index, (inputs, outputs) in enumerate(itertools.pairwise(widths)):
        if index:
            layers += [nn.ReLU(inplace=True), nn.Dropout(dropout)]
        layers.append(nn.Linear(inputs, outputs))
    return nn.Sequential(*layers)


def new_network(config: NetworkConfig, actions_n: int, *, dropout: float, seed: int) -> PatchNet:
    """A freshly initialised network, convolutions from ImageNet where the config asks for it.

    Fully connected weights are drawn as the authors did for AlexNet (normal, std 0.01, bias 0.1); the compact trunk
    uses He's initialisation for its convolutions, since nothing there is pretrained.

    Raises:
        ConfigError: unknown trunk.
        DataError: the ImageNet convolutions were never obtained.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = PatchNet(config.trunk, actions_n, dropout=dropout)
        _initialise(network)
    if starts_from_imagenet(config):
        network.convolutions.load_state_dict(load_imagenet_convolutions())
    return channels_last(network)


def require_weights(config: NetworkConfig) -> None:
    """Checks, before any work is done, that a network of this config can be made.

    Raises:
        ConfigError: unknown trunk.
        DataError: the ImageNet convolutions that it starts from were never obtained.
    """
    if config.trunk not in TRUNKS:
        raise ConfigError(unknown_name("trunk", config.trunk, TRUNKS))
    if starts_from_imagenet(config):
        load_imagenet_convolutions()


def starts_from_imagenet(config: NetworkConfig) -> bool:
    """Whether convolutions start from ImageNet's."""
    return config.pretrained and TRUNKS[config.trunk].imagenet


def channels_last(network: PatchNet) -> PatchNet:
    """The network with its weights laid out for fast convolutions."""
    return network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]


def _initialise(network: PatchNet) -> None:
    for module in network.convolutions:
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
            nn.init.zeros_(module.bias)  # type: ignore[arg-type]
    for module in network.head:
        if isinstance(module, nn.Linear) and TRUNKS[network.trunk].imagenet:
            nn.init.normal_(module.weight, std=0.01)
            nn.init.constant_(module.bias, 0.1)
