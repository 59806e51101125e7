"""Foreign detectors are loaded as named, and whatever they return is checked before anything is played."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from sparring.errors import ConfigError, PolicyError
from sparring.pinhole import PinholeCamera
from sparring.stress.policy import MOST_GRASPS_N, Found, Policy, load_policy

IMAGE = np.zeros((12, 16, 3), np.uint8)
POSE = ((1, 0, 0, 0), (0, -1, 0, 0), (0, 0, -1, 1), (0, 0, 0, 1))
CAMERA = PinholeCamera(fx_px=100, fy_px=100, cx_px=7.5, cy_px=5.5, world_from_camera=POSE)
GOOD = (3.0, 4.0, 30.0, 0.5)


def asked(function: Callable[..., Any], depth_m: np.ndarray | None = None, seed: int = 0) -> Found | None:
    """What a function is understood to answer."""
    return Policy("mine", function, depth_m is not None, "").best(IMAGE, CAMERA, depth_m, scene="spoon-0001", seed=seed)


def returning(answer: object) -> Found | None:
    """The best of what a detector returns."""
    return asked(lambda image, camera: answer)


@dataclass
class Named:
    """A grasp of a class of the user's own."""

    column_px: float
    row_px: float
    angle_deg: float
    score: float


def test_the_best_grasp_is_the_one_with_the_highest_score_and_the_first_of_equals() -> None:
    assert returning([(1, 2, 3, 0.1), (4, 5, 6, 0.9), (7, 8, 9, 0.9)]) == Found(4, 5, 6, 0.9)


@pytest.mark.parametrize(
    "answer",
    [
        [GOOD],
        (GOOD,),
        iter([GOOD]),
        [[*GOOD]],
        np.array([GOOD]),
        torch.tensor([GOOD]),
        [Named(*GOOD)],
        [(*GOOD, None)],
        [(3.0, 4.0, 210.0, 0.5)],
        [(3.0, 4.0, -150.0, 0.5)],
    ],
    ids=["list", "tuple", "iterator", "lists", "array", "tensor", "names", "no width", "half a turn on", "half a turn back"],
)
def test_a_grasp_may_come_in_any_of_the_usual_forms(answer: object) -> None:
    assert returning(answer) == Found(*GOOD)


def test_a_grasp_of_this_package_is_understood_with_its_probability() -> None:
    from sparring.players.grasper import Grasp

    assert returning([Grasp(3.0, 4.0, 3, 0.25)]) == Found(3.0, 4.0, 30.0, 0.25)


def test_a_width_is_kept() -> None:
    assert returning([(*GOOD, 0.04)]) == Found(*GOOD, 0.04)


