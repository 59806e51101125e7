"""The numbers of a stress report, each with its n and its 95 % interval."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from sparring.evaluation.resampling import mean_over_groups, over_groups
from sparring.evaluation.statistics import Estimate, PairedDifference, Rate, estimate, paired_difference
from sparring.scoring import auc
from sparring.stress.outcomes import CHOICES, COLUMNS_OF, Choice, Outcomes
from sparring.world.objects.catalogue import kind_of

KINDS_TOLD = ("shake", "snatch", "any")
MASS_BINS_N, OTHER_BINS_N = 3, 3
FAILURES = ("not lifted", "fell to the learned attack")


@dataclass(frozen=True)
class Survival:
    """What one way of attacking leaves of a detector's grasps."""

    kind: str
    choice: Choice
    of_lifted: Estimate | None
    """Survived of lifted."""
    of_all: Estimate | None
    """Lifted and survived, of all scenes."""


@dataclass(frozen=True)
class Cell:
    """A cell of a failure map."""

    failed: int
    n: int


@dataclass(frozen=True)
class FailureMap:
    """How often something fails, by two properties; each is cut so that its parts hold about as many scenes."""

    failure: str
    rows: str
    columns: str
    row_edges: tuple[float, ...]
    column_edges: tuple[float, ...]
    cells: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True)
class Tells:
    """How well a property alone tells failures from successes: 0.5 not at all, 1 always when it is large, 0 when small."""

    failure: str
    prop: str
    auc: Estimate | None


@dataclass(frozen=True)
class Held:
    """What a grip force holds."""

    force_n: float
    lifted: Estimate
    random_shake: Estimate | None
    """Lifted and survived a random shake, of all scenes."""
    worst_shake: Estimate | None
    """Lifted and survived all shakes, of all scenes."""


@dataclass(frozen=True)
class OfObject:
    """What becomes of one object, or family."""

    name: str
    lifted: Rate
    dislodged: Estimate | None
    """By a random attack, of lifted."""
    survived_learned: Rate
    survived_worst: Rate


@dataclass(frozen=True)
class Compared:
    """How much more often the detector succeeds than another one on the same scenes."""

    what: str
    first: Estimate
    second: Estimate
    difference: PairedDifference | None
    """None of shares, which no paired test of successes fits."""
    shares: Estimate | None = None
    """The difference of mean shares."""


def lifted_rate(outcomes: Outcomes) -> Rate:
    """Lifted and held for a second, of all scenes."""
    return _rate(outcomes.lifted)


def survivals(outcomes: Outcomes) -> list[Survival]:
    """Survived under nobody's attack, then under every kind, picked at random, by the learned adversary, and by the worst."""
    return [Survival(kind, choice, *_survived(outcomes, kind, choice)) for kind in KINDS_TOLD for choice in CHOICES]


def waited(outcomes: Outcomes) -> tuple[Rate, Rate]:
    """Held for two seconds more: of lifted, and of all scenes."""
    return Rate(int(outcomes.waited.sum()), int(outcomes.lifted.sum())), _rate(outcomes.waited)


def _survived(outcomes: Outcomes, kind: str, choice: Choice) -> tuple[Estimate | None, Estimate | None]:
    fell = outcomes.fallen(kind, choice)
    known = np.isfinite(fell)
    of_all = survival_of_all(outcomes, kind, choice)
    if choice == "random":
        return mean_over_groups(1 - fell[known], outcomes.objects[known]), mean_over_groups(of_all, outcomes.objects)
    if not known.any():
        return None, None
    return estimate(_rate(fell[known] == 0)), estimate(_rate(of_all == 1))


def survival_of_all(outcomes: Outcomes, kind: str, choice: Choice) -> Float[np.ndarray, " scenes"]:
    """How likely each scene ends with its object held up after such an attack; 0 where it was not even lifted."""
    return np.nan_to_num(1 - outcomes.fallen(kind, choice), nan=0.0)


