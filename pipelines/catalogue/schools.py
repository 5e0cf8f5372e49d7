"""Raw tables of published facts about schools (register, links, census, inspections), and corrections."""

from __future__ import annotations

from pipelines.catalogue.columns import (
    KNOWN_URN,
    PLACE,
    YEAR,
    text,
)
from pipelines.catalogue.table import Column, Table


def _age(name: str, about: str, *headers: str) -> Column:
    no_age = ("NOT APPLICABLE", "N/A", "-")
    return Column(name, "integer", about, headers=headers, blanks=no_age, is_required=False)


SCHOOL_REGISTER = Table(
    "raw",
    "school_register",
    grain="a school as registered (one URN), open or closed",
    key=("urn",),
    source_kinds=("school_register",),
    set_asides=(
        (
            # Children's centres have five-digit URNs; in a school's row five digits are a typing error.
            "urn < 100000 AND regexp_matches(lower(concat_ws(' ', school_type, type_group)), "
            "'child.*centre|^0*4[78]( |$)')",
            "a children's centre, not a school",
        ),
        (
            "urn BETWEEN 20000 AND 29999 AND school_type IS NULL AND type_group IS NULL",
            "a children's centre, not a school",
        ),
    ),
    columns=(
        *PLACE,
        KNOWN_URN,
        Column(
            "la_code",
            "integer",
            "Authority; 0 if the school is in none",
            headers=("LA (code)", "LA"),
            low=0,
            high=999,
            is_nullable=False,
        ),
        Column(
            "establishment_number",
            "integer",
            "Number within the authority",
            headers=("EstablishmentNumber", "ESTAB"),
            low=1000,
            high=9999,
        ),
        Column(
            "school_name",
            "text",
            "Name",
            headers=("EstablishmentName", "SCHNAME"),
            is_nullable=False,
        ),
        Column(
            "school_type",
            "text",
            "Type of establishment",
            headers=("TypeOfEstablishment (name)", "NFTYPE", "TypeOfEstablishment (code)"),
        ),
        Column(
            "type_group",
            "text",
            "Academy, maintained, special …",
            headers=("EstablishmentTypeGroup (name)", "MINORGROUP"),
        ),
        Column(
            "phase",
            "text",
            "Phase of education",
            headers=("PhaseOfEducation (name)",),
            is_required=False,
        ),
        # No bounds: the publisher also writes 0, 28 and 99, and only ages 10 to 16 are used.
        _age("low_age", "Youngest age taught", "StatutoryLowAge", "AGEL"),
        _age("high_age", "Oldest age taught", "StatutoryHighAge", "AGEH"),
        Column("open_date", "date", "Opened", headers=("OpenDate",)),
        Column("close_date", "date", "Closed", headers=("CloseDate",)),
    ),
)

SCHOOL_LINKS = Table(
    "raw",
    "school_links",
    grain="a link between a school and its predecessor or successor, as one of them records it",
    key=("urn", "link_urn", "link_type"),
    source_kinds=("school_links",),
    set_asides=(
        (
            "urn BETWEEN 20000 AND 29999 OR link_urn BETWEEN 20000 AND 29999",
            "a link of a children's centre, not a school",
        ),
    ),
    columns=(
        *PLACE,
        KNOWN_URN,
        Column(
            "link_urn",
            "integer",
            "The other school",
            headers=("LinkURN",),
            low=100000,
            high=999999,
            is_nullable=False,
        ),
        Column(
            "link_type",
            "text",
            "Predecessor, Successor - merged …",
            headers=("LinkType",),
            is_nullable=False,
        ),
        Column("link_date", "date", "Start date; often blank", headers=("LinkEstablishedDate",)),
    ),
)

