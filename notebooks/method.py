import marimo

app = marimo.App(width="medium", app_title="Why the plain change misleads")

with app.setup:
    from dataclasses import dataclass

    import marimo as mo
    import matplotlib.pyplot as plt
    import numpy as np
    import pandas as pd

    from pipelines.impact.calibration import Comparison, like, read_table
    from pipelines.impact.evaluate import ProgrammeQuestion, evaluate_measure
    from pipelines.impact.panel import school_panel
    from pipelines.study.paths import PROJECT


@app.cell(hide_code=True)
def _():
    mo.md("""
    # Why the plain change misleads

    A programme takes weak schools. A year later their results are better. Was it the programme?

    Here nobody's results are real, so the truth is known: **you set the effect**. Move the settings, and see
    what each way of comparing says. The four ways are the engine's own, on drawn schools.
    """)


@app.cell(hide_code=True)
def _():
    WAYS = {
        "at random": "random",
        "last year’s result": "last_year",
        "the mean of earlier years": "baseline_mean",
        "lasting quality": "lasting_quality",
        "knowledge of the coming pupils": "coming_cohort",
        "a decline that goes on": "true_decline",
    }
    way = mo.ui.dropdown(WAYS, value="last year’s result", label="Schools were picked on")
    n_members = mo.ui.slider(
        5, 30, value=18, label="of 60 schools, in the programme", show_value=True, debounce=True
    )
    mean_pupils = mo.ui.slider(
        5, 40, step=5, value=10, label="target pupils a school", show_value=True, debounce=True
    )
    effect = mo.ui.slider(
        0,
        0.6,
        step=0.1,
        value=0.0,
        label="true effect, in SDs of pupils",
        show_value=True,
        debounce=True,
    )
    again = mo.ui.button(value=0, on_click=lambda n: n + 1, label="Draw other schools")
    mo.vstack([way, n_members, mean_pupils, effect, again])
    return WAYS, again, effect, mean_pupils, n_members, way


@app.cell(hide_code=True)
def _():
    mo.md("""
    ## What each way of comparing says

    The thin line is what chance allows, 19 times in 20. Where the line misses the dashed one, which is the
    truth, the way of comparing is wrong about it.
    """)


@app.cell(hide_code=True)
def _(SHOWN, effect, said):
    _naive, _headline = said["change_since_last_year"], said["bracket"]
    if _naive.ci_low is None or _headline.ci_low is None:
        told = "There is no estimate: too few schools."
    else:
        _claims = _naive.ci_low > 0 or _naive.ci_high < 0
        told = (
            f"The truth is **{effect.value:.1f}**. The change since last year says "
            f"**{_naive.estimate_low:+.2f}**, and {'claims' if _claims else 'does not claim'} an effect. "
            f"The headline says **{_headline.ci_low:+.2f} to {_headline.ci_high:+.2f}**: "
            f"{_headline.verdict.replace('_', ' ')}."
        ).replace("-", "−")
    assert set(said) >= set(SHOWN)
    mo.md(told)
    return (told,)


@app.cell(hide_code=True)
def _(effect, said):
    SHOWN = {
        "change_since_last_year": "Change since last year (naive)",
        "change_from_baseline_mean": "Change from the mean of earlier years",
        "ancova": "Same earlier results (ANCOVA)",
        "bracket": "Headline: the two above together",
    }

    def ways_compared():
        figure, axes = plt.subplots(figsize=(7, 2.6), layout="constrained")
        for place, name in enumerate(reversed(SHOWN)):
            row = said[name]
            if row.ci_low is None:
                axes.annotate(row.reason or "no estimate", (0, place), va="center")
                continue
            colour = {"change_since_last_year": "#c13d3d", "bracket": "#12436d"}.get(
                name, "#7a7a7a"
            )
            axes.plot([row.ci_low, row.ci_high], [place, place], color=colour, lw=1.5)
            axes.plot(
                [row.estimate_low, row.estimate_high],
                [place, place],
                color=colour,
                lw=6,
                marker="o",
            )
        axes.axvline(effect.value, color="black", ls="--", lw=1)
        axes.set_yticks(range(len(SHOWN)), list(reversed(SHOWN.values())))
        axes.set_xlabel("effect, SDs (dashed: the truth)")
        axes.spines[["top", "right"]].set_visible(False)
        plt.close(figure)
        return figure

    ways_compared()
    return (SHOWN,)


