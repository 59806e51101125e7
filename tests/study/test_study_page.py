"""The page of results: its numbers are those of the summaries, whatever is there and whatever is missing."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from study_summaries import NAMES, RATES, arm, drawn, played, study, trial

from sparring.cli.results import results
from sparring.errors import DataError, RunFolderError
from sparring.study.page import read_study, write_results
from sparring.study.summary import Gained, Played, Summary, read_summary, write_summary


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A whole study, small."""
    return study(tmp_path_factory.mktemp("whole"), seeds=(1, 2, 3, 4, 5), scenes_n=12)


def page_of(folder: Path, out: Path) -> str:
    for _ in write_results(folder, out / "results.md"):
        pass
    return (out / "results.md").read_text()


def put(folder: Path, *summaries: Summary) -> Path:
    for summary in summaries:
        write_summary(folder / summary.preset / f"{summary.arm}.json", summary)
    return folder


def row_of(page: str, beginning: str) -> list[str]:
    """The cells of the first row of a table that begins so."""
    (line, *_) = [line for line in page.splitlines() if line.startswith(f"| {beginning} |")]
    return [cell.strip() for cell in line.strip("|").split(" | ")]


def test_the_same_summaries_give_the_same_bytes(whole: Path, tmp_path: Path) -> None:
    for name in ("first", "second"):
        page_of(whole, tmp_path / name)
    files = sorted(path.relative_to(tmp_path / "first") for path in (tmp_path / "first").rglob("*.*"))
    assert len(files) == 5
    for file in files:
        assert (tmp_path / "first" / file).read_bytes() == (tmp_path / "second" / file).read_bytes(), file


def test_the_player_in_the_package_is_the_best_on_training_families(whole: Path, tmp_path: Path) -> None:
    page = page_of(whole, tmp_path)
    table = page.split("## The player in the package")[1].split("## ")[0]
    rates = [float(rate) for rate in re.findall(r"(\d+\.\d) % \(", table)]
    assert len(rates) == 20
    best = re.findall(r"\*\*(\d+\.\d) %", table)
    assert [float(rate) for rate in best] == [max(rates)] * rates.count(max(rates))


def test_equals_are_all_said_to_be_the_best_and_only_candidates_are(tmp_path: Path) -> None:
    rates = {"start": "1100", "shake-3": "1100", "collaborative": "1000", "shake-1": "1111"}
    tests = [trial(player, [told], objects="held-out") for player, told in rates.items()]
    page = page_of(put(tmp_path, arm("base", played(1, *tests))), tmp_path)
    table = page.split("## The player in the package")[1].split("## ")[0]
    assert len(re.findall(r"\*\*50\.0 %", table)) == 2
    assert "shake-1" not in table


def test_a_whole_study_misses_nothing(whole: Path, tmp_path: Path) -> None:
    page = page_of(whole, tmp_path)
    assert "not run yet" not in page.lower()
    for picture in re.findall(r"\]\((pictures/[^)]*)\)", page):
        assert (tmp_path / picture).read_bytes().startswith(b"<?xml")
    headings = [line for line in page.splitlines() if line.startswith("## ")]
    assert [heading.removeprefix("## ") for heading in headings] == [
        "The answer",
        "The claims",
        "Table I: low force",
        "Table II: high force",
        "Controls",
        "The sensor dial",
        "Cross-play",
        "Yields",
        "Why",
        "The player in the package",
        "How it was made",
    ]


def test_a_table_tells_the_rates_of_the_summaries(tmp_path: Path) -> None:
    runs = [
        played(1, trial("start", ["1000", "0000"]), trial("collaborative", ["1100", "1100"])),
        played(2, trial("start", ["1100", "1000"]), trial("collaborative", ["1111", "0000"])),
    ]
    page = page_of(put(tmp_path, arm("base", *runs)), tmp_path)
    cells = row_of(page.split("## Table I: ")[1], "`start`")
    assert cells[1].startswith("25.0 % (")
    assert cells[2].startswith("-25.0 (")
    assert cells[-3:] == ["43 %", "1, 2", "16"]
    assert "<td>12.5 % (2.2 to 47.1, n = 8)</td>" in page


def test_objects_are_told_as_the_paper_tells_them(tmp_path: Path) -> None:
    runs = [played(seed, *drawn({"collaborative": 0.5}, seed, protocol="high-force", scenes_n=10)) for seed in (1, 2)]
    page = page_of(put(tmp_path, arm("base", *runs)), tmp_path)
    ones = sum(run.tested[0].outcomes[NAMES[0]].count("1") for run in runs)
    assert row_of(page, NAMES[0])[1:] == [f"{ones} / 20", "", "", "6 / 10", "10 / 10", "10 / 10"]


