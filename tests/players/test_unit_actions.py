import numpy as np
import pytest

from sparring.players.choosing import ImageGrasp
from sparring.players.unit_actions import grasp_of_unit, unit_action

SIZE = {"width_px": 160, "height_px": 120}


@pytest.mark.parametrize("angle", range(18))
def test_a_grasp_comes_back_from_its_numbers(angle: int) -> None:
    grasp = ImageGrasp(37.25, 101.5, angle, None)
    back = grasp_of_unit(unit_action(grasp, **SIZE), **SIZE)
    assert back.angle == angle
    assert (back.column_px, back.row_px) == pytest.approx((37.25, 101.5), abs=1e-4)


@pytest.mark.parametrize(
    ("action", "column", "row", "angle"),
    [((-1, -1, -1), 0, 119, 0), ((1, 1, 0), 159, 0, 9), ((0, 0, 1), 79.5, 59.5, 0), ((0, 0, -0.9), 79.5, 59.5, 1)],
)
def test_numbers_go_right_up_and_counter_clockwise(action: tuple[float, ...], column: float, row: float, angle: int) -> None:
    grasp = grasp_of_unit(np.array(action, np.float32), **SIZE)
    assert (grasp.column_px, grasp.row_px, grasp.angle) == (pytest.approx(column), pytest.approx(row), angle)
