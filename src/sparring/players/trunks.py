"""The convolutional trunks that a player's network may stand on. A new one is a function and a row of `TRUNKS`.

Those with ImageNet weights have a row of `PUBLISHED` in `players/weights.py` too.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from sparring.errors import ConfigError

Rgb = tuple[float, float, float]
IMAGENET_MEAN, IMAGENET_STD = (123.675, 116.28, 103.53), (58.395, 57.12, 57.375)


@dataclass(frozen=True)
class Trunk:
    """A convolutional trunk and what stands on it."""

    input_px: int
    """Side of the square input."""
    mean: Rgb
    std: Rgb
    """Scaling of RGB inputs in 0..255."""
    build: Callable[[], nn.Module]
    """Makes the convolutions: [batch, 3, input_px, input_px] -> [batch, channels_n, window, window]."""
    channels_n: int
    window: int
    """Side of the feature map of one patch."""
    stride_px: int
    """A patch shifted by so many input pixels has its features shifted by one: what dense scoring stands on."""
    hidden: tuple[int, ...]
    """Widths of the fully connected layers before the actions."""
    pooled: bool = False
    """Whether the fully connected layers see the mean of the feature map instead of all of it."""
    padded: bool = True
    """Whether convolutions pad: a patch alone then differs at its border from the same patch in its image."""
    fully_connected_std: float | None = None
    """Standard deviation of fresh fully connected weights (biases then 0.1); None: PyTorch's own way."""

    @property
    def features_n(self) -> int:
        """Numbers that the fully connected layers see of one patch."""
        return self.channels_n if self.pooled else self.channels_n * self.window**2

    def skeleton(self) -> nn.Module:
        """Its convolutions without any numbers in them: names and shapes.

        Raises:
            ConfigError: a library that it needs is not installed.
        """
        with torch.device("meta"):
            return self.build()


def _alexnet() -> nn.Module:
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


def _compact() -> nn.Module:
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


class _FeatureMap(nn.Module):
    """The last feature map of a backbone of `transformers`."""

    def __init__(self, backbone: nn.Module) -> None:
        super().__init__()
        self.backbone = backbone

    def forward(self, patches: Tensor) -> Tensor:
        return self.backbone(patches).last_hidden_state


def _resnet18() -> nn.Module:
    """ResNet-18 (He et al. 2016), from the `transformers` library."""
    try:
        from transformers import ResNetConfig, ResNetModel
    except ImportError:
        raise ConfigError("trunk resnet18 needs the transformers library: pip install 'sparring[backbones]'") from None
    return _FeatureMap(ResNetModel(ResNetConfig(depths=[2, 2, 2, 2], hidden_sizes=[64, 128, 256, 512], layer_type="basic")))


TRUNKS: dict[str, Trunk] = {
    "alexnet": Trunk(
        input_px=224,
        mean=IMAGENET_MEAN,
        std=IMAGENET_STD,
        build=_alexnet,
        channels_n=256,
        window=6,
        stride_px=32,
        hidden=(4096, 1024),
        fully_connected_std=0.01,
    ),
    "compact": Trunk(
        input_px=64,
        mean=(111.0, 111.0, 111.0),
        std=(144.0, 144.0, 144.0),
        build=_compact,
        channels_n=96,
        window=3,
        stride_px=8,
        hidden=(256,),
        padded=False,
    ),
    "resnet18": Trunk(
        input_px=224,
        mean=IMAGENET_MEAN,
        std=IMAGENET_STD,
        build=_resnet18,
        channels_n=512,
        window=7,
        stride_px=32,
        hidden=(),
        pooled=True,
    ),
}
