"""The numbers disclosure control decides by, each once. Why each is what it is: `README.md` beside this file.

`minimum_cell`, the fewest pupils a figure may rest on, is the study's own and stands in its protocol.
"""

from __future__ import annotations

from pipelines.catalogue.vocabulary import WithheldReason

# Of two schools each can take itself off and read the other; of three none can.
FEWEST_SCHOOLS = 3
# What published tables leave of a total is of no fewer schools: of three or four, each may have one pupil, or
# the most that are not published, and that the sum would tell.
FEWEST_SCHOOLS_UNPUBLISHED = 5
# An estimate, or an average of schools, of fewer on a side says too much of each of them.
FEWEST_SCHOOLS_OF_ESTIMATE = 10
# What a single school got is shown of no fewer pupils.
FEWEST_PUPILS_OF_SCHOOL = 10
# How alike pupils of one school are (the intraclass correlation): a tenth of what they differ by is between
# schools. Hedges and Hedberg 2007, Educational Evaluation and Policy Analysis 29: 60, has 0.1 to 0.2 with
# and without earlier attainment.
SIMILARITY_WITHIN_SCHOOL = 0.1

# As SQL knows them (`rules.sql`).
MACROS: dict[str, float] = {
    "fewest_schools": FEWEST_SCHOOLS,
    "fewest_schools_unpublished": FEWEST_SCHOOLS_UNPUBLISHED,
    "fewest_schools_of_estimate": FEWEST_SCHOOLS_OF_ESTIMATE,
    "fewest_pupils_of_school": FEWEST_PUPILS_OF_SCHOOL,
    "similarity_within_school": SIMILARITY_WITHIN_SCHOOL,
}

# Why an estimate is withheld.
WITHHELD_REASONS: dict[WithheldReason, str] = {
    "small_group": "withheld: too few pupils stand behind it, or behind an average it is made of",
    "few_schools": f"withheld: an estimate from fewer than {FEWEST_SCHOOLS_OF_ESTIMATE} schools on a side "
    "could tell what single pupils got",
}
