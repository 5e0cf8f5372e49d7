"""Rules between tables: one SELECT per rule in `relations/`, which yields the places that break it.

A blocking rule stops the study. A warning asks a person to check, and the study can go on.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import duckdb

from pipelines.catalogue import (
    CASE_STUDIES,
    CASE_STUDY_SUPPORT,
    ELIGIBILITY,
    ENROLMENTS,
    EVALUATION_QUESTIONS,
    EVALUATIONS,
    KS2_PUPILS,
    KS4_PUPILS,
    LA_CONTEXT,
    PUBLISHED_OUTCOME,
    REVIEWS,
    SCHOOL_CENSUS,
    SCHOOL_REGISTER,
    STATEMENTS,
    Table,
)
from pipelines.errors.fault import Fault
from pipelines.store.store import require_pupils, row_count

FOLDER = Path(__file__).parent / "relations"

Severity = Literal["blocking", "warning"]


@dataclass(frozen=True)
class RelationRule:
    """A rule about rows of several tables; its SELECT is in the file of the same name.

    The SELECT may use `{table}`, `{column}` and `{first_day}`. It yields source_id, row_number (NULL for the
    whole file) and found, and heading and expected if these differ between places.
    """

    name: str
    needs: tuple[str, ...]
    problem: str
    expected: str
    remedy: str
    severity: Severity = "blocking"


@dataclass(frozen=True)
class Relation:
    """A rule between tables, applied to one table and column, where faults are reported."""

    rule: RelationRule
    table: Table
    column: str
    # The heading to report, if the catalogue has none for the column.
    file_heading: str | None = None

    @property
    def name(self) -> str:
        """Unique among the relations."""
        return f"{self.table.name}_{self.rule.name}"

    @property
    def heading(self) -> str:
        """The column's heading in files."""
        column = self.table.column(self.column)
        if self.file_heading:
            return self.file_heading
        return column.headers[0] if column.headers else column.name

    @property
    def select(self) -> str:
        """The SELECT that yields the rows that break the rule."""
        template = (FOLDER / f"{self.rule.name}.sql").read_text(encoding="utf-8")
        columns = {column.name for column in self.table.columns}
        names = {
            "table": self.table.full_name,
            "column": self.column,
            "first_day": "start_date" if "start_date" in columns else "from_date",
        }
        for name, text in names.items():
            template = template.replace(f"{{{name}}}", text)
        return template

    @property
    def is_warning(self) -> bool:
        """Whether breaking the rule only causes a warning."""
        return self.rule.severity == "warning"


