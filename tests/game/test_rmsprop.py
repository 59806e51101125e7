"""RMSProp goes the way of torch's own optimiser, to the bit, without loading its compiler."""

import subprocess
import sys
from collections.abc import Callable

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from sparring.game.rmsprop import DECAY, MOMENTUM, RmsProp

RATES = [1e-2, 1e-3, 3e-2, 1e-2]
FIT = """
import sys, torch
from sparring.game.rmsprop import RmsProp
weights = torch.ones(3, requires_grad=True)
optimiser = RmsProp([weights], 0.1)
weights.square().sum().backward()
optimiser.step()
assert float(weights[0]) < 1
print("torch._dynamo" in sys.modules)
"""


def network() -> torch.nn.Module:
    """A small one, the same every time; of its two heads one is never asked."""
    torch.manual_seed(3)
    return torch.nn.ModuleDict(
        {"trunk": torch.nn.Conv2d(3, 4, 3), "head": torch.nn.Linear(4, 2), "other": torch.nn.Linear(4, 2)}
    ).to(
        memory_format=torch.channels_last  # pyright: ignore[reportCallIssue]
    )


def descend(learner: torch.nn.Module, step: Callable[[float], None], rates: list[float], seed: int = 0) -> None:
    """So many steps on random pictures."""
    torch.manual_seed(seed)
    for rate in rates:
        learner.zero_grad()
        seen = functional.relu(learner["trunk"](torch.rand(5, 3, 8, 8))).mean((2, 3))  # type: ignore[index]
        learner["head"](seen).square().sum().backward()  # type: ignore[index]
        step(rate)


def stepping(optimiser: RmsProp) -> Callable[[float], None]:
    """A step at a rate."""

    def step(rate: float) -> None:
        optimiser.rate = rate
        optimiser.step()

    return step


def weights_of(learner: torch.nn.Module) -> list[Tensor]:
    """Copies."""
    return [parameter.detach().clone() for parameter in learner.parameters()]


def test_the_way_is_that_of_torch_to_the_bit() -> None:
    ours, theirs = network(), network()
    optimiser = torch.optim.RMSprop(theirs.parameters(), lr=1.0, alpha=DECAY, momentum=MOMENTUM)

    def step(rate: float) -> None:
        optimiser.param_groups[0]["lr"] = rate
        optimiser.step()

    descend(theirs, step, RATES)
    descend(ours, stepping(RmsProp(ours.parameters(), 1.0)), RATES)
    first = network()
    moved = [not torch.equal(a, b) for a, b in zip(weights_of(first), weights_of(ours), strict=True)]
    assert moved == [True, True, True, True, False, False]
    assert all(torch.equal(a, b) for a, b in zip(weights_of(ours), weights_of(theirs), strict=True))


def test_restored_it_goes_on_as_if_it_had_never_stopped() -> None:
    learner = network()
    before = RmsProp(learner.parameters(), 1.0)
    descend(learner, stepping(before), RATES)
    kept = {index: {name: value.clone() for name, value in values.items()} for index, values in before.state().items()}
    weights = weights_of(learner)
    descend(learner, stepping(before), RATES, seed=1)

    again = network()
    with torch.no_grad():
        for parameter, value in zip(again.parameters(), weights, strict=True):
            parameter.copy_(value)
    after = RmsProp(again.parameters(), 1.0)
    after.restore(kept)
    descend(again, stepping(after), RATES, seed=1)
    assert all(torch.equal(a, b) for a, b in zip(weights_of(learner), weights_of(again), strict=True))


def test_the_state_of_other_parameters_is_refused() -> None:
    optimiser = RmsProp([torch.ones(3)], 1.0)
    others: list[list[Tensor]] = [[], [torch.ones(4)], [torch.ones(1)], [torch.ones(3), torch.ones(3)]]
    for parameters in others:
        with pytest.raises(ValueError, match="other parameters"):
            optimiser.restore(RmsProp(parameters, 1.0).state())


def test_forgotten_gradients_move_nothing() -> None:
    weights = torch.ones(3, requires_grad=True)
    optimiser = RmsProp([weights], 0.1)
    weights.square().sum().backward()
    optimiser.zero_grad()
    optimiser.step()
    assert torch.equal(weights.detach(), torch.ones(3))


def test_the_compiler_of_torch_stays_where_it_is() -> None:
    done = subprocess.run([sys.executable, "-c", FIT], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
