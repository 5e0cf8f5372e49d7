"""The schools a programme is compared with: the authority's others, or the most similar ones elsewhere.

Schools elsewhere are matched twice. Methods that condition on earlier results use schools matched on these
results too. Methods that compare changes must not: schools picked for weak results recover on their own, and
if a programme's schools are persistently weak, that recovery looks like harm (Daw and Hatfield 2018, Health
Services Research 53: 4138). Changes are therefore compared with schools matched on make-up alone, which
preserves the meaning of the bracket's two ends.

A pool is the union of the matches, each school once. Models weight schools by precision and condition on
earlier results, so weighting by the number of matches would lose precision without reducing bias. Schools of
other evaluated programmes are excluded. Changes that affect the whole area remain part of the effect.
"""

from __future__ import annotations

from dataclasses import dataclass

import duckdb
import numpy as np
import pandas as pd

from pipelines.catalogue.comparison_design import MATCHED_SCHOOL
from pipelines.catalogue.comparison_reason import why_none
from pipelines.catalogue.vocabulary import MatchedOn
from pipelines.impact.matching import nearest
from pipelines.store.store import insert_frame, row_count
from pipelines.study.key_stages import KEY_STAGE_LABELS
from pipelines.study.measures import MEASURES
from pipelines.study.settings import Programme, Study

CHARACTERISTICS: dict[MatchedOn, tuple[str, ...]] = {
    "results_and_make_up": ("result_before", "disadvantaged_share", "cohort_pupils"),
    "make_up": ("disadvantaged_share", "cohort_pupils"),
}


@dataclass(frozen=True)
class Schools:
    """Cells of local and matched mainstream schools, and the tables that say which are compared.

    `outcome` has the columns of `mart.outcome`, without years in which a programme was active. `membership`
    and `not_under_way` (programme, school_id) list schools where a programme was, or was not, under way on
    the test date. The others have the columns of the `impact` tables `baseline_year`, `compared_school`,
    `school_before` and `matched_school`.
    """

    outcome: pd.DataFrame
    membership: pd.DataFrame
    not_under_way: pd.DataFrame
    baseline_year: pd.DataFrame
    compared: pd.DataFrame
    before: pd.DataFrame
    matched: pd.DataFrame

    def cells(self, programme: Programme, measure: str, matched_on: MatchedOn) -> pd.DataFrame:
        """The cells of a programme's comparison, including its own schools."""
        is_local = self.outcome["is_local"]
        if programme.comparison_pool == "local":
            return self.outcome[
                is_local & ~self.outcome["school_id"].isin(self._on_no_side(programme))
            ]
        of_programme = self.membership["programme"] == programme.id
        is_match = (
            (self.matched["programme"] == programme.id)
            & (self.matched["measure"] == measure)
            & (self.matched["matched_on"] == matched_on)
        )
        is_member = self.outcome["school_id"].isin(self.membership.loc[of_programme, "school_id"])
        is_pool = self.outcome["school_id"].isin(self.matched.loc[is_match, "matched_school_id"])
        return self.outcome[(is_local & is_member) | is_pool]

    def _on_no_side(self, programme: Programme) -> pd.Series[int]:
        """Schools that joined a programme which was not under way there on the test date."""
        is_own = self.not_under_way["programme"] == programme.id
        return self.not_under_way.loc[is_own, "school_id"]

    def is_by_dates(self, programme: Programme) -> bool:
        """Whether dates exclude a school or year from this programme's comparison only."""
        years = self.baseline_year
        is_own = years["programme"] == programme.id
        return bool(len(self._on_no_side(programme)) or (is_own & ~years["is_used"]).any())

    def baseline_years(self, programme: Programme, measure: str) -> tuple[str, ...]:
        """Baseline years of a programme's comparison on a measure, oldest first.

        If the measure is not the programme's own, those of its other measures at the key stage.
        """
        years = self.baseline_year
        is_own = (years["programme"] == programme.id) & years["is_used"]
        is_wanted = is_own & (years["measure"] == measure)
        if not ((years["programme"] == programme.id) & (years["measure"] == measure)).any():
            is_wanted = is_own & (years["key_stage"] == MEASURES[measure].key_stage)
        return tuple(sorted(years.loc[is_wanted, "academic_year"].unique()))

    def why_none(self, programme: Programme, measure: str) -> str | None:
        """Why none of a programme's schools is compared on a measure; None if one is."""
        compared = self.compared
        is_wanted = (compared["programme"] == programme.id) & (compared["measure"] == measure)
        return why_none(compared.loc[is_wanted & compared["is_programme"], "reason"].tolist())

    def why_no_pool(self, study: Study, programme: Programme, measure: str) -> str | None:
        """Why there are no schools to match with, in words for the board; None for a local pool."""
        if programme.comparison_pool == "local":
            return None
        key_stage, year = study.measures[measure].key_stage, study.study.outcome_year
        results = f"{KEY_STAGE_LABELS[key_stage]} results by school"
        if not any(
            source.kind == f"{key_stage}_schools" and source.academic_year == year
            for source in study.source
        ):
            return (
                f"no published table of {results} for {year} is at hand yet, so no similar schools "
                "outside the area can be found"
            )
        before = _of_question(self.before, programme, measure)
        if not len(before[~before["is_local"]]):
            return (
                f"the published tables of {results} have no schools outside the area that can be "
                f"compared in {year}"
            )
        return None


