"""Draw the picture of docs/own-camera.md: a photo from aside, and the same rectified, with the grasps of the shipped player.

python docs/make_camera_picture.py
"""

from pathlib import Path

import numpy as np
from PIL import Image
from scipy.spatial.transform import Rotation

from sparring import Grasper, PinholeCamera
from sparring.config import CameraConfig, HandConfig, WorldConfig
from sparring.evaluation.drawing import draw_grasps
from sparring.pinhole import as_pose
from sparring.players.choosing import ImageGrasp
from sparring.world.camera import calibration_of, photograph, render
from sparring.world.scene import Scene, SceneSpec

OUT = Path(__file__).parent / "pictures" / "own-camera.png"
OBJECT, SEED, TOP_K = "hammer-5000", 3, 3
HEIGHT_PX, GAP_PX = 480, 12


def camera() -> PinholeCamera:
    """A wide lens 65 cm away, 35 degrees from straight down."""
    pose = np.eye(4)
    pose[:3, :3] = Rotation.from_euler("x", 180 + 35, degrees=True).as_matrix()
    pose[:3, 3] = -0.65 * pose[:3, 2]
    bent = (-0.25, 0.08, 0.001, -0.0005, 0.0)
    return PinholeCamera(620.0, 626.0, 324.0, 236.0, as_pose(pose), 0.0, bent, 640, 480).over_table()


def main() -> None:
    """Writes the picture."""
    eye = CameraConfig(width_px=280, height_px=220, lens=camera(), shift_m=0.0, turn_deg=0.0)
    scene = Scene(WorldConfig(camera=eye), SceneSpec(OBJECT, SEED))
    photo, overhead = photograph(scene, scene.settled), render(scene, scene.settled)
    grasps = Grasper.load().predict(photo, camera=eye.lens, top_k=TOP_K, n_patches=1280)
    opening_m, places = HandConfig().opening_m, calibration_of(eye, SEED)
    poses = [grasp.pose for grasp in grasps if grasp.pose is not None]
    left = draw_grasps(photo, grasps, opening_px=[camera().span_px(pose, opening_m) for pose in poses])
    pixels = places.pixels(np.array([[pose.x_m, pose.y_m] for pose in poses]))
    flat = [ImageGrasp(float(x), float(y), one.angle, one.probability) for (x, y), one in zip(pixels, grasps, strict=True)]
    right = draw_grasps(overhead, flat, opening_px=opening_m / eye.pixel_m)
    right = right.resize((round(right.width * HEIGHT_PX / right.height), HEIGHT_PX), Image.Resampling.LANCZOS)
    sheet = Image.new("RGB", (left.width + GAP_PX + right.width, HEIGHT_PX), (255, 255, 255))
    sheet.paste(left, (0, 0))
    sheet.paste(right, (left.width + GAP_PX, 0))
    sheet.save(OUT, optimize=True)


if __name__ == "__main__":
    main()