@app.cell(hide_code=True)
def _():
    mo.md("""
    ## What happened to the schools
    """)


@app.cell(hide_code=True)
def _(YEARS, drawn_mean, is_member, schools):
    def side_by_side():
        figure, axes = plt.subplots(figsize=(7, 3), layout="constrained")
        for member, colour, label in ((True, "#12436d", "programme"), (False, "#a8a8a8", "others")):
            chosen_ones = is_member == member
            line = np.average(
                drawn_mean[chosen_ones], axis=0, weights=schools.n_pupils[chosen_ones]
            )
            axes.plot(YEARS, line, color=colour, marker="o")
            axes.annotate(
                label, (2, line[-1]), xytext=(8, 0), textcoords="offset points", color=colour
            )
        axes.set_ylabel("average result, SDs")
        axes.spines[["top", "right"]].set_visible(False)
        axes.margins(x=0.15)
        plt.close(figure)
        return figure

    side_by_side()


@app.cell(hide_code=True)
def _():
    mo.md("""
    ## Not this draw alone

    One draw may be luck. 200 draws with the settings above: how often does each way claim an effect (its line
    leaves out zero)? With no true effect, 5 in 100 is what a way of comparing should have.
    """)


@app.cell(hide_code=True)
def _(SHOWN, answers, chosen, draw, effect, mean_pupils, n_members, results, way):
    N_DRAWS = 200

    def claims_of(seed):
        drawn = draw(seed, mean_pupils.value)
        members = chosen(drawn, way.value, n_members.value, seed)
        rows = answers(drawn, members, results(drawn, members, way.value, effect.value))
        return {
            label: None
            if rows[name].ci_low is None
            else rows[name].ci_low > 0 or rows[name].ci_high < 0
            for name, label in SHOWN.items()
        }

    claims = pd.DataFrame([claims_of(1000 + number) for number in range(N_DRAWS)])
    claimed = (claims.mean() * 100).rename("claims an effect, in 100").to_frame().round(0)
    claimed
    return claimed, claims


@app.cell(hide_code=True)
def _():
    mo.md("""
    ## The same with more draws

    `make calibrate` does it for many settings, and the committed table is what the documents quote: 18 of 60
    schools, about 10 target pupils a school, and no effect. `n_draws` says how many; `false_verdict_share`
    is the headline's.
    """)


@app.cell(hide_code=True)
def _():
    calibrated = like(read_table(), Comparison()).query(
        "n_members == 18 and n_schools == 60 and mean_pupils == 10 and effect == 0"
    )
    calibrated[
        [
            "selection",
            "n_draws",
            "naive_rejects_share",
            "change_rejects_share",
            "ancova_rejects_share",
            "false_verdict_share",
        ]
    ].reset_index(drop=True)
    return (calibrated,)


@app.cell(hide_code=True)
def _():
    mo.md("""
    ## And on real results

    No programme existed in these: 18 Hampshire schools were drawn 2,000 times and called a programme. Each
    share is how often a way of comparing claims an effect all the same.
    """)


@app.cell(hide_code=True)
def _():
    placebos = pd.read_csv(PROJECT / "tests" / "real" / "placebos.csv")
    placebos[["drawn_from", "naive_claims", "change_claims", "ancova_claims", "bracket_claims"]]
    return (placebos,)


@app.cell(hide_code=True)
def _():
    mo.md("""
    ## How schools are drawn

    A school's result in a year is its lasting quality, something that passes, and the luck of its few pupils.
    Luck and passing things are gone next year: whoever was picked on them recovers unaided. The code of the
    other cells is folded: a click on the dots beside one unfolds it.
    """)