SCHOOL_IS_REGISTERED = RelationRule(
    "school_is_registered",
    needs=("school_register", "school_links", "published_outcome"),
    problem="the school is in no register, so the row would be lost",
    expected="a URN that the school register (or, without one, the performance tables) lists with its "
    "establishment number, or that the links name",
    remedy="mend the URN, or fetch a register that holds the school",
)
PROGRAMME_IS_IN_PROTOCOL = RelationRule(
    "programme_is_in_protocol",
    needs=(),
    problem="study.toml has no programme of that id",
    expected="the id of a [[programme]]",
    remedy="mend the id, or add the programme to study.toml",
)
PUPIL_IS_OF_THE_AUTHORITY = RelationRule(
    "pupil_is_of_the_authority",
    needs=(),
    problem="the school is another authority's",
    expected="a LAESTAB that begins with the study's local_authority",
    remedy="fetch the file of the study's own authority, or take the rows out",
)
FILE_HOLDS_THE_AUTHORITY = RelationRule(
    "file_holds_the_authority",
    needs=(),
    problem="no school of the study's authority is in the file",
    expected="schools of the local_authority of study.toml",
    remedy="fetch the file that holds this authority, or mend local_authority",
)
SCHOOL_HAS_ONE_ROW = RelationRule(
    "school_has_one_row",
    needs=(),
    problem="the school has more than one row",
    expected="one row a school in a performance table",
    remedy="keep the row that is right and delete the others, or fetch the table again",
)
PROGRAMME_HAS_EXPECTED_SCHOOLS = RelationRule(
    "programme_has_expected_schools",
    needs=("school_register",),
    problem="the programme has another number of schools than the protocol expects",
    expected="expected_schools of the [[programme]]",
    remedy="add the missing schools, take out those that are too many, or mend expected_schools; the "
    "study is evaluated with the schools it has",
    severity="warning",
)
DATE_IS_IN_STUDY = RelationRule(
    "date_is_in_study",
    needs=(),
    problem="the date is not of this study's time",
    expected="a date within five years before the study's first year, up to as_at",
    remedy="mend the date: a century, or day and month, may be wrong",
    severity="warning",
)
DATE_IS_AFTER_PROGRAMME_START = RelationRule(
    "date_is_after_programme_start",
    needs=(),
    problem="the date lies before the programme began",
    expected="the day the programme starts, or later",
    remedy="mend the date, or the starts of the [[programme]]",
    severity="warning",
)
COHORT_IS_PLAUSIBLE = RelationRule(
    "cohort_is_plausible",
    needs=(),
    problem="no school has so many pupils in one year",
    expected="at most 3,000 pupils of a school at the end of a key stage",
    remedy="mend the number of pupils beside this figure, or fetch the table again",
)
PERCENTAGES_FIT_COUNTS = RelationRule(
    "percentages_fit_counts",
    needs=(),
    problem="many percentages are of other pupils than those counted beside them: no whole number of those "
    "makes such a percentage",
    expected="percentages of the pupils counted beside them, but for one in twenty at most",
    remedy="look which column says how many pupils these percentages are of, and whether study.toml names "
    "that one; the figures are used as they stand",
    severity="warning",
)
VALUE_IS_ON_SCALE = RelationRule(
    "value_is_on_scale",
    needs=(),
    problem="no school can have such a figure",
    expected="a figure on the measure's scale",
    remedy="mend the figure, or fetch the table again; of a [[measure]] of the study's own, mend low or high",
)
SCHOOLS_SUM_TO_AUTHORITY = RelationRule(
    "schools_sum_to_authority",
    needs=(),
    problem="the schools' pupils do not add up to the authority's row",
    expected="the authority's pupils, give or take 5%",
    remedy="look whether rows are missing or stand twice; the figures are used as they stand",
    severity="warning",
)
FILE_IS_AS_LONG_AS_LAST_YEAR = RelationRule(
    "file_is_as_long_as_last_year",
    needs=(),
    problem="the file holds far less than an earlier year's: it may be cut short",
    expected="about as much as in the earlier file",
    remedy="look whether the file is whole, and fetch or export it again if it is not; if it is, go on: the "
    "study is evaluated with what the file holds",
    severity="warning",
)
ENROLLED_SCHOOLS_ARE_IN_THE_FILE = RelationRule(
    "enrolled_schools_are_in_the_file",
    needs=("ks2_pupils", "ks4_pupils", "published_outcome", "school_census"),
    problem="the file holds far fewer of the enrolled schools than an earlier year's: it may be cut short",
    expected="about as many as in the earlier file",
    remedy="look whether the file is whole, and fetch or export it again if it is not; if it is, go on: the "
    "study is evaluated with what the file holds",
    severity="warning",
)
FIGURES_HAVE_THEIR_PUPILS = RelationRule(
    "figures_have_their_pupils",
    needs=("school_census",),
    problem="no figure of this column has its number of pupils, so no school can be compared on it",
    expected="a column that counts the pupils of these figures",
    remedy="name it under its [[source]]; one column may count the pupils of several: columns = "
    '{ "heading in the file" = ["TPUP", "P8PUP"] }',
    severity="warning",
)
FIGURES_ARE_OF_THEIR_OWN_YEAR = RelationRule(
    "figures_are_of_their_own_year",
    needs=(),
    problem="most figures are those of an earlier year's file: one of the two is of another year than "
    "study.toml says",
    expected="figures of the file's own year",
    remedy="look in both files which year each is of; fetch the one that is missing, or mend academic_year",
)
CENSUS_IS_OF_ITS_OWN_YEAR = replace(
    FIGURES_ARE_OF_THEIR_OWN_YEAR,
    name="census_is_of_its_own_year",
    problem="most schools have as many pupils as in an earlier year's file: one of the two is of another "
    "year than study.toml says",
    expected="numbers of pupils of the file's own year",
)
ENROLLED_SCHOOL_IS_OF_THE_AUTHORITY = RelationRule(
    "enrolled_school_is_of_the_authority",
    needs=("school_register", "published_outcome"),
    problem="the school is another authority's, so it is not compared",
    expected="a school of the local_authority of study.toml",
    remedy="mend the URN; if the school does take part, go on",
    severity="warning",
)
PROGRAMMES_ARE_OF_THE_AUTHORITY = RelationRule(
    "programmes_are_of_the_authority",
    needs=("school_register", "published_outcome"),
    problem="the enrolled schools are another authority's",
    expected="schools of the local_authority of study.toml",
    remedy="mend local_authority in study.toml, or the URNs",
)
SUPPORT_HAS_CASE_STUDY = RelationRule(
    "support_has_case_study",
    needs=("case_studies",),
    problem="there is no case study of this school and programme, so its consent is not known",
    expected="a programme and URN of the case_studies file",
    remedy="mend the row, or add the school's case study with its consent",
)
ENDS_AFTER_IT_BEGINS = RelationRule(
    "ends_after_it_begins",
    needs=(),
    problem="it ends before it begins",
    expected="a last day on or after the first",
    remedy="mend one of the two days",
)
SCHOOL_TYPE_IS_KNOWN = RelationRule(
    "school_type_is_known",
    needs=(),
    problem="the type of school is not known, so it is unclear whether the school is compared or maintained",
    expected="a type, or type group, as the register or the performance tables of some year spell it",
    remedy='say in study.toml what it is: school_types = { "the spelling here" = "Community school" } '
    "under [study], or mend the cell",
)
REGISTERED_TYPE_IS_GIVEN = RelationRule(
    "registered_type_is_given",
    needs=("published_outcome",),
    problem="the file does not say what these schools are: without a type they count as mainstream, and "
    "where only a group of both is known as not maintained",
    expected="a type of each school",
    remedy="fetch a register with TypeOfEstablishment, or fill the types in",
    severity="warning",
)
PUBLISHED_TYPE_IS_GIVEN = replace(
    REGISTERED_TYPE_IS_GIVEN,
    name="published_type_is_given",
    problem="no file says what these schools are: they count as mainstream schools that are not maintained",
    remedy="add the school register to the study, or the column NFTYPE to the file",
)
EVERY_COLUMN_IS_READ = RelationRule(
    "every_column_is_read",
    needs=(),
    problem="the columns are not read, so what they say changes nothing",
    expected="only headings that are read: README.md of a new study lists them",
    remedy="if it matters, give the column the heading it is read under, or say so in its [[source]]: "
    'columns = { "heading in the file" = "heading it is read under" }',
    severity="warning",
)
LISTED_AUTHORITY_IS_IN_A_FILE = RelationRule(
    "listed_authority_is_in_a_file",
    needs=(),
    problem="no la_context file has a row of this authority",
    expected="the number of an authority whose results a la_context file holds",
    remedy="mend the number, fetch a file that holds the authority, or take a neighbour out of the list",
)
UNUSED_VALUE_IS_READABLE = RelationRule(
    "unused_value_is_readable",
    needs=(),
    problem="it cannot be right, and counts as blank: no programme of study.toml asks about the column",
    expected="a figure or code as in the other cells of the column",
    remedy="nothing, unless a programme is to ask about it: then mend the cells",
    severity="warning",
)
TYPE_GROUP_IS_KNOWN = replace(SCHOOL_TYPE_IS_KNOWN, name="type_group_is_known")
_ABOUT_PROGRAMMES = (ENROLMENTS, ELIGIBILITY, EVALUATIONS, STATEMENTS, CASE_STUDIES)
# Lists that officers type themselves. Published files have hundreds of columns that no study needs.
_OFFICERS_LISTS = (*_ABOUT_PROGRAMMES, EVALUATION_QUESTIONS, REVIEWS, CASE_STUDY_SUPPORT)
_DATED = {
    ENROLMENTS: "start_date",
    ELIGIBILITY: "judged_on",
    REVIEWS: "review_date",
    EVALUATIONS: "submitted_on",
    STATEMENTS: "given_on",
}

