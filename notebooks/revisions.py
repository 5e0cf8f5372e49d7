import marimo

app = marimo.App(width="medium", app_title="How answers moved")

with app.setup:
    import marimo as mo
    import matplotlib.pyplot as plt

    import pipelines
    from pipelines.released.wording import UNIT_LABELS


@app.cell(hide_code=True)
def _():
    mo.md("""
    # How answers moved between releases

    Results come out several times: what schools sent in, then provisional, revised and final tables. An
    appeal, a late result or a school that joined another moves them. This page shows how far: what a board
    was told in autumn may read otherwise in spring. All of it has passed disclosure control.
    """)


@app.cell
def _():
    STUDY = "data_raw/example"
    study = pipelines.open_study(STUDY)
    return (study,)


@app.cell(hide_code=True)
def _():
    mo.md("""
    ## The releases on file
    """)


@app.cell
def _(study):
    releases = study.sql("""
        SELECT kind, academic_year, release_status, is_used, publisher, file
        FROM released.source
        WHERE release_status IS NOT NULL
        ORDER BY ALL
    """)
    releases
    return (releases,)


@app.cell
def _(study):
    moved = study.sql("""
        SELECT coalesce(title, 'All schools of the authority') AS title, label, revisions.pupil_group,
            level, academic_year, from_status, to_status, n_pupils_before, n_pupils_after, before, after,
            difference, revisions.unit, is_rounding, verdict_before, verdict_after, figure_status
        FROM released.revisions AS revisions
        LEFT JOIN released.programme AS programme USING (programme)
        LEFT JOIN (SELECT DISTINCT measure, label FROM released.measure) AS measure USING (measure)
        ORDER BY ALL
    """)
    changed = study.sql("""
        SELECT programme.title, measure, pupil_group, compared_with, published_on, from_status, to_status,
            verdict_before, verdict_after, is_changed, reason
        FROM released.verdict_change
        JOIN released.programme AS programme USING (programme)
        ORDER BY ALL
    """)
    return changed, moved


@app.cell(hide_code=True)
def _(changed, moved, releases):
    _years = releases.dropna(subset="academic_year").groupby(["kind", "academic_year"])
    _n_twice = int((_years["release_status"].nunique() > 1).sum())
    if moved.empty and changed.empty:
        said = (
            "**Nothing to compare yet.** This study has one release of each year, and none of its runs has "
            "been recorded as published (`make release`). When the next tables come out, name them in "
            "`study.toml` beside the old ones, and this page fills."
        )
    else:
        _shown = moved[moved["figure_status"] == "shown"]
        said = (
            f"{_n_twice} of the years on file came out more than once. {len(_shown)} averages can be shown "
            f"in two releases; {int(_shown['is_rounding'].sum())} of them differ by no more than rounding. "
            f"{int(changed['is_changed'].sum())} of {len(changed)} verdicts changed."
        )
    mo.md(said)
    return (said,)


@app.cell(hide_code=True)
def _():
    mo.md("""
    ## How far averages moved

    From the earlier release (hollow) to the later one (filled).
    """)


@app.cell(hide_code=True)
def _(moved):
    def before_and_after(unit):
        rows = moved[(moved["figure_status"] == "shown") & (moved["unit"] == unit)]
        if rows.empty:
            return None
        factor = 100 if unit == "share" else 1
        figure, axes = plt.subplots(figsize=(7, 0.6 + 0.4 * len(rows)), layout="constrained")
        for place, row in enumerate(rows.itertuples()):
            ends = [row.before * factor, row.after * factor]
            axes.plot(ends, [place, place], color="#12436d", lw=2)
            axes.plot(ends[0], place, "o", markerfacecolor="white", color="#12436d")
            axes.plot(ends[1], place, "o", color="#12436d")
        names = [f"{row.title}, {row.label}, {row.level}" for row in rows.itertuples()]
        axes.set_yticks(range(len(names)), names)
        axes.invert_yaxis()
        axes.set_xlabel(UNIT_LABELS[unit])
        axes.spines[["top", "right"]].set_visible(False)
        plt.close(figure)
        return figure

    drawn = [picture for unit in UNIT_LABELS if (picture := before_and_after(unit))]
    mo.vstack(drawn) if drawn else mo.md("No average can be shown in two releases.")
    return (drawn,)


@app.cell
def _(moved):
    moved.round(3)


@app.cell(hide_code=True)
def _():
    mo.md("""
    ## How verdicts moved

    `compared_with` says what today's verdict stands beside: an earlier release of the same results, or
    what a person published on a day.
    """)


@app.cell
def _(changed):
    changed


if __name__ == "__main__":
    app.run()
