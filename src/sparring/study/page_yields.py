"""What iterations gathered and what networks learned from it, beside the paper's numbers; who wins when."""

from collections.abc import Callable, Sequence

from sparring.evaluation.markdown import markdown
from sparring.evaluation.paper import YIELDS
from sparring.evaluation.statistics import students_interval
from sparring.evaluation.wording import in_points
from sparring.study.claims import SEEDS
from sparring.study.comparison import Arms
from sparring.study.figures import rounds_figure
from sparring.study.summary import Fitted, Gained, Played, Summary
from sparring.study.telling import NONE_YET, Section, code, made_by, mean_told, seeds_told

PICTURE = "results-iterations.svg"
ADVERSARY = "adversary-"
"""What the names of adversaries begin with; the rest is the iteration whose attacks they learned from."""
WHOLE = {"shake": "all shake iterations", "snatch": "all snatch iterations"}
ABOUT = (
    "*Sensed*: grasps that the weak sensor took for a success. *Lifted*: of the sensed, those held 30 cm up. *Dislodged*: of "
    "the lifted and attacked, those that fell to the attack; what falls on the way up counts as dislodged in training, and is "
    "not counted here. *AUC of the attacker's belief*: of two attacked grasps of which one fell, how often a learned "
    "attacker had believed more in its attack on that one; 0.5 is chance. Eq. 5 discounts a success by the strongest belief "
    "of the adversary that is fitted next. *More than `random`*: dislodged less the same iteration of arm `random`, in "
    "points, with Student's interval over seeds, from the second iteration on, where attacks are learned: has the adversary? "
    "(The two arms have learned differently by then, so that they attack different grasps; cross-play has the same ones.) "
    "The paper (section VI-B) tells the sums over its iterations: of 9k grasps 2.4k sensed, 0.5k of them dislodged by "
    "shakes; of 2k 0.7k, 0.2k by snatches."
)
ABOUT_FIGURE = (
    "*Of the attacked, the share that fell in each iteration (single seeds as dots), and, as diamonds, what the adversary "
    "that then learned from it would take from held-out grasps: its mean strongest belief. The first attacks of a kind are "
    "random. A better protagonist lowers the share, a better adversary raises it, and both change from one to the next.*"
)
Share = Callable[[Gained], tuple[int, int]]
SHARES: dict[str, Share] = {
    "sensed": lambda one: (one.sensed_n, one.grasps_n),
    "lifted, of the sensed": lambda one: (one.lifted_n, one.sensed_n),
    "dislodged, of the attacked": lambda one: (one.dislodged_n, one.attacked_n),
}
DISLODGED = "dislodged, of the attacked"
FIRST = "-1"
"""The end of the name of a bout's first iteration, in which attacks are random."""
RANDOM = "random"
"""The arm whose attacks are random."""


def yields(arms: Arms) -> Section:
    """Gathered, learned, and who wins when."""
    base = arms.get("base")
    if base is None or not any(run.gained for run in base.runs):
        return Section("Yields", [f"Base is {NONE_YET}."])
    lacking = [seed for seed in SEEDS if seed not in {run.seed for run in base.runs}]
    line = [f"Not run yet: `base` seed {seeds_told(lacking)}."] if lacking else []
    seeds = seeds_told(run.seed for run in base.runs)
    told = f"Arm `base`, training seeds {seeds}: mean over them, in brackets least ... most. {ABOUT}"
    blocks = [told, *line, _gathered(arms), *_learned(base)]
    return _with_rounds(base, blocks)


def _with_rounds(base: Summary, blocks: list[str]) -> Section:
    """Adds the figure, where anything was attacked."""
    made = made_by("table-1")
    stages = [stage for stage in _stages(base) if _of_runs(base, [stage], SHARES[DISLODGED])]
    if not stages:
        return Section("Yields", [*blocks, made])
    fallen = [_of_runs(base, [stage], SHARES[DISLODGED]) for stage in stages]
    believed = [_fits(base, ADVERSARY + stage, lambda fit: fit.mean_strongest_belief) for stage in stages]
    picture = f"![Dislodged by iteration](pictures/{PICTURE})"
    return Section(
        "Yields", [*blocks, "**Who wins when.**", picture, ABOUT_FIGURE, made], {PICTURE: rounds_figure(stages, fallen, believed)}
    )


