"""Nobody who has everything that is published can work out a small figure, in one release or in two.

The attacker (`attacker`) shares no code with disclosure control. A weak door is attacked too: an attack
that finds nothing there would be no test.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from pipelines.disclosure import door, releases
from pipelines.released import read_published
from tests.disclosure.attacker import Findings, Schools, attack_all, pinned_movements
from tests.disclosure.invented import (
    MINIMUM,
    Invented,
    cell,
    invent,
    schools_of,
    tables_of,
    truths_of,
)
from tests.evaluated import Evaluated

N_STUDIES = 50
LEAST_SHOWN_SHARE = 0.85
Published = tuple[dict[str, pd.DataFrame], Schools]


@pytest.mark.parametrize("first", range(0, N_STUDIES, 10))
def test_nothing_can_be_worked_out_of_small_studies(first: int) -> None:
    found = Findings()
    n_shown = n_rows = 0
    for seed in range(first, first + 10):
        with invent(seed).store() as con:
            door.release(con, MINIMUM)
            assert not any(door.count_given_away(con, MINIMUM).values()), seed
            published = tables_of(con)
            found += attack_all([(published, schools_of(con))], truths_of(con), MINIMUM)
        n_shown += int(published["comparison"]["n_pupils"].notna().sum())
        n_rows += len(published["comparison"])
    assert found.pinned == []
    assert found.n_withheld > 100
    # Hardly anybody is in these studies, and still not everything is withheld.
    assert n_shown > 0.2 * n_rows


def test_the_pupils_between_two_releases_cannot_be_counted() -> None:
    n_attacked, pinned = 0, []
    exact = []
    for seed in range(0, 36, 3):
        with invent(seed).store() as con:
            door.release(con, MINIMUM)
            tables = tables_of(con)
            found = pinned_movements(tables, MINIMUM)
            n_attacked += found[0]
            pinned += found[1]
            # Had the shares been printed whatever the number of pupils, some would tell it.
            tables["revisions"] = tables["revisions"].assign(**_shares_as_they_are(con))
            exact += pinned_movements(tables, MINIMUM)[1]
    assert n_attacked > 20
    assert pinned == []
    assert exact


def _shares_as_they_are(con: duckdb.DuckDBPyConnection) -> dict[str, list[float | None]]:
    """What the shares of `released.revisions` would be if none were held back."""
    select = door.select_of("revisions").replace("is_vague(", "is_always(")
    con.execute("CREATE MACRO is_always(count, share, decimals, minimum) AS true")
    found = con.execute(select).df()
    return {name: list(found[name]) for name in ("before", "after")}


def test_a_door_that_withholds_small_figures_only_is_caught() -> None:
    found = Findings()
    for seed in range(6):
        with invent(seed).store() as con:
            door.release(con, MINIMUM, is_secondary=False)
            assert not any(
                door.count_small(con, name, MINIMUM) for name in ("comparison", "impact")
            )
            caught = attack_all([(tables_of(con), schools_of(con))], truths_of(con), MINIMUM)
            # The door's own audit, which the run stops at, sees it too.
            assert any(door.count_given_away(con, MINIMUM).values()) or not caught.pinned
            found += caught
    assert len(found.pinned) > 20


def test_nothing_more_can_be_worked_out_of_two_releases(tmp_path: Path) -> None:
    """A school leaves a programme between two releases: what it had is the first less the second."""
    n_found_by_forgetting = 0
    for seed in range(4):
        study, folder = invent(seed), tmp_path / str(seed)
        with study.store() as con:
            door.release(con, MINIMUM)
            first: Published = (tables_of(con), schools_of(con))
            recorded_in(folder, con)
        earlier = releases.read(folder)
        study.members = study.members.drop(study.members.index[0])
        with study.store() as con:
            truths, schools = truths_of(con), schools_of(con)
            door.release(con, MINIMUM, earlier)
            assert not any(door.count_given_away(con, MINIMUM, earlier).values())
            second = tables_of(con)
            door.release(con, MINIMUM)
            forgetful = tables_of(con)
        # What the first release tells about the new sets of schools cannot be taken back.
        before, both, by_forgetting = (
            pinned_figures(attack_all([first, (tables, schools)], truths, MINIMUM))
            for tables in (without_figures(second), second, forgetful)
        )
        assert both <= before
        n_found_by_forgetting += bool(by_forgetting - before)
    assert n_found_by_forgetting >= 2


def test_what_was_shown_before_is_known_and_what_was_withheld_stays_so(tmp_path: Path) -> None:
    """A withheld arm grows by a pupil: it is no small figure now, and would tell what it was."""
    study = three_arms(send_only=5)
    with study.store() as con:
        door.release(con, MINIMUM)
        assert shown(con)["send_only"] is None
        recorded_in(tmp_path, con)
    grown = three_arms(send_only=6)
    with grown.store() as con:
        door.release(con, MINIMUM)
        assert shown(con)["send_only"] == 6
        door.release(con, MINIMUM, releases.read(tmp_path))
        assert shown(con)["send_only"] is None
        plant = "UPDATE released.comparison SET n_pupils = 6 WHERE programme = 'all' AND arm = 'send_only'"
        con.execute(plant)
        assert door.count_given_away(con, MINIMUM, releases.read(tmp_path))["comparison"] > 0


def test_a_figure_planted_behind_the_door_is_seen() -> None:
    """The audit looks at the tables, not at what the door meant to withhold."""
    with three_arms(send_only=5).store() as con:
        door.release(con, MINIMUM)
        withheld = [arm for arm, n in shown(con).items() if n is None]
        assert len(withheld) > 1
        assert not any(door.count_given_away(con, MINIMUM).values())
        other = next(arm for arm in withheld if arm != "send_only")
        n_really = con.execute(
            "SELECT n_pupils FROM impact.comparison WHERE programme = 'all' AND arm = ? "
            "AND academic_year = '2017-18' AND measure = 'ks2_rwm_expected'",
            [other],
        ).fetchone()
        con.execute(
            "UPDATE released.comparison SET n_pupils = ? WHERE programme = 'all' AND arm = ?",
            [*n_really, other],
        )
        assert door.count_given_away(con, MINIMUM)["comparison"] > 0
        assert door.count_small(con, "comparison", MINIMUM) == 0


# ------------------------------------------------------------------------------------------ the example


@pytest.fixture(scope="module")
def published(example: Evaluated) -> tuple[dict[str, pd.DataFrame], Schools, dict]:
    with closing(
        duckdb.connect(str(example.paths.restricted_current / "restricted.duckdb"), read_only=True)
    ) as con:
        known = schools_of(con), truths_of(con)
    return read_published(example.current / "released.duckdb"), *known


def test_nothing_can_be_worked_out_of_the_example(
    published, record_property: Callable[[str, object], None]
) -> None:
    tables, schools, truths = published
    found = attack_all([(tables, schools)], truths, MINIMUM)
    assert found.n_withheld >= 16
    assert found.pinned == []
    record_property(
        "said",
        f"The attacker's table, example study\n{tables['withheld'].to_string(index=False)}\n"
        f"cells withheld and attacked: {found.n_withheld}, cells pinned: {len(found.pinned)}",
    )


def test_most_of_the_example_is_shown(published) -> None:
    comparison = published[0]["comparison"]
    of_programmes = comparison[comparison["programme"] != "all"]
    assert of_programmes["n_pupils"].notna().mean() >= LEAST_SHOWN_SHARE
    assert comparison["n_pupils"].notna().mean() >= LEAST_SHOWN_SHARE
    headlines = published[0]["impact"].query("role == 'headline'")
    assert headlines["n_programme_pupils"].notna().all()


def test_why_a_figure_is_withheld_is_not_said(published) -> None:
    tables = published[0]
    for name, table in tables.items():
        assert not {"reason_withheld", "is_primary_suppression"} & set(table.columns), name
        text = table.to_csv().casefold()
        assert not re.search(r"secondary(?! school| accountability)", text)
        assert "primary suppression" not in text


# -------------------------------------------------------------------------------------------- how it is done


def three_arms(send_only: int) -> Invented:
    """Twelve schools, three in each arm; the pupils of one arm are few."""
    ids = [7990000 + n for n in range(12)]
    arms = {"send_only": ids[:3], "gap_only": ids[3:6], "both": ids[6:9], "neither": ids[9:]}
    n_pupils = dict.fromkeys(ids, 9) | dict(zip(ids[:3], (send_only - 2, 1, 1), strict=True))
    cells = [
        cell(school, year, group, measure, n, mean=(n // 2) / n)
        for school, n in n_pupils.items()
        for year in ("2016-17", "2017-18")
        for group in ("sen_support", "disadvantaged", "not_disadvantaged")
        for measure in ("ks2_rwm_expected", "ks2_reading_progress")
    ]
    members = [
        {"programme": programme, "school_id": school}
        for programme in ("send", "gap")
        for school in (*arms[f"{programme}_only"], *arms["both"])
    ]
    schools = [{"school_id": school, "is_special": False} for school in ids]
    return Invented(
        ["send", "gap"], pd.DataFrame(members), pd.DataFrame(schools), pd.DataFrame(cells)
    )


def shown(con: duckdb.DuckDBPyConnection) -> dict[str, int | None]:
    """Pupils of each arm, in the outcome year, as released."""
    return dict(
        con.execute(
            "SELECT arm, n_pupils FROM released.comparison WHERE programme = 'all' "
            "AND academic_year = '2017-18' AND pupil_group = 'sen_support' "
            "AND measure = 'ks2_rwm_expected'"
        ).fetchall()
    )


def recorded_in(folder: Path, con: duckdb.DuckDBPyConnection) -> None:
    """What `ssif release` keeps of a release for later ones."""
    record = folder / "releases" / "2018-10-02"
    record.mkdir(parents=True)
    con.execute(f"COPY impact.released_count TO '{record / 'counted.parquet'}' (FORMAT parquet)")


def without_figures(tables: dict[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """A release that withholds everything."""
    silent = {}
    for name, table in tables.items():
        counts = [c for c in table.columns if c.startswith("n_") and c.split("_")[-1] == "pupils"]
        counts += [c for c in table.columns if c.startswith("n_pupils_")]
        silent[name] = table.assign(**dict.fromkeys(counts, None))
    return silent


def pinned_figures(found: Findings) -> set[str]:
    """Which figures an attack has found, whatever the intervals, and whoever told."""
    return {
        text.rsplit(":", 1)[0].replace("withheld ", "")
        + (" share" if " met it in " in text else "")
        for text in found.pinned
    }