def test_no_grasp_is_an_answer() -> None:
    assert returning([]) is None
    assert returning(np.zeros((0, 4))) is None


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (None, "returned NoneType None; a detector returns a list of grasps, an empty one for none"),
        (0.5, "returned float 0.5"),
        ("grasp", "returned str 'g'; a grasp is (column_px, row_px, angle_deg, score"),
        ({"column": 3}, "returned str 'column'"),
        ([{"column_px": 3, "row_px": 4, "angle_deg": 0, "score": 1}], "returned dict"),
        ([(1, 2, 3)], "returned tuple (1, 2, 3)"),
        ([(1, 2, 3, "high")], "returned tuple (1, 2, 3, 'high')"),
        ([(1, 2, 3, None)], "a grasp is"),
        ([(1, 2, 3, np.nan)], "must be finite"),
        ([(np.inf, 2, 3, 1)], "must be finite"),
        ([(16, 2, 3, 1)], "column 16, row 2, outside of the picture: columns are 0..15, rows 0..11"),
        ([(3, -0.1, 3, 1)], "outside of the picture"),
        ([GOOD, (99, 2, 3, 0.1)], "outside of the picture"),
        ([(1, 2, 3, 0.5, -0.01)], "returned a width of -0.01 m"),
        ([GOOD] * (MOST_GRASPS_N + 1), "more than 100000 grasps"),
        ([(10**400, 2, 3, 1)], "a grasp is"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_what_is_no_grasp_is_refused_with_the_scene_and_what_is_allowed(answer: object, said: str) -> None:
    with pytest.raises(PolicyError) as refused:
        returning(answer)
    assert "mine on scene spoon-0001 " in str(refused.value)
    assert said in str(refused.value)


def test_an_endless_answer_comes_to_an_end() -> None:
    def endless(image: object, camera: object) -> Iterator[tuple[float, ...]]:
        while True:
            yield GOOD

    with pytest.raises(PolicyError, match="more than"):
        asked(endless)


def fails(image: object, camera: object) -> None:
    raise ZeroDivisionError("by\nzero")


def leaves(image: object, camera: object) -> None:
    raise SystemExit(0)


@pytest.mark.parametrize(("function", "said"), [(fails, "ZeroDivisionError: by zero"), (leaves, "SystemExit: 0")])
def test_a_detector_that_fails_is_told_with_its_error(function: Callable[..., Any], said: str) -> None:
    with pytest.raises(PolicyError, match=f"mine failed on scene spoon-0001: {said}") as told:
        asked(function)
    assert told.value.__cause__ is not None


def test_a_detector_cannot_change_the_picture() -> None:
    def paints(image: np.ndarray, camera: object) -> list[tuple[float, ...]]:
        image[:] = 255
        return [GOOD]

    assert asked(paints) is not None
    assert not IMAGE.any()


def test_a_detector_that_draws_at_random_answers_the_same_again() -> None:
    def draws(image: object, camera: object) -> list[tuple[float, ...]]:
        return [(np.random.rand() + float(torch.rand(1)), 2, 3, 4)]  # noqa: NPY002

    first, again, other = (asked(draws, seed=seed) for seed in (1, 1, 2))
    assert first == again
    assert first != other


SOURCE = """
import beside

def two(image, camera): return [(beside.COLUMN, 1, 0, 1)]
def three(image, camera, depth_m): return [(2, 1, 0, float(depth_m[0, 0]))]
def maybe(image, camera, depth_m=None): return [(2, 1, 0, 1)]
def tuned(image, camera, threshold=0.5): return [(2, 1, 0, 1)]
def one(image): return []
def many(image, camera, depth_m, mask): return []
class Detector:
    def __call__(self, image, camera): return [(3, 1, 0, 1)]
class Needy:
    def __init__(self, weights): pass
NUMBER = 7
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file with detectors, and a module beside it."""
    (tmp_path / "beside.py").write_text("COLUMN = 1\n")
    path = tmp_path / "mine.py"
    path.write_text(SOURCE)
    return path


@pytest.mark.parametrize(
    ("name", "wants_depth"), [("two", False), ("three", True), ("maybe", True), ("tuned", False), ("Detector", False)]
)
def test_a_detector_of_a_file_is_loaded_and_asked_for_depth_only_where_it_takes_it(
    file: Path, name: str, wants_depth: bool
) -> None:
    policy = load_policy(f"{file}:{name}")
    assert policy.wants_depth is wants_depth
    assert len(policy.sha256) == 64
    depth_m = np.ones(IMAGE.shape[:2]) if wants_depth else None
    assert policy.best(IMAGE, CAMERA, depth_m, scene="", seed=0) is not None


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("one", r"takes \(image\); a detector takes \(image, camera\)"),
        ("many", "a detector takes"),
        ("NUMBER", "is a int, and cannot be called"),
        ("absent", "has no 'absent'; there are: two, three"),
    ],
)
def test_what_cannot_be_called_with_an_image_and_a_camera_is_refused(file: Path, name: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        load_policy(f"{file}:{name}")


def test_a_class_that_needs_arguments_is_told(file: Path) -> None:
    with pytest.raises(PolicyError, match="cannot be made without arguments"):
        load_policy(f"{file}:Needy")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("mine", "MODULE:FUNCTION or FILE.py:FUNCTION, or is one of antipodal, player"),
        (":", "MODULE:FUNCTION"),
        ("nowhere.py:detect", "there is no file nowhere.py"),
        ("no_such_module:detect", "there is no module 'no_such_module'"),
        ("sparring.no_such:detect", "there is no module 'sparring.no_such'"),
    ],
)
def test_a_detector_that_is_not_there_is_an_impossible_setting(name: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        load_policy(name)


def test_a_file_that_cannot_be_imported_is_told_with_its_error(tmp_path: Path) -> None:
    (tmp_path / "broken.py").write_text("import no_such_module\n")
    with pytest.raises(PolicyError, match="cannot be imported: No module named 'no_such_module'"):
        load_policy(f"{tmp_path / 'broken.py'}:detect")