def _gathered(arms: Arms) -> str:
    stages = _stages(arms["base"])
    rows = [_gathered_row(arms, code(stage), [stage], "") for stage in stages]
    for kind, words in WHOLE.items():
        of_kind = [stage for stage in stages if stage.startswith(f"{kind}-")]
        if of_kind:
            rows.append(_gathered_row(arms, f"**{words}**", of_kind, YIELDS[kind]))
    header = [
        "iteration",
        "grasps, all seeds",
        *SHARES,
        "attacked, all seeds",
        "more than `random` (95 %)",
        "AUC of the attacker's belief",
        "the paper",
    ]
    return markdown((header, rows))


def _gathered_row(arms: Arms, name: str, stages: list[str], paper: str) -> list[str]:
    base = arms["base"]
    gained = [one for run in base.runs for one in run.gained if one.stage in stages]
    grasps_n, attacked_n = sum(one.grasps_n for one in gained), sum(one.attacked_n for one in gained)
    told = [mean_told(_of_runs(base, stages, share)) for share in SHARES.values()]
    aucs = [one.belief_auc for run in base.runs for one in run.gained if [one.stage] == stages and one.belief_auc is not None]
    later = [stage for stage in stages if not stage.endswith(FIRST)]
    attacked = f"{attacked_n:,}" if attacked_n else ""
    return [name, f"{grasps_n:,}", *told, attacked, _more_than_random(arms, later), _auc_told(aucs), paper]


def _more_than_random(arms: Arms, stages: list[str]) -> str:
    """What attacks dislodge more than those of the arm whose attacks are random in every iteration."""
    told = [
        {run.seed: _of_run(run, stages, SHARES[DISLODGED]) for run in arms[arm].runs} for arm in ("base", RANDOM) if arm in arms
    ]
    if len(told) < 2:
        return ""
    pairs = [(ours, told[1].get(seed)) for seed, ours in told[0].items()]
    more = [ours - theirs for ours, theirs in pairs if ours is not None and theirs is not None]
    return in_points(sum(more) / len(more), *students_interval(more), None) if len(more) > 1 else ""


def _auc_told(values: Sequence[float]) -> str:
    known = [f"{value:.3f}" for value in _mean_and_range(values)]
    return f"{known[0]} [{known[1]} ... {known[2]}]" if known else ""


def _learned(base: Summary) -> list[str]:
    """A row a network: what it learned from, and how well."""
    names = list(dict.fromkeys(fit.player for run in base.runs for fit in run.fitted))
    rows: list[list[str]] = []
    for name in names:
        examples = [
            str(round(sum(told) / len(told))) if (told := _fits(base, name, of)) else "" for of in (_trained_n, _positives_n)
        ]
        accuracy = mean_told(_fits(base, name, lambda fit: fit.train_accuracy))
        auc = _auc_told(_fits(base, name, lambda fit: fit.held_out_auc))
        belief = mean_told(_fits(base, name, lambda fit: fit.mean_strongest_belief))
        rows.append([code(name), *examples, accuracy, auc, belief])
    header = ["network", "examples a run", "positive", "training accuracy", "held-out AUC", "mean strongest belief"]
    return (
        [
            "**What networks learned from it**, mean over training seeds, in brackets least ... most (AUC on held-out "
            "objects, some 15 % of the examples, of which an adversary has few):",
            markdown((header, rows)),
        ]
        if rows
        else []
    )


def _trained_n(fit: Fitted) -> float:
    return fit.trained_n


def _positives_n(fit: Fitted) -> float:
    return fit.positives_n


def _fits(base: Summary, name: str, of: Callable[[Fitted], float | None]) -> list[float]:
    """A number of a network of every run that tells it."""
    values = [of(fit) for run in base.runs for fit in run.fitted if fit.player == name]
    return [value for value in values if value is not None]


def _mean_and_range(values: Sequence[float]) -> list[float]:
    return [sum(values) / len(values), min(values), max(values)] if values else []


def _stages(base: Summary) -> list[str]:
    return list(dict.fromkeys(one.stage for run in base.runs for one in run.gained))


def _of_runs(base: Summary, stages: Sequence[str], share: Share) -> list[float]:
    """A share over some stages of every run that has it."""
    found = [_of_run(run, stages, share) for run in base.runs]
    return [value for value in found if value is not None]


def _of_run(run: Played, stages: Sequence[str], share: Share) -> float | None:
    counts = [share(one) for one in run.gained if one.stage in stages]
    n = sum(of for _, of in counts)
    return sum(some for some, _ in counts) / n if n else None