def test_a_control_is_compared_on_the_seeds_that_both_have(tmp_path: Path) -> None:
    base = arm("base", *(played(seed, trial("shake-3", ["1100" if seed == 3 else "1111"])) for seed in (1, 2, 3)))
    random = arm("random", played(3, trial("shake-3", ["1000"])))
    page = page_of(put(tmp_path, base, random), tmp_path)
    cells = row_of(page, "`random` `shake-3`")
    assert cells[4].startswith("-25.0 (")
    assert cells[6] == "3"
    assert "`random` seed 1, 2, 4, 5" in page


@pytest.mark.parametrize(("scenes", "told"), [("0" * 20, "`random` `shake-3` -100.0 ("), ("1" * 20, "none beyond chance")])
def test_the_answer_names_the_controls_that_lie_apart(scenes: str, told: str, tmp_path: Path) -> None:
    base, random = (arm(name, played(1, trial("shake-3", [each]))) for name, each in (("base", "1" * 20), ("random", scenes)))
    page = page_of(put(tmp_path, base, random), tmp_path)
    (sentence,) = [line for line in page.splitlines() if line.startswith("- Comparisons of controls")]
    assert told in sentence


def test_alpha_is_drawn_where_there_is_something_to_compare(tmp_path: Path) -> None:
    alone = put(tmp_path / "study", arm("alpha-0", played(1, trial("shake-3", ["1100"]))))
    assert "results-alpha" not in page_of(alone, tmp_path / "of-one")
    both = put(alone, arm("alpha-1", played(1, trial("shake-3", ["1000"]))))
    page = page_of(both, tmp_path / "of-two")
    assert "results-alpha" in page
    assert "is -25.0 (" in page.split("## The claims")[0]


def test_the_answer_is_made_from_the_data(tmp_path: Path) -> None:
    for gain, verdict in ((0.4, "1 is **confirmed** (1: the shake adversary helps)"), (-0.2, "1 is **refuted** (1: ")):
        rates = {"collaborative": 0.4, "shake-3": 0.4 + gain}
        base = arm("base", *(played(seed, *drawn(rates, seed)) for seed in (1, 2, 3, 4, 5)))
        page = page_of(put(tmp_path, base), tmp_path)
        assert f"Of 5 claims named before the runs, {verdict}" in page
        assert "4 are **not run yet**" in page


def test_the_answer_says_what_the_papers_own_tries_could_tell(whole: Path, tmp_path: Path) -> None:
    assert re.search(
        r"The paper's \+11 lies (inside|outside) our interval; with 100 tries .* of -3 to \+24 itself", page_of(whole, tmp_path)
    )


def test_what_learned_attacks_dislodge_is_compared_with_random_ones(tmp_path: Path) -> None:
    def attacked(seed: int, dislodged_n: int) -> Played:
        stage = Gained(
            "shake-2",
            grasps_n=100,
            invalid_n=0,
            sensed_n=50,
            lifted_n=45,
            fell_before_n=5,
            attacked_n=40,
            attacks_n=40,
            dislodged_n=dislodged_n,
        )
        return played(seed, trial("shake-3", ["01"]), gained=[stage])

    arms = [
        arm(name, *(attacked(seed, dislodged_n) for seed, dislodged_n in enumerate(all_dislodged_n, start=1)))
        for name, all_dislodged_n in {"base": (16, 20, 12), "random": (8, 8, 8)}.items()
    ]
    row = row_of(page_of(put(tmp_path, *arms), tmp_path), "`shake-2`")
    assert row[4:7] == ["40.0 % [30.0 ... 50.0]", "120", "+20.0 (-4.8 to +44.8)"]


@pytest.mark.parametrize(
    "kept", [["base"], ["random"], ["sensor-0", "sensor-5"], ["mixed", "alpha-0"], ["collaborative-seconds"]]
)
def test_a_page_of_some_arms_says_what_is_missing(kept: list[str], whole: Path, tmp_path: Path) -> None:
    put(tmp_path / "some", *(read_summary(whole / "quarter" / f"{name}.json") for name in kept))
    page = page_of(tmp_path / "some", tmp_path)
    lacking = " ".join(line for line in page.splitlines() if line.startswith("Not run yet: "))
    assert "`every-worst-seconds`" in lacking
    assert not [name for name in kept if re.search(f"`{name}`[;.]", lacking)]


@pytest.mark.parametrize("seeds", [(), (4,), (2, 5), (0, 7)], ids=str)
def test_any_seeds_will_do(seeds: tuple[int, ...], tmp_path: Path) -> None:
    page = page_of(study(tmp_path / "study", seeds=seeds, scenes_n=6), tmp_path)
    assert "Not run yet: " in page
    assert ("![Success" in page) == bool(seeds)


def test_a_seed_more_than_planned_is_no_arm_less(tmp_path: Path) -> None:
    page = page_of(put(tmp_path, arm("base", *(played(seed, trial("start", ["10"])) for seed in range(1, 7)))), tmp_path)
    assert "- 1 of 17 planned arms are played with all seeds." in page


def test_runs_that_were_not_tested_are_no_reason_to_fail(tmp_path: Path) -> None:
    page = page_of(put(tmp_path, arm("base", played(1), played(2, trial("start", ["x"])))), tmp_path)
    assert "5 are **not run yet**" in page