def learned_gain(outcomes: Outcomes, kind: str) -> Estimate | None:
    """How much more often the learned attack dislodges than a random one, on the same held objects, over objects."""
    gain = outcomes.fallen(kind, "learned") - outcomes.fallen(kind, "random")
    known = np.isfinite(gain)
    return mean_over_groups(gain[known], outcomes.objects[known])


def actions_told(outcomes: Outcomes, kind: str) -> list[tuple[int, Rate]]:
    """Every attack of a kind with how often it dislodges, the worst first: the action's index within its kind, and its rate."""
    columns = COLUMNS_OF[kind]
    rates: list[tuple[int, Rate]] = []
    for index, column in enumerate(columns):
        fell = outcomes.fell[:, column]
        rates.append((index, _rate(fell[np.isfinite(fell)] == 1)))
    return sorted(rates, key=lambda pair: -pair[1].rate)


def picked(outcomes: Outcomes, kind: str) -> list[tuple[int, int]]:
    """How often the learned adversary picks each action of a kind, most often first."""
    picks = outcomes.picks(kind)
    columns, counts = np.unique(picks[np.isfinite(picks)].astype(int), return_counts=True)
    pairs = [(int(column - COLUMNS_OF[kind][0]), int(count)) for column, count in zip(columns, counts, strict=True)]
    return sorted(pairs, key=lambda pair: -pair[1])


def failures(outcomes: Outcomes) -> dict[str, tuple[Bool[np.ndarray, " scenes"], Bool[np.ndarray, " scenes"]]]:
    """Which scenes fail, and which count, for each way of failing."""
    fell = outcomes.fallen("any", "learned")
    return {
        FAILURES[0]: (~outcomes.lifted, np.ones(len(outcomes.lifted), bool)),
        FAILURES[1]: (fell == 1, np.isfinite(fell)),
    }


def properties(outcomes: Outcomes) -> dict[str, Float[np.ndarray, " scenes"]]:
    """What may tell failures, by name: mass (kg), friction, distance from the centre of mass (m), and the detector's score."""
    return {
        "mass": outcomes.column("mass_kg"),
        "friction": outcomes.column("friction"),
        "distance from the centre of mass": outcomes.from_centre_m,
        "the detector's own score": outcomes.column("probability"),
    }


def failure_maps(outcomes: Outcomes) -> list[FailureMap]:
    """Both ways of failing over mass and friction, and over mass and distance from the centre of mass."""
    known = properties(outcomes)
    return [
        _failure_map(failure, failed, counts, ("mass", known["mass"]), (column, known[column]))
        for failure, (failed, counts) in failures(outcomes).items()
        for column in ("friction", "distance from the centre of mass")
    ]


def _failure_map(
    failure: str, failed: np.ndarray, counts: np.ndarray, row: tuple[str, np.ndarray], column: tuple[str, np.ndarray]
) -> FailureMap:
    counts = counts & np.isfinite(row[1]) & np.isfinite(column[1])
    edges = [_edges(values[counts], n) for values, n in ((row[1], MASS_BINS_N), (column[1], OTHER_BINS_N))]
    places = [np.digitize(values, inner[1:-1]) for values, inner in zip((row[1], column[1]), edges, strict=True)]
    cells = tuple(
        tuple(
            Cell(int((failed & inside).sum()), int(inside.sum()))
            for y in range(OTHER_BINS_N)
            for inside in [counts & (places[0] == x) & (places[1] == y)]
        )
        for x in range(MASS_BINS_N)
    )
    row_edges, column_edges = (tuple(map(float, inner)) for inner in edges)
    return FailureMap(failure, row[0], column[0], row_edges, column_edges, cells)


def _edges(values: np.ndarray, bins_n: int) -> np.ndarray:
    return np.quantile(values, np.linspace(0, 1, bins_n + 1)) if len(values) else np.zeros(bins_n + 1)


