"""Meshes become objects: of the right size, mass and parts; and what is no mesh, or an impossible one, says so and what to do."""

import resource
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from meshes import BLUE, RED, box, ell, glb_that_claims, made, refusal, saved, textured, tried, trimesh

from sparring.assets.bringing_in import BroughtIn, MeshJob, bring_in
from sparring.assets.options import ImportConfig
from sparring.errors import ConfigError
from sparring.world.objects.imported import inertia_matrix, shape_of


def shape(path: Path, one: BroughtIn) -> dict[str, np.ndarray]:
    """The arrays of an object, read back."""
    path.write_bytes(one.shape)
    return shape_of(path, one.card)


@pytest.mark.parametrize("suffix", ["stl", "obj", "ply", "glb"])
def test_a_box_weighs_what_it_should_in_every_format(tmp_path: Path, suffix: str) -> None:
    one = made(saved(box(), tmp_path / f"box.{suffix}"), density_kg_m3=500.0)
    mass = 500 * 0.1 * 0.04 * 0.03
    assert one.card.mass_kg == pytest.approx(mass)
    assert one.card.size_m == pytest.approx((0.1, 0.04, 0.03))
    assert one.card.centre_of_mass_m == pytest.approx((0, 0, 0), abs=1e-9)
    expected = mass / 12 * np.array([0.04**2 + 0.03**2, 0.1**2 + 0.03**2, 0.1**2 + 0.04**2])
    assert inertia_matrix(one.card.inertia_kg_m2) == pytest.approx(np.diag(expected))
    assert one.card.parts_n == 1
    assert one.card.warnings == ()


def test_the_likeliest_pose_of_a_flat_box_is_flat(tmp_path: Path) -> None:
    poses = made(saved(box(), tmp_path / "box.stl")).card.poses
    assert sum(pose.probability for pose in poses) == pytest.approx(1)
    likeliest = trimesh.transformations.quaternion_matrix(poses[0].quat_wxyz)[:3, :3]
    assert np.abs(likeliest[2]) == pytest.approx([0, 0, 1], abs=1e-6)


def test_a_given_mass_replaces_the_density(tmp_path: Path) -> None:
    path = saved(box(), tmp_path / "box.stl")
    light, heavy = made(path), made(path, mass_kg=1.0)
    assert heavy.card.mass_kg == 1
    factor = 1 / light.card.mass_kg
    assert np.array(heavy.card.inertia_kg_m2) == pytest.approx(factor * np.array(light.card.inertia_kg_m2), abs=1e-9)
    assert "payload" in " ".join(made(path, mass_kg=3.0).card.warnings)


def test_what_is_not_convex_is_taken_apart_and_keeps_its_notch(tmp_path: Path) -> None:
    one = made(saved(ell(), tmp_path / "ell.stl"))
    found = shape(tmp_path / "ell.npz", one)
    hulls = np.split(found["hull_corners"], np.cumsum(found["hull_sizes"])[:-1])
    assert 2 <= one.card.parts_n == len(hulls) <= 6
    volume = sum(trimesh.convex.convex_hull(corners).volume for corners in hulls)
    assert volume == pytest.approx(ell().volume, rel=0.15)
    notch = np.array([0.08, 0.06, 0.01])
    assert not any(trimesh.convex.convex_hull(corners).contains([notch])[0] for corners in hulls if len(corners))
    assert one.card.mass_kg == pytest.approx(300 * ell().volume)


def test_parts_that_are_convex_already_are_kept(tmp_path: Path) -> None:
    (tmp_path / "two.obj").write_text(
        "".join(f"o part_{k}\n{_obj(box().apply_translation([0.1 * k, 0, 0]), 8 * k)}" for k in (0, 1))
    )
    one = made(tmp_path / "two.obj")
    assert (one.card.parts_n, one.card.parts_from) == (2, "convex already")
    assert one.card.size_m == pytest.approx((0.2, 0.04, 0.03))