# Not applied to inspections, reviews and the census, which cover schools of other authorities too.
RELATIONS: tuple[Relation, ...] = (
    *(
        Relation(SCHOOL_IS_REGISTERED, table, "urn")
        for table in (*_ABOUT_PROGRAMMES, KS2_PUPILS, KS4_PUPILS)
    ),
    *(Relation(PROGRAMME_IS_IN_PROTOCOL, table, "programme") for table in _ABOUT_PROGRAMMES),
    *(Relation(PUPIL_IS_OF_THE_AUTHORITY, table, "laestab") for table in (KS2_PUPILS, KS4_PUPILS)),
    Relation(FILE_HOLDS_THE_AUTHORITY, SCHOOL_REGISTER, "la_code"),
    Relation(FILE_HOLDS_THE_AUTHORITY, PUBLISHED_OUTCOME, "laestab", file_heading="LEA"),
    Relation(SCHOOL_TYPE_IS_KNOWN, SCHOOL_REGISTER, "school_type"),
    Relation(TYPE_GROUP_IS_KNOWN, SCHOOL_REGISTER, "type_group"),
    Relation(SCHOOL_TYPE_IS_KNOWN, PUBLISHED_OUTCOME, "school_type", file_heading="NFTYPE"),
    Relation(REGISTERED_TYPE_IS_GIVEN, SCHOOL_REGISTER, "school_type"),
    Relation(PUBLISHED_TYPE_IS_GIVEN, SCHOOL_REGISTER, "school_type", file_heading="NFTYPE"),
    Relation(LISTED_AUTHORITY_IS_IN_A_FILE, LA_CONTEXT, "la_code"),
    Relation(SCHOOL_HAS_ONE_ROW, PUBLISHED_OUTCOME, "urn"),
    Relation(PROGRAMME_HAS_EXPECTED_SCHOOLS, ENROLMENTS, "programme"),
    *(Relation(DATE_IS_IN_STUDY, table, column) for table, column in _DATED.items()),
    *(
        Relation(DATE_IS_AFTER_PROGRAMME_START, table, _DATED[table])
        for table in (ENROLMENTS, EVALUATIONS, STATEMENTS)
    ),
    Relation(COHORT_IS_PLAUSIBLE, PUBLISHED_OUTCOME, "n_pupils"),
    *(Relation(EVERY_COLUMN_IS_READ, table, table.key[-1]) for table in _OFFICERS_LISTS),
    *(
        Relation(UNUSED_VALUE_IS_READABLE, table, table.key[-1])
        for table in (
            KS2_PUPILS,
            KS4_PUPILS,
            PUBLISHED_OUTCOME,
            LA_CONTEXT,
            SCHOOL_CENSUS,
            STATEMENTS,
        )
    ),
    Relation(PERCENTAGES_FIT_COUNTS, PUBLISHED_OUTCOME, "value"),
    Relation(VALUE_IS_ON_SCALE, PUBLISHED_OUTCOME, "value"),
    Relation(SCHOOLS_SUM_TO_AUTHORITY, PUBLISHED_OUTCOME, "n_pupils"),
    *(
        Relation(FILE_IS_AS_LONG_AS_LAST_YEAR, table, column)
        for table, column in (
            (KS2_PUPILS, "laestab"),
            (KS4_PUPILS, "laestab"),
            (PUBLISHED_OUTCOME, "laestab"),
            (SCHOOL_CENSUS, "urn"),
        )
    ),
    Relation(FIGURES_HAVE_THEIR_PUPILS, PUBLISHED_OUTCOME, "value"),
    Relation(FIGURES_ARE_OF_THEIR_OWN_YEAR, PUBLISHED_OUTCOME, "value"),
    Relation(CENSUS_IS_OF_ITS_OWN_YEAR, SCHOOL_CENSUS, "n_pupils_on_roll"),
    Relation(ENROLLED_SCHOOLS_ARE_IN_THE_FILE, ENROLMENTS, "urn"),
    Relation(PROGRAMMES_ARE_OF_THE_AUTHORITY, ENROLMENTS, "urn"),
    Relation(ENROLLED_SCHOOL_IS_OF_THE_AUTHORITY, ENROLMENTS, "urn"),
    # The relations above already check a case study's own programme and school.
    Relation(SUPPORT_HAS_CASE_STUDY, CASE_STUDY_SUPPORT, "urn"),
    Relation(ENDS_AFTER_IT_BEGINS, CASE_STUDY_SUPPORT, "until_date"),
    Relation(ENDS_AFTER_IT_BEGINS, ENROLMENTS, "end_date"),
)


def count_broken(con: duckdb.DuckDBPyConnection, relation: Relation) -> int:
    """Number of rows that break a relation. Raises StudyError if it needs pupil rows that were deleted."""
    require_pupils(con, relation.select)
    return row_count(con, f"({relation.select})")


def faults_of_relation(con: duckdb.DuckDBPyConnection, relation: Relation) -> Iterator[Fault]:
    """The faults for a broken relation, in file order."""
    cursor = con.execute(f"SELECT * FROM ({relation.select}) ORDER BY source_id, row_number, found")
    names = [name for name, *_ in cursor.description or ()]
    for values in cursor.fetchall():
        place = dict(zip(names, values, strict=True))
        yield Fault(
            file=place["source_id"],
            row=place["row_number"],
            column=place.get("heading", relation.heading),
            problem=relation.rule.problem,
            found=str(place["found"]),
            expected=place.get("expected", relation.rule.expected),
            remedy=relation.rule.remedy,
        )