SCHOOL_CORRECTIONS = Table(
    "raw",
    "school_corrections",
    grain="an analyst's decision about which school a URN belongs to",
    key=("urn",),
    source_kinds=("school_corrections",),
    columns=(
        *PLACE,
        KNOWN_URN,
        text(
            "school_urn",
            "The URN it is the same school as, or separate if it is a school of its own",
        ),
        text("reason", "Why"),
        text("decided_by", "Who decided"),
        Column("decided_on", "date", "When", is_nullable=False),
    ),
)

# Twice the size of the largest school in England.
_MOST_PUPILS_ON_ROLL = 10_000
# Codes of the Department's tables for a count that does not apply or is suppressed.
_NOT_COUNTED = ("NA", "NP", "SUPP")

# Codes that replace the school's number in rows of totals.
_TOTALS = ("LA", "NAT", "REG", "NATIONAL", "REGIONAL", "ENGLAND", "TOTAL")


def _census_count(
    name: str, about: str, header: str, *, used_for: tuple[str, ...] | None = None
) -> Column:
    """A count that may contain halves: a pupil at two schools counts half at each."""
    return Column(
        name,
        "number",
        about,
        headers=(header,),
        low=0,
        high=_MOST_PUPILS_ON_ROLL,
        blanks=_NOT_COUNTED,
        counts_halves=True,
        unit="pupils",
        used_for=used_for,
    )


SCHOOL_CENSUS = Table(
    "raw",
    "school_census",
    grain="a school (one URN) in a January school census",
    key=("academic_year", "urn"),
    source_kinds=("school_census",),
    set_asides=(
        (
            f"upper(text_of_urn) IN ({', '.join(repr(word) for word in _TOTALS)})",
            "a total of an authority or the nation, not a school",
        ),
    ),
    columns=(
        *PLACE,
        YEAR,
        KNOWN_URN,
        # Not needed: the register gives each school's authority.
        Column("la_code", "integer", "Authority", headers=("LA",), low=200, high=999, used_for=()),
        _census_count("n_pupils_on_roll", "Pupils on roll", "NOR"),
        _census_count(
            "n_sen_support_pupils", "Those on SEN support", "TSENELK", used_for=("sen_support",)
        ),
        _census_count(
            "n_ehc_plan_pupils",
            "Those with a statement or EHC plan",
            "TSENELSE",
            used_for=("ehc_plan",),
        ),
        _census_count(
            "n_fsm6_pupils",
            "Those eligible for free school meals at any time in the last six years",
            "NUMFSMEVER",
            used_for=("disadvantaged",),
        ),
    ),
)

# Ofsted's grades in words, under this and earlier frameworks, and its codes for no grade.
_GRADES = (
    ("OUTSTANDING", "1"),
    ("GOOD", "2"),
    ("REQUIRES IMPROVEMENT", "3"),
    ("RI", "3"),
    ("SATISFACTORY", "3"),
    ("INADEQUATE", "4"),
    ("SERIOUS WEAKNESSES", "4"),
    ("SPECIAL MEASURES", "4"),
)
_NOT_JUDGED = ("9", "NOT JUDGED", "NO JUDGEMENT", "NOT APPLICABLE", "N/A", "-", "UNKNOWN")

INSPECTIONS = Table(
    "raw",
    "inspections",
    grain="an inspection of a school",
    key=("urn", "inspection_date"),
    source_kinds=("inspections",),
    set_asides=(
        # Ofsted's management information also lists schools not inspected, and children's centres.
        (
            "inspection_date IS NULL AND overall_effectiveness IS NULL AND len(unreadable) = 0",
            "no inspection",
        ),
        ("urn BETWEEN 20000 AND 29999", "a children's centre, not a school"),
    ),
    columns=(
        *PLACE,
        KNOWN_URN,
        Column("inspection_date", "date", "When", is_nullable=False),
        Column(
            "overall_effectiveness",
            "integer",
            "1 outstanding to 4 inadequate; blank if not judged",
            synonyms=_GRADES,
            low=1,
            high=4,
            blanks=_NOT_JUDGED,
        ),
    ),
)
