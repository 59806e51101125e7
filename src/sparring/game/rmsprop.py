"""RMSProp by torch's own function: the class around it loads torch's compiler, a second and 45 MB that nothing here needs."""

from collections.abc import Iterable

import torch
from torch import Tensor
from torch.optim.rmsprop import rmsprop

DECAY, MOMENTUM, EPSILON = 0.9, 0.9, 1e-8
"""The first two from the authors' code, the last as torch has it."""
State = dict[int, dict[str, Tensor]]


class RmsProp:
    """Descends along gradients, each divided by the root of the running mean of its square.

    Args:
        parameters: what is learned, on one device; they are changed in place.
        rate: the learning rate, which may be set anew before every step.
    """

    def __init__(self, parameters: Iterable[Tensor], rate: float) -> None:
        self.rate = rate
        self._parameters = list(parameters)
        self._square_means = [torch.zeros_like(parameter) for parameter in self._parameters]
        self._momenta = [torch.zeros_like(parameter) for parameter in self._parameters]
        self._steps_n = [torch.zeros(()) for _ in self._parameters]

    def zero_grad(self) -> None:
        """Forgets the gradients."""
        for parameter in self._parameters:
            parameter.grad = None

    @torch.no_grad()
    def step(self) -> None:
        """One step along the gradients; a parameter without one stays."""
        moved = [index for index, parameter in enumerate(self._parameters) if parameter.grad is not None]
        rmsprop(
            [self._parameters[index] for index in moved],
            [self._parameters[index].grad for index in moved],  # pyright: ignore[reportArgumentType]
            [self._square_means[index] for index in moved],
            [],
            [self._momenta[index] for index in moved],
            [self._steps_n[index] for index in moved],
            lr=self.rate,
            alpha=DECAY,
            eps=EPSILON,
            weight_decay=0.0,
            momentum=MOMENTUM,
            centered=False,
        )

    def state(self) -> State:
        """What it remembers, by parameter; the tensors are its own."""
        return {
            index: {"square_mean": square_mean, "momentum": momentum, "steps_n": steps_n}
            for index, (square_mean, momentum, steps_n) in enumerate(
                zip(self._square_means, self._momenta, self._steps_n, strict=True)
            )
        }

    @torch.no_grad()
    def restore(self, state: State) -> None:
        """Goes on from what it remembered, wherever that was.

        Raises:
            ValueError: the state is one of other parameters.
        """
        own = self.state()
        if _shapes(state) != _shapes(own):
            raise ValueError("the state of the optimiser is one of other parameters")
        for index, tensors in own.items():
            for name, tensor in tensors.items():
                tensor.copy_(state[index][name])  # in memory as the parameter is, on which speed depends


def _shapes(state: State) -> dict[int, dict[str, torch.Size]]:
    return {index: {name: tensor.shape for name, tensor in tensors.items()} for index, tensors in state.items()}