def read_schools(con: duckdb.DuckDBPyConnection) -> Schools:
    """Read every school that a comparison uses."""
    return Schools(
        outcome=con.execute(
            "SELECT * FROM mart.outcome WHERE is_compared_kind AND (is_outcome OR is_baseline) AND "
            "(is_local OR school_id IN (SELECT matched_school_id FROM impact.matched_school))"
        ).df(),
        membership=_standing(con, "standing = 'under_way'"),
        not_under_way=_standing(con, "standing <> 'under_way'"),
        baseline_year=con.execute("SELECT * FROM impact.baseline_year").df(),
        compared=con.execute("SELECT * FROM impact.compared_school").df(),
        before=con.execute("SELECT * FROM impact.school_before").df(),
        matched=con.execute("SELECT * FROM impact.matched_school").df(),
    )


def _standing(con: duckdb.DuckDBPyConnection, which: str) -> pd.DataFrame:
    return con.execute(
        f"SELECT programme, school_id FROM mart.exposure WHERE is_outcome AND {which}"
    ).df()


def build_matched_school(con: duckdb.DuckDBPyConnection, study: Study) -> int:
    """Fill `impact.matched_school` for every programme with a matched pool; returns its rows.

    Candidates are mainstream schools outside the authority, in no evaluated programme, with a baseline result
    and an outcome, and with every characteristic known.
    """
    before = con.execute("SELECT * FROM impact.school_before").df()
    joined = con.execute("SELECT programme, school_id FROM mart.programme_school").df()
    membership = _standing(con, "standing = 'under_way'")
    evaluated = [programme.id for programme in study.evaluated_programmes]
    enrolled = joined.loc[joined["programme"].isin(evaluated), "school_id"]
    con.execute(MATCHED_SCHOOL.ddl())
    for programme in study.evaluated_programmes:
        if programme.comparison_pool == "local":
            continue
        members = membership.loc[membership["programme"] == programme.id, "school_id"]
        for measure in programme.measure:
            comparable = _of_question(before, programme, measure.name)
            schools = comparable[comparable["is_local"] & comparable["school_id"].isin(members)]
            if not len(comparable):
                continue
            # Drop characteristics that the files give for no school.
            comparable = comparable.dropna(axis="columns", how="all")
            candidates = comparable[
                ~comparable["is_local"] & ~comparable["school_id"].isin(enrolled)
            ].dropna()
            if not len(schools) or not len(candidates):
                continue
            for matched_on in CHARACTERISTICS:
                incoming = _matches(schools, candidates, matched_on, programme)
                insert_frame(con, MATCHED_SCHOOL.full_name, incoming)
    return row_count(con, MATCHED_SCHOOL.full_name)


def _of_question(before: pd.DataFrame, programme: Programme, measure: str) -> pd.DataFrame:
    """Schools that could be compared: with an outcome and at least one baseline result."""
    return before[
        (before["measure"] == measure)
        & (before["pupil_group"] == programme.target_group)
        & before["has_outcome"]
        & (before["n_baseline_years"] > 0)
    ]


def _matches(
    schools: pd.DataFrame, candidates: pd.DataFrame, matched_on: MatchedOn, programme: Programme
) -> pd.DataFrame:
    characteristics = [name for name in CHARACTERISTICS[matched_on] if name in candidates.columns]
    ids = candidates["school_id"].to_numpy(dtype=np.int64)
    found = nearest(
        schools[characteristics].to_numpy(dtype=np.float64),
        candidates[characteristics].to_numpy(dtype=np.float64),
        ids,
        n_matches=programme.matches_per_school,
    )
    n_each = found.candidate.shape[1]
    return pd.DataFrame(
        {
            "programme": programme.id,
            **{
                name: schools[name].repeat(n_each).to_numpy()
                for name in ("measure", "key_stage", "pupil_group", "school_id")
            },
            "matched_on": matched_on,
            "matched_school_id": ids[found.candidate].ravel(),
            "place": np.tile(np.arange(1, n_each + 1), len(schools)),
            "distance": found.distance.ravel(),
        }
    )