@app.cell
def _():
    N_SCHOOLS, YEARS = 60, ("2015-16", "2016-17", "2017-18")
    # SDs, where all pupils together have 1: between schools for good, and between a school's years.
    LASTING, PASSING, SLOPE = 0.25, 0.12, 0.05
    WITHIN = (1 - LASTING**2 - PASSING**2) ** 0.5

    @dataclass(frozen=True)
    class Schools:
        lasting: np.ndarray
        slope: np.ndarray
        known: np.ndarray  # what somebody may know of the coming pupils beforehand
        mean: np.ndarray  # schools by years
        n_pupils: np.ndarray

    def draw(seed, mean_pupils):
        rng = np.random.default_rng((2018, seed, mean_pupils))
        shape = (N_SCHOOLS, len(YEARS))
        size = mean_pupils * rng.gamma(0.4**-2, 0.4**2, N_SCHOOLS)
        n_pupils = np.maximum(rng.poisson(size[:, None], shape), 1)
        lasting = rng.normal(0, LASTING, N_SCHOOLS)
        slope = rng.normal(0, SLOPE, N_SCHOOLS)
        passing = rng.normal(0, PASSING, shape)
        half_luck = rng.normal(0, WITHIN / np.sqrt(2), (2, *shape)) / np.sqrt(n_pupils)
        mean = lasting[:, None] + passing + half_luck.sum(axis=0)
        return Schools(
            lasting, slope, lasting + passing[:, -1] + half_luck[0][:, -1], mean, n_pupils
        )

    return N_SCHOOLS, Schools, WITHIN, YEARS, draw


@app.cell
def _(N_SCHOOLS, WITHIN, YEARS):
    def chosen(schools, way, n_members, seed):
        rng = np.random.default_rng((2019, seed))
        criterion = {
            "random": rng.normal(size=N_SCHOOLS),
            "last_year": schools.mean[:, -2],
            "baseline_mean": schools.mean[:, :-1].mean(axis=1),
            "lasting_quality": schools.lasting,
            "coming_cohort": schools.known,
            "true_decline": schools.slope,
        }[way]
        # Nobody picks by one figure alone.
        score = criterion + 0.75 * criterion.std() * rng.normal(size=N_SCHOOLS)
        return np.isin(np.arange(N_SCHOOLS), np.argsort(score)[:n_members])

    def results(schools, is_member, way, effect):
        mean = schools.mean + effect * np.outer(is_member, [0, 0, 1])
        if way == "true_decline":
            mean = mean + np.outer(schools.slope, [-1, 0, 1])
        return mean

    def answers(schools, is_member, mean):
        panel = school_panel(
            measure="ks2_reading_progress",
            pupil_group="sen_support",
            unit="points",
            programmes=("drawn",),
            baseline_years=YEARS[:-1],
            outcome_years=YEARS[-1:],
            school_ids=np.arange(N_SCHOOLS),
            exposure=is_member[:, None].astype(float),
            mean=mean,
            n_pupils=schools.n_pupils.astype(float),
            variance=np.full(mean.shape, WITHIN**2),
            rounding_half_width=np.zeros(mean.shape),
        )
        question = ProgrammeQuestion("drawn", "sen_support", is_primary=True, smallest_effect=0.1)
        return {
            row.estimator: row for row in evaluate_measure(panel, [question], release_status=None)
        }

    return answers, chosen, results


@app.cell(hide_code=True)
def _(again, answers, chosen, draw, effect, mean_pupils, n_members, results, way):
    schools = draw(again.value, mean_pupils.value)
    is_member = chosen(schools, way.value, n_members.value, again.value)
    drawn_mean = results(schools, is_member, way.value, effect.value)
    said = answers(schools, is_member, drawn_mean)
    return drawn_mean, is_member, said, schools


if __name__ == "__main__":
    app.run()
