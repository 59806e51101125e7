"""The players' network: a convolutional trunk and a sigmoid per action (section V-F, fig. 5)."""

import itertools

import torch
from jaxtyping import Float
from torch import Tensor, nn

from sparring.config import NetworkConfig
from sparring.errors import ConfigError, unknown_name
from sparring.players.trunks import TRUNKS, Trunk
from sparring.players.weights import PUBLISHED, load_imagenet_convolutions

RGB_N = 3
HEIGHT_STD_MM = 50.0
"""Height that a network sees as 1; it sees the table as 0."""


class PatchNet(nn.Module):
    """Scores every action on a patch: [batch, channels, input_px, input_px] in 0..255 -> logits [batch, actions].

    Channels are red, green, blue and perhaps height over the table in millimetres, of which `HEIGHT_STD_MM` become 1.
    An action's logit is its own output plus one that all actions share. That says nothing more than the paper's layer
    could, but whichever action was tried teaches the shared part, which matters where attacks are few.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, trunk: str, actions_n: int, *, dropout: float = 0.5, channels_n: int = 3) -> None:
        super().__init__()
        self.kind = trunk_named(trunk)
        self.trunk, self.actions_n, self.input_px = trunk, actions_n, self.kind.input_px
        self.channels_n = channels_n
        self.convolutions = self.kind.build() if channels_n == RGB_N else widened(self.kind.build(), channels_n)
        self.head = _head((self.kind.features_n, *self.kind.hidden, actions_n + 1), dropout)
        mean, std = (
            (*colours, height)[:channels_n] for colours, height in ((self.kind.mean, 0.0), (self.kind.std, HEIGHT_STD_MM))
        )
        self.register_buffer("mean", torch.tensor(mean).view(1, channels_n, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(std).view(1, channels_n, 1, 1), persistent=False)

    def forward(self, patches: Float[Tensor, "batch channels h w"]) -> Float[Tensor, "batch actions"]:
        """Logits of success of every action."""
        return self.decide(self.summed_up(self.features(patches)))

    def features(self, pixels: Float[Tensor, "batch inputs h w"]) -> Float[Tensor, "batch channels rows columns"]:
        """Feature maps: of patches, or of whole images, where a patch's features are a window of the map."""
        scaled = (pixels - self.mean) / self.std
        return self.convolutions(scaled.contiguous(memory_format=torch.channels_last))

    def summed_up(self, features: Float[Tensor, "batch channels window window"]) -> Float[Tensor, "batch features"]:
        """What the fully connected layers see of the feature maps of patches."""
        return features.mean(dim=(2, 3)) if self.kind.pooled else features.contiguous().flatten(1)

    def decide(self, seen: Float[Tensor, "batch features"]) -> Float[Tensor, "batch actions"]:
        """Logits from what the fully connected layers see."""
        outputs = self.head(seen).float()
        return outputs[:, :-1] + outputs[:, -1:]


def widened(convolutions: nn.Module, channels_n: int) -> nn.Module:
    """The same convolutions, the first of which takes more channels. Changed in place."""
    name, first = next((name, one) for name, one in convolutions.named_modules() if isinstance(one, nn.Conv2d))
    options = {"stride": first.stride, "padding": first.padding, "dilation": first.dilation, "bias": first.bias is not None}
    wider = nn.Conv2d(channels_n, first.out_channels, first.kernel_size, **options)  # type: ignore[arg-type]
    convolutions.set_submodule(name, wider)
    for module in convolutions.modules():
        if hasattr(module, "num_channels"):
            module.num_channels = channels_n  # type: ignore[assignment]  transformers compares it with what comes in
    return convolutions


def _load(convolutions: nn.Module, learned: dict[str, Tensor]) -> None:
    """Takes over what was learned on RGB; filters of further channels are zero."""
    wanted = convolutions.state_dict()
    for name, value in learned.items():
        wanted[name] = torch.zeros_like(wanted[name])
        wanted[name][tuple(slice(0, n) for n in value.shape)] = value
    convolutions.load_state_dict(wanted)


def trunk_named(name: str) -> Trunk:
    """A row of the table.

    Raises:
        ConfigError: there is none of that name.
    """
    if name not in TRUNKS:
        raise ConfigError(unknown_name("trunk", name, TRUNKS))
    return TRUNKS[name]


def _head(widths: tuple[int, ...], dropout: float) -> nn.Sequential:
    layers: list[nn.Module] = []
    for index, (inputs, outputs) in enumerate(itertools.pairwise(widths)):
        if index:
            layers += [nn.ReLU(inplace=True), nn.Dropout(dropout)]
        layers.append(nn.Linear(inputs, outputs))
    return nn.Sequential(*layers)


def new_network(config: NetworkConfig, actions_n: int, *, dropout: float, seed: int, channels_n: int = 3) -> PatchNet:
    """A freshly initialised network, convolutions from ImageNet where the config asks for it.

    Fully connected weights are drawn as the authors did for AlexNet (normal, std 0.01, bias 0.1); convolutions that are
    not pretrained are drawn by He's initialisation. To heights ImageNet's filters are blind: they start from zero there.

    Raises:
        ConfigError: unknown trunk, or a library that it needs is not installed.
        DataError: the ImageNet convolutions were never obtained.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = PatchNet(config.trunk, actions_n, dropout=dropout, channels_n=channels_n)
        _initialise(network)
    if starts_from_imagenet(config):
        _load(network.convolutions, load_imagenet_convolutions(config.trunk))
    return channels_last(network)


def require_weights(config: NetworkConfig) -> None:
    """Checks, before any work is done, that a network of this config can be made.

    Raises:
        ConfigError: unknown trunk, a library that it needs is not installed, or convolutions frozen that never learned.
        DataError: the ImageNet convolutions that it starts from were never obtained.
    """
    trunk_named(config.trunk).skeleton()
    if config.frozen and not starts_from_imagenet(config):
        raise ConfigError(
            f"network.frozen=true needs convolutions that have learned: alexnet or resnet18 with network.pretrained=true, not "
            f"trunk {config.trunk} with network.pretrained={str(config.pretrained).lower()}"
        )
    if starts_from_imagenet(config):
        load_imagenet_convolutions(config.trunk)


def starts_from_imagenet(config: NetworkConfig) -> bool:
    """Whether convolutions start from ImageNet's."""
    return config.pretrained and config.trunk in PUBLISHED


def channels_last(network: PatchNet) -> PatchNet:
    """The network with its weights laid out for fast convolutions."""
    return network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]


def _initialise(network: PatchNet) -> None:
    for module in network.convolutions.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
            if module.bias is not None:
                nn.init.zeros_(module.bias)
    std = network.kind.fully_connected_std
    for module in network.head:
        if isinstance(module, nn.Linear) and std is not None:
            nn.init.normal_(module.weight, std=std)
            nn.init.constant_(module.bias, 0.1)