def test_another_preset_has_a_section_of_its_own(whole: Path, tmp_path: Path) -> None:
    other = arm("base", played(1, *drawn(RATES, 1, scenes_n=5)), preset="demo")
    put(tmp_path / "both", read_summary(whole / "quarter" / "base.json"), other)
    page = page_of(tmp_path / "both", tmp_path)
    section = page.partition("## Other presets")[2]
    assert "### `demo`" in section
    assert row_of(section, "`snatch-2`")[-1] == "50"
    assert "Other presets" not in page_of(whole, tmp_path)


def test_an_arm_that_the_plan_does_not_have_is_compared_with_base(tmp_path: Path) -> None:
    base = arm("base", *(played(seed, trial("shake-3", ["1100"])) for seed in (1, 2)))
    firm = arm("firm", played(2, trial("shake-3", ["1110"]), trial("special", ["1000"])))
    page = page_of(put(tmp_path, base, firm), tmp_path)
    section = page.split("## Other arms")[1].split("## ")[0]
    assert row_of(section, "`firm` `shake-3`")[2:] == ["+25.0 (+0.0 to +75.0)", "2", "4"]
    assert row_of(section, "`firm` `special`")[2] == ""


def test_a_study_of_another_preset_alone_is_a_page_of_its_own(tmp_path: Path) -> None:
    base = arm("base", played(3, trial("shake-3", ["1100"])), preset="smoke")
    firm = arm("firm", played(3, trial("shake-3", ["1110"])), preset="smoke")
    page = page_of(put(tmp_path, base, firm), tmp_path)
    assert [line for line in page.splitlines() if line.startswith("## ")] == ["## Other presets"]
    assert row_of(page, "`firm` `shake-3`")[2].startswith("+25.0 (")
    assert "the paper" in row_of(page, "player")
    assert "not run yet" not in page.lower()


def test_a_folder_is_no_page(tmp_path: Path) -> None:
    put(tmp_path / "in", arm("base", played(1, trial("start", ["10"]))))
    (tmp_path / "out").mkdir()
    with pytest.raises(RunFolderError, match=r"is a folder; name the page in it: --out .*results\.md"):
        list(write_results(tmp_path / "in", tmp_path / "out"))
    assert not list(tmp_path.rglob("*.svg"))


@pytest.mark.parametrize("seeds", [(1, 2, 50_000_000), (1, 2, 10**9)], ids=str)
def test_seeds_may_be_far_apart(seeds: tuple[int, ...], tmp_path: Path) -> None:
    page = page_of(put(tmp_path, arm("base", *(played(seed, trial("start", ["10"])) for seed in seeds))), tmp_path)
    assert f"| 1, 2, {seeds[-1]} |" in page


def test_a_preset_cannot_break_the_page(tmp_path: Path) -> None:
    base = arm("base", played(1, trial("start", ["10"])), preset="x` <img src=x onerror=alert(1)> `")
    page = page_of(put(tmp_path, base), tmp_path)
    assert "<img" not in re.sub(r"`[^`\n]*`", "", page)


def test_a_note_is_told(tmp_path: Path) -> None:
    base = replace(arm("base", played(1, trial("start", ["10"]))), note="Played on paper.")
    assert "`base`: Played on paper." in page_of(put(tmp_path, base), tmp_path)
    demo = replace(base, preset="demo")
    assert "`base`: Played on paper." in page_of(put(tmp_path / "demo", demo), tmp_path).split("### `demo`")[1]


def test_names_cannot_break_the_page(tmp_path: Path) -> None:
    wild = "a|b`<script>"
    runs = [played(1, trial(wild, ["10"]), trial(wild, ["10"], protocol="high-force"))]
    page = page_of(put(tmp_path, replace(arm("base", *runs, settings={wild: wild}), note=f"{wild} [x](y) *z*")), tmp_path)
    assert r"`base`: a\|b\`&lt;script&gt; \[x\](y) \*z\*" in page
    assert "`a\\|b'<script>`" in page
    outside = re.sub(r"`[^`\n]*`", "", page.replace("\\`", ""))
    assert "<script" not in outside


def test_a_summary_in_the_wrong_place_is_refused(tmp_path: Path) -> None:
    write_summary(tmp_path / "quarter" / "random.json", arm("base"))
    with pytest.raises(DataError, match=r"holds arm 'base' of preset 'quarter'"):
        read_study(tmp_path)


def test_no_summaries_are_an_error_that_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="make them with `sparring study`"):
        read_study(tmp_path / "nothing")


def test_the_command_tells_what_it_wrote(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    put(tmp_path / "in", arm("base", played(1, trial("start", ["10"]))))
    results(tmp_path / "in", out=tmp_path / "out" / "page.md")
    told = capsys.readouterr().out.split()
    assert told == [str(tmp_path / "out" / "pictures" / "results-success.svg"), str(tmp_path / "out" / "page.md")]
    assert all(Path(path).exists() for path in told)
