"""Whom a programme's schools are compared with: the authority's others, or the most similar outside it.

The distance is `matching`'s; why a single school is left out is `compared_school.sql`'s to say.

Schools outside are matched twice. Methods that hold earlier results constant compare with schools alike in
these too. A change must not: schools picked for weak results recover by themselves, and where a programme's
schools are weak for good that recovery reads as harm (Daw and Hatfield 2018, Health Services Research 53:
4138). Changes are therefore compared with schools alike in make-up alone, and the ends of the bracket keep
their meaning.

A pool is the union of the matches, each school once: models weigh schools by how precise they are and hold
earlier results constant, so to weigh one by how often it was chosen would cost precision and mend nothing.
Schools of other evaluated programmes are not in it. What changed in the whole area is part of the effect.
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
    """Cells of mainstream schools, local and matched, with what says which of them are compared.

    `outcome` has the columns of `mart.outcome`, without years in which a programme was at work.
    `membership` and `not_under_way` (programme, school_id) are the schools in which a programme was, or was
    not, under way when pupils were tested; `baseline_year` and `compared` have the columns of the `impact`
    tables of these names, `before` those of `impact.school_before`, `matched` those of
    `impact.matched_school`.
    """

    outcome: pd.DataFrame
    membership: pd.DataFrame
    not_under_way: pd.DataFrame
    baseline_year: pd.DataFrame
    compared: pd.DataFrame
    before: pd.DataFrame
    matched: pd.DataFrame

    def cells(self, programme: Programme, measure: str, matched_on: MatchedOn) -> pd.DataFrame:
        """The cells of the schools in a programme's comparison, its own among them."""
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
        """Schools that joined a programme and in which it was not under way when pupils were tested."""
        is_own = self.not_under_way["programme"] == programme.id
        return self.not_under_way.loc[is_own, "school_id"]

    def is_by_dates(self, programme: Programme) -> bool:
        """Whether dates keep some school or year of a programme out of its comparison alone."""
        years = self.baseline_year
        is_own = years["programme"] == programme.id
        return bool(len(self._on_no_side(programme)) or (is_own & ~years["is_used"]).any())

    def baseline_years(self, programme: Programme, measure: str) -> tuple[str, ...]:
        """Earlier years that a programme's comparison on a measure can use, oldest first.

        On a measure that is not the programme's own: those of any of its measures of the key stage.
        """
        years = self.baseline_year
        is_own = (years["programme"] == programme.id) & years["is_used"]
        is_asked = is_own & (years["measure"] == measure)
        if not ((years["programme"] == programme.id) & (years["measure"] == measure)).any():
            is_asked = is_own & (years["key_stage"] == MEASURES[measure].key_stage)
        return tuple(sorted(years.loc[is_asked, "academic_year"].unique()))

    def why_none(self, programme: Programme, measure: str) -> str | None:
        """Why none of a programme's schools is compared on a measure; None if one is."""
        of = self.compared
        is_asked = (of["programme"] == programme.id) & (of["measure"] == measure)
        return why_none(of.loc[is_asked & of["is_programme"], "reason"].tolist())

    def why_no_pool(self, study: Study, programme: Programme, measure: str) -> str | None:
        """Say why there is nobody to match with, in words for the board; None for a local pool."""
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
    """The schools some comparison uses, read once from marts and from what matching left."""
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

    Chosen from are mainstream schools outside the authority, in no evaluated programme, with a result before
    and (whatever it was) after, and every characteristic known.
    """
    before = con.execute("SELECT * FROM impact.school_before").df()
    joined = con.execute("SELECT programme, school_id FROM mart.programme_school").df()
    membership = _standing(con, "standing = 'under_way'")
    evaluated = [programme.id for programme in study.evaluated_programmes]
    taken = joined.loc[joined["programme"].isin(evaluated), "school_id"]
    con.execute(MATCHED_SCHOOL.ddl())
    for programme in study.evaluated_programmes:
        if programme.comparison_pool == "local":
            continue
        members = membership.loc[membership["programme"] == programme.id, "school_id"]
        for measure in programme.measure:
            asked = _of_question(before, programme, measure.name)
            schools = asked[asked["is_local"] & asked["school_id"].isin(members)]
            if not len(asked):
                continue
            # What the files say of no school cannot tell one from another.
            asked = asked.dropna(axis="columns", how="all")
            candidates = asked[~asked["is_local"] & ~asked["school_id"].isin(taken)].dropna()
            if not len(schools) or not len(candidates):
                continue
            for matched_on in CHARACTERISTICS:
                incoming = _matches(schools, candidates, matched_on, programme)
                insert_frame(con, MATCHED_SCHOOL.full_name, incoming)
    return row_count(con, MATCHED_SCHOOL.full_name)


def _of_question(before: pd.DataFrame, programme: Programme, measure: str) -> pd.DataFrame:
    """Schools that could be in a comparison: with an outcome and at least one earlier result."""
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