def what_tells(outcomes: Outcomes) -> list[Tells]:
    """For both ways of failing, how well each property alone tells it, with an interval over objects."""
    found: list[Tells] = []
    for failure, (failed, counts) in failures(outcomes).items():
        for name, values in properties(outcomes).items():
            rows = np.flatnonzero(counts & np.isfinite(values))
            found.append(Tells(failure, name, _auc(values[rows], failed[rows], outcomes.objects[rows])))
    return found


def _auc(values: np.ndarray, failed: np.ndarray, groups: np.ndarray) -> Estimate | None:
    return over_groups(lambda rows: auc(values[rows], failed[rows]), groups)


def by_force(swept: dict[float, Outcomes]) -> list[Held]:
    """Lifted, and lifted and survived shakes, under every grip force."""
    return [
        Held(
            force_n=force_n,
            lifted=estimate(lifted_rate(one)),
            random_shake=_survived(one, "shake", "random")[1],
            worst_shake=_survived(one, "shake", "worst")[1] or estimate(_rate(np.zeros(len(one.lifted), bool))),
        )
        for force_n, one in swept.items()
    ]


def by_object(outcomes: Outcomes) -> list[OfObject]:
    """A row a family, or an object that is counted by itself (the paper's ten, imported ones); the least robust first."""
    names = np.array([kind_of(row["object"]) for row in outcomes.rows], dtype=str)
    found: list[OfObject] = []
    for name in np.unique(names):
        own = names == name
        fell = {choice: outcomes.fallen("any", choice)[own] for choice in CHOICES}
        known = {choice: np.isfinite(values) for choice, values in fell.items()}
        found.append(
            OfObject(
                str(name),
                _rate(outcomes.lifted[own]),
                mean_over_groups(fell["random"][known["random"]], np.flatnonzero(known["random"])),
                _rate(fell["learned"][known["learned"]] == 0),
                _rate(fell["worst"][known["worst"]] == 0),
            )
        )
    return sorted(found, key=lambda one: (one.survived_learned.successes / max(1, one.lifted.n), one.lifted.rate))


def compared(first: Outcomes, second: Outcomes) -> list[Compared]:
    """One detector less another, on the scenes that both have played validly."""
    one, other = _on_common_scenes(first, second)
    found = [Compared("lifted", *_both(one.lifted, other.lifted))]
    attacks: tuple[tuple[str, Choice], ...] = (("any", "random"), ("shake", "worst"), ("any", "learned"))
    for kind, choice in attacks:
        survived = [survival_of_all(outcomes, kind, choice) for outcomes in (one, other)]
        what = _what_survived(kind, choice)
        if choice == "random":
            means = [mean_over_groups(values, one.objects) for values in survived]
            shares = mean_over_groups(survived[0] - survived[1], one.objects)
            if means[0] is not None and means[1] is not None:
                found.append(Compared(what, means[0], means[1], None, shares))
        else:
            found.append(Compared(what, *_both(survived[0] == 1, survived[1] == 1)))
    return found


def _what_survived(kind: str, choice: Choice) -> str:
    attack = {"random": "a random attack", "learned": "the learned attack", "worst": f"all {kind}s"}[choice]
    return f"lifted and survived {attack}"


def _both(first: np.ndarray, second: np.ndarray) -> tuple[Estimate, Estimate, PairedDifference]:
    return estimate(_rate(first)), estimate(_rate(second)), paired_difference(first, second)


def _on_common_scenes(first: Outcomes, second: Outcomes) -> Sequence[Outcomes]:
    seeds = [[row["scene_seed"] for row in one.rows] for one in (first, second)]
    common = sorted(set(seeds[0]) & set(seeds[1]))
    chosen = [[own.index(seed) for seed in common] for own in seeds]
    return [
        Outcomes(
            tuple(one.rows[at] for at in rows),
            one.invalid_n,
            one.lifted[rows],
            one.waited[rows],
            one.fell[rows],
            one.believed[rows],
        )
        for one, rows in zip((first, second), chosen, strict=True)
    ]


def _rate(successes: Bool[np.ndarray, " n"]) -> Rate:
    return Rate(int(successes.sum()), len(successes))
