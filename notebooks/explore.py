# %% [markdown]
# # Exploring a finished run
#
# Everything here has passed disclosure control: it is what the charts and the board's page are made
# from. The file is opened read-only, so nothing you try can change it.
#
# Run `make evaluate` first. For another study, change `STUDY`, or `make notebook STUDY=data_raw/<name>`.

# %%
import duckdb
import pandas as pd
from IPython.display import Image

from pipelines.catalogue import RELEASED_TABLES
from pipelines.charts import gallery
from pipelines.released.reading import read_tables
from pipelines.study.paths import DATA_MARTS

pd.set_option("display.max_colwidth", None, "display.max_rows", 200)
STUDY = "example"
RELEASED = DATA_MARTS / STUDY / "current" / "released.duckdb"

# %%
con = duckdb.connect(str(RELEASED), read_only=True)


def ask(sql: str) -> pd.DataFrame:
    """The answer to a question in SQL, as a table."""
    return con.execute(sql).df()


# %% [markdown]
# ## What is here
#
# One line a table: what a row is, and how many there are. Columns, units and meanings are in
# `pipelines/catalogue/`.

# %%
for table in RELEASED_TABLES:
    n_rows = con.execute(f"SELECT count(*) FROM released.{table.name}").fetchone()[0]
    print(f"{table.name:22} {n_rows:5} rows   a row is {table.grain}")

# %%
ask("FROM released.study").T

# %% [markdown]
# ## The headline
#
# Two ways of comparing give `estimate_low` and `estimate_high`. One is right if schools were chosen on
# earlier results, the other if for lasting quality; with chance allowed for, the truth then lies anywhere
# from `ci_low` to `ci_high`. Shares are 0 to 1, so 0.05 is five percentage points. A verdict is given only
# where both ways agree. No numbers mean that there is no estimate, and the reason says why.

# %%
ask("""
    SELECT programme, pupil_group, measure, release_status, unit,
        round(estimate_low, 3) AS estimate_low, round(estimate_high, 3) AS estimate_high,
        round(ci_low, 3) AS ci_low, round(ci_high, 3) AS ci_high,
        n_programme_schools, n_comparison_schools, verdict, verdict_reason
    FROM released.impact
    WHERE role = 'headline'
    ORDER BY programme, measure
""")

# %% [markdown]
# ## Why not simply compare with last year?
#
# Schools are chosen because last year was weak, and a weak year tends to be followed by a better one
# without any help. `naive` is that comparison; set it beside the headline.

# %%
ask("""
    SELECT headline.programme, headline.measure, headline.unit,
        round(naive.estimate_low, 3) AS change_since_last_year,
        round(headline.estimate_low, 3) AS headline_low,
        round(headline.estimate_high, 3) AS headline_high
    FROM released.impact AS headline
    JOIN released.impact AS naive USING (programme, pupil_group, measure, academic_year)
    WHERE headline.role = 'headline' AND naive.role = 'naive' AND headline.figure_status = 'shown'
    ORDER BY headline.programme, headline.measure
""")

# %% [markdown]
# ## Both sides, year by year
#
# What the target pupils got, in the programme's schools and in all the others. The difference between
# the two sides is not the effect: the schools were not alike to begin with.

# %%
ask("""
    SELECT comparison.programme, label, comparison.pupil_group, academic_year, release_status, arm,
        n_schools, n_pupils, round(mean, 3) AS mean, comparison.unit
    FROM released.comparison AS comparison
    JOIN released.measure AS measure USING (programme, measure)
    WHERE is_primary AND arm IN ('programme', 'rest') AND figure_status = 'shown'
    ORDER BY comparison.programme, measure.key_stage, comparison.pupil_group, academic_year, arm
""")

# %% [markdown]
# ## What is not here, and why
#
# Withheld is not zero: figures that rest on too few pupils, ranges of too few schools, results that are not
# out yet, and schools without results that could be compared.

# %%
ask("""
    SELECT programme, arm, pupil_group, measure, academic_year
    FROM released.comparison
    WHERE figure_status = 'suppressed'
    ORDER BY ALL
""")

# %%
ask("FROM released.not_yet_published ORDER BY ALL")

# %%
ask("FROM released.school_count ORDER BY programme, key_stage, n_schools DESC")

# %% [markdown]
# ## The claims the board wanted checked

# %%
ask("SELECT claim, unit, numerator, denominator, result, exceptions FROM released.claims")

# %% [markdown]
# ## One chart, redrawn
#
# Charts read these same tables, so a chart drawn here is the published one.

# %%
chart = gallery.draw("headline_effects", read_tables(con))[0]
print(chart.caption)
Image(chart.png, alt=chart.alt_text, width=600)

# %% [markdown]
# Now your own question:

# %%
ask("""
    SELECT publisher, kind, academic_year, release_status, n_rows_in, n_rows_set_aside
    FROM released.source
    ORDER BY ALL
""")

# %%
con.close()