def _obj(mesh: object, before: int) -> str:
    corners = "".join(f"v {x} {y} {z}\n" for x, y, z in mesh.vertices)  # type: ignore[attr-defined]
    return corners + "".join(f"f {a + 1 + before} {b + 1 + before} {c + 1 + before}\n" for a, b, c in mesh.faces)  # type: ignore[attr-defined]


def test_pieces_that_do_not_touch_are_told(tmp_path: Path) -> None:
    two = trimesh.util.concatenate([ell(), ell().apply_translation([0, 0, 0.03])])
    assert "in 2 pieces that do not touch" in " ".join(made(saved(two, tmp_path / "two.stl")).card.warnings)


def test_the_same_mesh_is_the_same_object_wherever_it_lies(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    first, second = (made(saved(ell(), folder / "ell.stl")) for folder in (tmp_path, tmp_path / "elsewhere"))
    assert first.card == second.card
    assert first.shape == second.shape


def test_a_texture_is_kept(tmp_path: Path) -> None:
    for name in ("textured.glb", "textured.obj"):
        found = shape(tmp_path / "textured.npz", made(saved(textured(), tmp_path / name)))
        left = found["colour_points"][:, 0] < -0.002
        right = found["colour_points"][:, 0] > 0.002
        assert np.abs(found["colours"][left].astype(int) - RED).max() < 10, name
        assert np.abs(found["colours"][right].astype(int) - BLUE).max() < 10, name


def test_colours_of_corners_are_kept(tmp_path: Path) -> None:
    mesh = box()
    mesh.visual.vertex_colors = np.where(mesh.vertices[:, :1] < 0, (*RED, 255), (*BLUE, 255)).astype(np.uint8)
    found = shape(tmp_path / "box.npz", made(saved(mesh, tmp_path / "box.ply")))
    ends = found["colours"][np.abs(found["colour_points"][:, 0]) > 0.049].astype(int)
    assert np.minimum(np.abs(ends - RED).max(axis=1), np.abs(ends - BLUE).max(axis=1)).max() < 12


def test_a_colour_is_drawn_from_the_name_where_there_is_none(tmp_path: Path) -> None:
    one, other = (shape(tmp_path / "x.npz", made(saved(box(), tmp_path / name)))["colours"] for name in ("a.stl", "b.stl"))
    assert len(one) == len(other) == 1
    assert (one != other).any()


def test_a_small_hole_is_closed_and_a_large_one_told(tmp_path: Path) -> None:
    holed = trimesh.Trimesh(box().vertices, box().faces[:-1], process=False)
    one = made(saved(holed, tmp_path / "holed.stl"))
    assert one.card.warnings == ("had small holes, which were closed",)
    assert one.card.mass_kg == pytest.approx(300 * box().volume)
    sphere = trimesh.creation.icosphere(2, 0.03)
    cut = trimesh.Trimesh(sphere.vertices, sphere.faces[sphere.triangles_center[:, 2] < 0.015], process=False)
    assert "not watertight" in " ".join(made(saved(cut, tmp_path / "cut.stl")).card.warnings)


def test_units_are_proposed_and_taken(tmp_path: Path) -> None:
    path = saved(box().apply_scale(1000), tmp_path / "box.stl")
    assert "it looks like mm: pass --units mm or --scale 0.001" in refusal(path)
    for options in ({"units": "mm"}, {"units": "auto"}, {"scale": 0.001}):
        assert made(path, **options).card.size_m == pytest.approx((0.1, 0.04, 0.03), rel=1e-5)
    assert made(path, units="auto").card.warnings == ("taken to be in units of 0.001 m",)


@pytest.mark.parametrize(("longest_m", "said"), [(4, "4 m"), (4e-6, "0.004 mm")])
def test_four_metres_and_four_microns_are_refused(tmp_path: Path, longest_m: float, said: str) -> None:
    told = refusal(saved(box().apply_scale(longest_m / 0.1), tmp_path / "box.stl"))
    assert f"its longest side is {said}" in told
    assert "--scale" in told


def test_inside_out_is_refused_or_turned(tmp_path: Path) -> None:
    inverted = box()
    inverted.invert()
    path = saved(inverted, tmp_path / "box.stl")
    assert "inside out" in (told := refusal(path))
    assert "--flip" in told
    turned, straight = made(path, flip=True), made(saved(box(), tmp_path / "straight.stl"))
    assert turned.card.mass_kg == pytest.approx(straight.card.mass_kg)
    found = shape(tmp_path / "box.npz", turned)
    assert trimesh.Trimesh(found["vertices"], found["faces"]).volume > 0


def test_too_many_parts_are_refused(tmp_path: Path) -> None:
    path = saved(ell(), tmp_path / "ell.stl")
    told = refusal(path, max_parts=1)
    assert "convex parts, and --max-parts is 1" in told
    assert "--concavity-m" in told


def test_what_is_not_finite_is_refused(tmp_path: Path) -> None:
    for value in (np.nan, np.inf):
        broken = box()
        broken.vertices[0] = value
        assert "not finite" in refusal(saved(broken, tmp_path / "broken.obj"))


def test_what_is_wider_than_the_hand_is_told(tmp_path: Path) -> None:
    wide, narrow = (made(saved(box(0.1, 0.1, z_m), tmp_path / f"{z_m}.stl")) for z_m in (0.09, 0.05))
    assert "wider than the hand opens everywhere: no part is narrower than 9.0 cm" in " ".join(wide.card.warnings)
    assert narrow.card.warnings == ()


HOSTILE = {
    "text.stl": (b"this is no mesh at all, but text\n" * 10, "no triangles"),
    "empty.stl": (b"", "no triangles"),
    "empty.obj": (b"# nothing\n", "no triangles"),
    "none.obj": (b"v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 9\n", "OBJ"),
    "flat.obj": (b"v 0 0 0\nv .1 0 0\nv .1 .1 0\nv 0 .1 0\nf 1 2 3\nf 1 3 4\n", "flat"),
    "points.ply": (
        b"ply\nformat ascii 1.0\nelement vertex 1\nproperty float x\nproperty float y\nproperty float z\nend_header\n0 0 0\n",
        "no triangles",
    ),
    "billion.ply": (
        b"ply\nformat binary_little_endian 1.0\nelement vertex 1000000000\nproperty float x\nproperty float y\n"
        b"element face 1000000000\nproperty list uchar int vertex_indices\nend_header\n" + bytes(100),
        "PLY",
    ),
    "billion.stl": (bytes(80) + (10**9).to_bytes(4, "little") + bytes(100), "billion.stl"),
    "half.glb": (b"glTF\x02\x00\x00\x00\xff\xff\xff\x7f\x20\x00\x00\x00JSON{", "GLB"),
    "model.step": (b"ISO-10303-21;", "one of .obj, .stl, .glb, .ply"),
    "model": (b"", "one of .obj, .stl, .glb, .ply"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_no_mesh_is_one_line(tmp_path: Path, name: str) -> None:
    content, said = HOSTILE[name]
    (tmp_path / name).write_bytes(content)
    assert said in refusal(tmp_path / name)


def test_a_file_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    assert "not there" in refusal(tmp_path / "nowhere.stl")
    (tmp_path / "folder.stl").mkdir()
    assert "no file" in refusal(tmp_path / "folder.stl")


def test_a_truncated_file_is_one_line(tmp_path: Path) -> None:
    for suffix in ("stl", "glb", "ply"):
        path = saved(box(), tmp_path / f"box.{suffix}")
        path.write_bytes(path.read_bytes()[:-150])
        assert not isinstance(tried(path), BroughtIn), suffix


def test_a_file_that_asks_for_too_much_memory_ends_its_own_import(tmp_path: Path) -> None:
    path = glb_that_claims(3 * 10**9, tmp_path / "bomb.glb")
    code = (
        "import sys; from pathlib import Path; from sparring.assets import bringing_in as b, options as o\n"
        "job = b.MeshJob(Path(sys.argv[1]), 'bomb', o.ImportConfig()); print(b.bring_in_within_bounds(job).reason)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True)
    assert "more memory than is allowed" in done.stdout
    assert resource.getrlimit(resource.RLIMIT_AS)[0] == resource.RLIM_INFINITY


def test_files_outside_of_the_meshs_folder_are_not_read(tmp_path: Path) -> None:
    inside = tmp_path / "inside"
    inside.mkdir()
    path = saved(textured(), inside / "textured.obj")
    picture = next(inside.glob("*.png"))
    picture.rename(tmp_path / picture.name)
    for material in inside.glob("*.mtl"):
        material.write_text(material.read_text().replace(picture.name, f"../{picture.name}"))
    found = shape(tmp_path / "x.npz", made(path))
    assert len(np.unique(found["colours"], axis=0)) == 1, "the texture outside was not seen"


@pytest.mark.parametrize(
    "options",
    [
        {"units": "miles"},
        {"scale": 0.0},
        {"density_kg_m3": -1.0},
        {"mass_kg": float("nan")},
        {"friction": 11.0},
        {"concavity_m": 0.0},
        {"max_parts": 0},
        {"max_parts": 10_000},
    ],
    ids=str,
)
def test_an_impossible_option_is_refused(options: dict[str, object], unchecked: None) -> None:
    with pytest.raises(ConfigError, match=f"--{next(iter(options)).replace('_', '-')}"):
        ImportConfig(**options)  # type: ignore[arg-type]


def test_what_weighs_nothing_or_too_much_is_refused(tmp_path: Path) -> None:
    path = saved(box(), tmp_path / "box.stl")
    assert "--mass-kg" in refusal(path, mass_kg=1e-6)
    assert "--density-kg-m3" in refusal(path, density_kg_m3=1e9)


def test_a_fine_surface_is_coarsened_to_be_seen_and_weighed_as_it_was(tmp_path: Path) -> None:
    fine = trimesh.creation.icosphere(6, 0.03)
    one = made(saved(fine, tmp_path / "fine.ply"))
    found = shape(tmp_path / "fine.npz", one)
    assert len(found["faces"]) <= 20_000 < len(fine.faces)
    assert np.linalg.norm(found["vertices"], axis=1) == pytest.approx(0.03, rel=0.01)
    assert one.card.mass_kg == pytest.approx(300 * fine.volume, rel=1e-6)


def test_what_was_taken_apart_is_not_taken_apart_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = saved(ell().apply_scale(0.9), tmp_path / "ell.stl")
    first = made(path)
    monkeypatch.setattr("sparring.assets.parts._by_coacd", lambda *_: pytest.fail("taken apart again"))
    assert made(path).shape == first.shape


def test_a_damaged_cache_is_made_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPARRING_CACHE", str(tmp_path / "cache"))
    path = saved(ell(), tmp_path / "ell.stl")
    first = made(path)
    (kept,) = (tmp_path / "cache" / "coacd").iterdir()
    kept.write_bytes(kept.read_bytes()[:50])
    assert made(path).shape == first.shape


def test_a_job_is_called_as_it_is_told(tmp_path: Path) -> None:
    found = bring_in(MeshJob(saved(box(), tmp_path / "box.stl"), "my-box", ImportConfig(), colour=(1, 2, 3)))
    assert isinstance(found, BroughtIn)
    assert (found.card.name, found.card.source) == ("my-box", "box.stl")
    assert shape(tmp_path / "x.npz", found)["colours"].tolist() == [[1, 2, 3]]
