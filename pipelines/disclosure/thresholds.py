"""The thresholds of disclosure control; `README.md` in this folder gives the reasons.

The fewest pupils behind a figure, `minimum_cell`, is set in each study's protocol.
"""

from __future__ import annotations

from pipelines.catalogue.vocabulary import WithheldReason

# With two schools, each can subtract its own result and read the other's.
FEWEST_SCHOOLS = 3
# Schools that published tables leave out, in a total or outside it, must number at least this many. For
# three or four, each could have one pupil, or the most that stay unpublished, and the remainder would then
# reveal it.
FEWEST_SCHOOLS_UNPUBLISHED = 5
# With fewer schools on a side, an estimate or average reveals too much about each.
FEWEST_SCHOOLS_OF_ESTIMATE = 10
# A single school's result is shown only for at least this many pupils.
FEWEST_PUPILS_OF_SCHOOL = 10
# Intraclass correlation of pupils: the share of variance between schools. Hedges and Hedberg 2007,
# Educational Evaluation and Policy Analysis 29: 60, give 0.1 to 0.2 with and without prior attainment.
INTRACLASS_CORRELATION = 0.1

# The same as SQL macros (see `rules.sql`).
MACROS: dict[str, float] = {
    "fewest_schools": FEWEST_SCHOOLS,
    "fewest_schools_unpublished": FEWEST_SCHOOLS_UNPUBLISHED,
    "fewest_schools_of_estimate": FEWEST_SCHOOLS_OF_ESTIMATE,
    "fewest_pupils_of_school": FEWEST_PUPILS_OF_SCHOOL,
    "intraclass_correlation": INTRACLASS_CORRELATION,
}

# Printed instead of a withheld estimate.
WITHHELD_REASONS: dict[WithheldReason, str] = {
    "small_group": "withheld: too few pupils stand behind it, or behind an average it is made of",
    "few_schools": f"withheld: an estimate from fewer than {FEWEST_SCHOOLS_OF_ESTIMATE} schools on a side "
    "could tell what single pupils got",
}
