from dataclasses import replace

import numpy as np
import pytest
import xarray as xr
from scipy.stats import multivariate_normal, norm

from simulate import (
    Breakoff,
    Contact,
    Cooperation,
    Fabrication,
    Interviewers,
    ItemNonresponse,
    Modes,
    NotApplicable,
    Population,
    RatingModel,
    Response,
    Snowball,
    Study,
    Styles,
)
from simulate.fieldwork import turns
from simulate.population import factor_values
from simulate.rating_model import lattice

FALSE_ALARM = 1e-6
LIMIT = norm.isf(FALSE_ALARM / 2)
REGIONS = ["AKM", "AKT"]


def study(response: Response, *, n: int = 200, items: int = 6, **correlations: float) -> Study:
    counts = xr.DataArray([50_000, 50_000], dims="region", coords={"region": REGIONS})
    pmf = xr.DataArray(
        [[0.1, 0.1, 0.2, 0.2, 0.4]] * items,
        dims=("item", "score"),
        coords={"item": [f"o{k:02d}" for k in range(items)]},
    )
    return Study(
        population=Population.from_pmf(counts, pmf, **correlations),
        plan=xr.DataArray([n, n], dims="region", coords={"region": REGIONS}),
        estimators={"mean": lambda s: {"estimate": s.ratings.mean(axis=(1, 2))}},
        response=response,
    )


def near(values: np.ndarray, expected: float) -> bool:
    """Whether the mean over independent replicates is what it should be."""
    means = values.reshape(len(values), -1).mean(axis=1)
    error = means.std(ddof=1) / np.sqrt(len(means))
    return bool(abs(means.mean() - expected) <= LIMIT * error + 1e-12)


def test_null_values_switch_everything_off():
    plain = study(Response()).draw(20, seed=1)
    nulls = Response(
        modes=Modes(("phone", "web"), (0.3, 0.7), (0.0, 0.0), (0.0, 0.0)),
        snowball=Snowball(0.0, 1.0, 0.5),
        interviewers=Interviewers(20),
        contact=Contact(1.0),
        cooperation=Cooperation(1.0, slope=2.0),
        not_applicable=NotApplicable(0.0),
        styles=Styles(0.0, 0.0),
        item_nonresponse=ItemNonresponse(0.0),
        breakoff=Breakoff(0.0),
        fabrication=Fabrication(0.0),
    )
    other = study(nulls).draw(20, seed=1)
    assert (plain.ratings == other.ratings).all()
    assert plain.responded is None
    assert other.responded is None
    assert (plain.respondents == 400).all()


NULLS = {
    "modes": Modes(("phone", "web"), (0.3, 0.7), (0.0, 0.0), (0.0, 0.0)),
    "snowball": Snowball(0.0, 1.0, 0.5),
    "interviewers": Interviewers(0),
    "contact": Contact(1.0),
    "cooperation": Cooperation(1.0, slope=2.0),
    "not_applicable": NotApplicable(0.0, group=(0, 0, 1, 1, 2, 2)),
    "styles": Styles(0.0, 0.0, points=3),
    "item_nonresponse": ItemNonresponse((0.0,) * 6),
    "breakoff": Breakoff(0.0),
    "fabrication": Fabrication(0.0, sensitivity=0.3),
}
BUSY = Response(
    modes=Modes(("phone", "web"), (0.5, 0.5), (0.0, -0.2), (2.0, 1.0)),
    snowball=Snowball(0.3, 0.5, 0.5),
    interviewers=Interviewers(9),
    contact=Contact(0.8),
    cooperation=Cooperation(0.7, 0.4),
    not_applicable=NotApplicable(0.2, group=(0, 0, 1, 1, 2, 2)),
    styles=Styles(0.1, 0.1),
    item_nonresponse=ItemNonresponse(0.1),
    breakoff=Breakoff(0.05),
    fabrication=Fabrication(0.2, 0.5, sensitivity=0.7),
)


@pytest.mark.parametrize("name", NULLS)
def test_each_null_value_switches_its_effect_off_to_the_bit(name):
    """In a busy fieldwork: the null object and the default draw the same, the effect itself does not."""
    base = replace(BUSY, fabrication=Fabrication()) if name == "interviewers" else BUSY
    default = type(getattr(BUSY, name))()
    null, off, on = (
        study(replace(base, **{name: value})).draw(4, seed=1)
        for value in (NULLS[name], default, getattr(BUSY, name))
    )
    assert (null.ratings == off.ratings).all()
    assert (null.responded == off.responded).all()
    if name == "interviewers":  # by themselves they move nothing: the model's correlation does
        assert (on.extra["interviewer"] >= 0).all()
    else:
        assert (on.ratings != off.ratings).any() or (on.responded != off.responded).any()


def test_switching_one_effect_on_leaves_the_draws_of_the_others():
    plain = study(Response(item_nonresponse=ItemNonresponse(0.2))).draw(5, seed=1)
    more = study(Response(item_nonresponse=ItemNonresponse(0.2), contact=Contact(0.5))).draw(5, seed=1)
    stayed = more.responded
    assert (more.ratings[stayed] == plain.ratings[stayed]).all()
    assert (more.ratings[~stayed] == 0).all()


def test_contact_by_region_and_mode():
    chance = xr.DataArray(
        [[0.9, 0.5], [0.4, 0.2]],
        dims=("region", "mode"),
        coords={"region": REGIONS, "mode": ["phone", "web"]},
    )
    modes = Modes(("phone", "web"), (0.25, 0.75), (0.0, 0.0), (3.0, 1.0))
    survey = study(Response(modes=modes, contact=Contact(chance, cost=0.5))).draw(400, seed=2)
    region, mode = survey.codes("region"), survey.extra["mode"]
    assert near(mode == 1, 0.75)
    for r in range(2):
        for m in range(2):
            share = [survey.responded[k][(region == r) & (mode[k] == m)].mean() for k in range(400)]
            assert near(np.array(share)[:, None], float(chance[r, m]))
    paid = np.where(mode == 0, 3.0, 1.0) * survey.responded
    assert survey.cost == pytest.approx(paid.sum(axis=1) + 0.5 * 400)


def test_shares_of_modes_may_vary_by_region():
    shares = xr.DataArray(
        [[1.0, 0.0], [0.2, 0.8]],
        dims=("region", "mode"),
        coords={"region": REGIONS, "mode": ["phone", "web"]},
    )
    survey = study(Response(modes=Modes(("phone", "web"), shares, (0.0, 0.0), (0.0, 0.0)))).draw(300, seed=2)
    region = survey.codes("region")
    assert (survey.extra["mode"][:, region == 0] == 0).all()
    assert near(survey.extra["mode"][:, region == 1] == 1, 0.8)


def test_a_mode_shifts_the_latent():
    modes = Modes(("phone", "web"), (0.5, 0.5), (0.0, -0.3), (0.0, 0.0))
    world = study(Response(modes=modes))
    survey = world.draw(300, seed=3)
    fives = survey.ratings == 5
    web = survey.extra["mode"] == 1
    assert near(np.array([f[~w].mean() for f, w in zip(fives, web, strict=True)])[:, None], 0.4)
    lower = float(norm.sf(norm.ppf(0.6) + 0.3))
    assert near(np.array([f[w].mean() for f, w in zip(fives, web, strict=True)])[:, None], lower)


@pytest.mark.parametrize(("name", "kind"), [("contact", Contact), ("cooperation", Cooperation)])
def test_who_takes_part_keeps_its_mean_and_prefers_the_satisfied(name, kind):
    world = study(Response(**{name: kind(0.4, slope=0.8)}), person=0.6)
    survey = world.draw(400, seed=4)
    assert near(survey.responded, 0.4)
    plain = study(Response(**{name: kind(0.4)}), person=0.6).draw(400, seed=4)
    of_those, ignorable = (
        np.array([r[s].mean() for r, s in zip(drawn.ratings, drawn.responded, strict=True)])
        for drawn in (survey, plain)
    )
    assert near(ignorable[:, None], 3.7)
    # By the law of the factor among those who take part.
    model = world.population.model
    node, weight = lattice(model.shares)
    chance = weight * norm.cdf(norm.ppf(0.4) * np.sqrt(1 + 0.8**2) + 0.8 * node)
    expected = chance @ (model.conditional(0)[:, 0] @ np.arange(1, 6)) / chance.sum()
    assert expected > 4.0
    assert near(of_those[:, None], expected)


def test_snowball_moves_the_factor_and_its_degrees_undo_it():
    effect = Response(snowball=Snowball(share=1.0, spread=0.7, correlation=0.6))
    world = study(effect, person=0.5)
    survey = world.draw(1500, seed=5)
    degree = survey.extra["degree"]
    # Sampling in proportion to a lognormal degree moves its logarithm by spread^2.
    assert near(np.log(degree), 0.7**2)
    naive = survey.ratings.mean(axis=(1, 2))
    assert not near(naive[:, None], 3.7)
    # The ratio estimator with weights 1 / degree has a bias of order 1 / n only.
    residual = ((survey.ratings.mean(axis=2) - 3.7) / degree).mean(axis=1)
    assert near(residual[:, None], 0.0)


def test_interviewers_have_at_most_their_workload_in_their_region():
    survey = study(Response(interviewers=Interviewers(30)), interviewer=0.1, person=0.3).draw(3, seed=1)
    who, region = survey.extra["interviewer"], survey.codes("region")
    assert np.bincount(who).max() <= 30
    assert all(np.unique(region[who == i]).size == 1 for i in np.unique(who))
    assert np.unique(who).size == 14  # 200 people a region, 7 interviewers of at most 30
    with pytest.raises(ValueError, match="interviewer must be given"):
        study(Response(), interviewer=0.1).draw(1, seed=1)


def test_no_effect_depends_on_the_other_replicates():
    """A plan by nothing finer than the country: who is where differs from replicate to replicate."""
    counts = xr.DataArray(
        [[50, 30, 20], [200, 40, 10]],
        dims=("region", "settlement"),
        coords={"region": REGIONS, "settlement": ["a", "b", "c"]},
    )
    pmf = study(Response()).population.model.pmf()[0]
    items = [f"o{k:02d}" for k in range(6)]
    people = Population.from_pmf(
        counts.expand_dims(country=["KZ"]),
        xr.DataArray(pmf, dims=("item", "score"), coords={"item": items}),
        person=0.3,
        settlement=0.1,
        interviewer=0.1,
    )
    world = Study(
        population=people,
        plan=xr.DataArray([90], dims="country", coords={"country": ["KZ"]}),
        response=BUSY,
        estimators={"mean": lambda s: {"estimate": s.ratings.mean(axis=(1, 2))}},
    )
    whole = world.draw(30, seed=3)
    for span in (range(5), range(5, 6), range(6, 30)):
        part = world.draw(span, seed=3)
        rows = slice(span.start, span.stop)
        assert (part.ratings == whole.ratings[rows]).all()
        assert (part.responded == whole.responded[rows]).all()
        assert (part.cost == whole.cost[rows]).all()
        assert (part.extra["interviewer"] == whole.extra["interviewer"][rows]).all()
        assert part.extra["degree"] == pytest.approx(whole.extra["degree"][rows])


def test_turns_count_within_groups():
    turn, count = turns(np.array([[1, 0, 1, 1], [2, 2, 0, 0]]))
    assert turn.tolist() == [[0, 0, 1, 2], [0, 1, 0, 1]]
    assert count.tolist() == [[3, 1, 3, 3], [2, 2, 2, 2]]


def test_items_of_a_group_do_not_apply_together():
    chance = (0.0, 0.0, 0.3, 0.99, 0.99, 0.99)
    effect = Response(not_applicable=NotApplicable(chance, group=(0, 1, 2, 9, 9, 9)))
    ratings = study(effect).draw(300, seed=6).ratings
    blank = ratings == -1
    assert not blank[..., :2].any()
    assert near(blank[..., 2], 0.3)
    assert near(blank[..., 3], 0.99)
    assert (blank[..., 3] == blank[..., 4]).all()
    assert (blank[..., 3] == blank[..., 5]).all()
    with pytest.raises(ValueError, match="group must have one label for each of 6 items, got 2"):
        study(Response(not_applicable=NotApplicable(0.5, group=(0, 1)))).draw(1, seed=1)
    with pytest.raises(ValueError, match="chance must be one number or one for each of 6 items, got 2"):
        study(Response(not_applicable=NotApplicable((0.5, 0.1)))).draw(1, seed=1)


def test_chances_by_item_may_vary_over_cells():
    chance = xr.DataArray(
        [[0.0] * 6, [0.0, 1.0, 0.3, 0.0, 0.0, 0.0]],
        dims=("region", "item"),
        coords={"region": REGIONS, "item": [f"o{k:02d}" for k in range(6)]},
    )
    both = Response(not_applicable=NotApplicable(chance), item_nonresponse=ItemNonresponse(chance))
    survey = study(both).draw(300, seed=6)
    region = survey.codes("region")
    assert (survey.ratings[:, region == 0] > 0).all()
    assert (survey.ratings[:, region == 1, 1] == -1).all()
    assert near(survey.ratings[:, region == 1, 2] == -1, 0.3)
    assert near(survey.ratings[:, region == 1, 2] == -2, 0.3 * 0.7)
    with pytest.raises(ValueError, match="chance must have a dim item with the labels"):
        study(Response(not_applicable=NotApplicable(chance.isel(item=[0, 1])))).draw(1, seed=1)


def test_straightliners_repeat_their_first_rating():
    plain = study(Response()).draw(200, seed=7).ratings
    ratings = study(Response(styles=Styles(straightlining=0.3))).draw(200, seed=7).ratings
    changed = (ratings != plain).any(axis=-1)
    assert (ratings[changed] == plain[changed][:, :1]).all()
    alike = (plain == plain[..., :1]).all(axis=-1).mean()
    assert (
        near((ratings == ratings[..., :1]).all(axis=-1), 0.3 + 0.7 * alike)
        or abs((ratings == ratings[..., :1]).all(axis=-1).mean() - (0.3 + 0.7 * alike)) < 0.01
    )


def test_acquiescence_adds_points_up_to_five():
    plain = study(Response()).draw(200, seed=7).ratings
    ratings = study(Response(styles=Styles(acquiescence=1.0, points=2))).draw(200, seed=7).ratings
    assert (ratings == np.minimum(plain + 2, 5)).all()


def test_item_nonresponse_by_item():
    chance = (0.0, 0.1, 0.5, 0.0, 0.0, 1.0)
    ratings = study(Response(item_nonresponse=ItemNonresponse(chance))).draw(300, seed=8).ratings
    for item, expected in enumerate(chance):
        assert near(ratings[..., item] == -2, expected)


def test_breakoff_is_geometric():
    ratings = study(Response(breakoff=Breakoff(0.1))).draw(400, seed=9).ratings
    for item in range(6):
        assert near(ratings[..., item] > 0, 0.9**item)
    stopped = ratings == -2
    assert (stopped[..., 1:] >= stopped[..., :-1]).all()


def test_breakoff_counts_the_items_put_and_applying():
    """People of a channel whose items come last answer their own first item, and break off from there."""
    pmf = np.full((1, 8, 5), 0.2)
    pmf[0, :4] = np.nan
    world = study(Response(breakoff=Breakoff(0.3)), items=8)
    people = replace(world.population, model=RatingModel.from_pmf(pmf))
    ratings = replace(world, population=people).draw(400, seed=9).ratings
    for place in range(4):
        assert near(ratings[..., 4 + place] > 0, 0.7**place)
    skipped = NotApplicable((0.0,) * 5 + (1.0, 0.0, 0.0))
    some = replace(world, population=people, response=replace(world.response, not_applicable=skipped))
    ratings = some.draw(400, seed=9).ratings
    assert (ratings[..., 5] == -1).all()
    assert near(ratings[..., 6] > 0, 0.7)
    assert near(ratings[..., 7] > 0, 0.7**2)


def test_fabrication_and_its_back_check():
    effect = Fabrication(rate=0.1, fabricators=0.2, sensitivity=0.8, void_all=False)
    world = study(Response(interviewers=Interviewers(20), fabrication=effect))
    survey = world.draw(400, seed=10)
    made = survey.extra["fabricated"]
    assert near(made, 0.1)
    # 3 of every 20 are checked, a fabricated one is found with 0.8
    assert near(~survey.responded, 0.1 * 0.15 * 0.8)
    assert (made | survey.responded).all()
    invented = survey.ratings[made & survey.responded]
    assert set(np.unique(invented)) == {4, 5}
    assert near(invented.reshape(-1, 6)[: len(invented) // 400 * 400].reshape(400, -1) == 5, 0.8)


def test_invented_interviews_leave_out_what_does_not_apply_only():
    gaps = Response(
        interviewers=Interviewers(20),
        not_applicable=NotApplicable((0.0, 0.0, 0.4, 0.0, 0.0, 0.0)),
        item_nonresponse=ItemNonresponse(0.3),
        fabrication=Fabrication(1.0, sensitivity=0.0),
    )
    survey = study(gaps).draw(300, seed=4)
    assert survey.extra["fabricated"].all()
    assert survey.responded.all()
    assert near(survey.ratings[..., 2] == -1, 0.4)
    assert (survey.ratings != -2).all()


def test_the_chance_of_detection_is_the_one_read_off():
    effect = Fabrication(rate=0.2, fabricators=0.5, sensitivity=0.7)
    world = study(Response(interviewers=Interviewers(20), fabrication=effect))
    survey = world.draw(600, seed=11)
    made, who = survey.extra["fabricated"], survey.extra["interviewer"]
    people = np.unique(who)
    assert people.size == 20
    caught = np.array([[(~r[who == i]).all() for i in people] for r in survey.responded])
    number = np.array([[m[who == i].sum() for i in people] for m in made])
    expected = np.array([effect.detection(20, k) for k in range(21)])
    assert caught[number == 0].sum() == 0
    assert near((caught - expected[number]), 0.0)
    assert effect.detection(20, 0) == 0
    assert Fabrication(sensitivity=1.0).detection(20, 20) == 1.0


PHONE_AND_WEB = Modes(("phone", "web"), (0.6, 0.4), (0.0, 0.0), (0.0, 0.0))


def test_interviewers_act_in_their_modes_only():
    """On the telephone the ratings of an interviewer go together, on the web none; margins stay."""
    response = Response(modes=PHONE_AND_WEB, interviewers=Interviewers(20, modes=("phone",)))
    world = study(response, person=0.2, interviewer=0.3)
    survey = world.draw(300, seed=1)
    who, mode = survey.extra["interviewer"], survey.extra["mode"]
    assert ((who >= 0) == (mode == 0)).all()
    region = np.broadcast_to(survey.codes("region"), who.shape)
    sizes = [np.unique(row[row >= 0], return_counts=True)[1] for row in who]
    assert max(size.max() for size in sizes) <= 20
    for row, areas in zip(who, region, strict=True):
        assert all(np.unique(areas[row == one]).size == 1 for one in np.unique(row[row >= 0]))
    # Covariance of two people's first ratings: of one interviewer, and of any two on the web.
    centred = survey.ratings[..., 0] - 3.7
    together: dict[int, list[float]] = {0: [], 1: []}
    for row, kinds, values in zip(who, mode, centred, strict=True):
        sums = np.bincount(row[kinds == 0], weights=values[kinds == 0])
        pairs = np.bincount(row[kinds == 0]) ** 2 - np.bincount(row[kinds == 0])
        squares = (values[kinds == 0] ** 2).sum()
        together[0].append(((sums**2).sum() - squares) / pairs.sum())
        web = values[kinds == 1]
        together[1].append((web.sum() ** 2 - (web**2).sum()) / (web.size * (web.size - 1)))
    alone = world.population.model.covariance(0)
    assert near(np.array(together[1])[:, None], 0.0)
    expected = bivariate_covariance(world.population.model.pmf()[0, 0], 0.3)
    assert near(np.array(together[0])[:, None], expected)
    assert expected > 0.2
    for kind in (0, 1):
        first = np.array([values[kinds == kind].mean() for values, kinds in zip(centred, mode, strict=True)])
        assert near(first[:, None], 0.0)
        product = [
            (v[k == kind, 0] * v[k == kind, 1]).mean()
            for v, k in zip(survey.ratings - 3.7, mode, strict=True)
        ]
        assert near(np.array(product)[:, None], alone[0, 1])


def bivariate_covariance(pmf: np.ndarray, correlation: float) -> float:
    """Covariance of two ratings with one distribution whose latent normals correlate."""
    cut = norm.ppf(np.cumsum(pmf)[:4])
    both = multivariate_normal(np.zeros(2), [[1, correlation], [correlation, 1]])
    upper = sum(both.cdf([-a, -b]) for a in cut for b in cut)
    return float(upper - norm.sf(cut).sum() ** 2)


def test_nobody_invents_or_is_checked_where_there_is_no_interviewer():
    response = Response(
        modes=PHONE_AND_WEB,
        interviewers=Interviewers(20, modes=("phone",)),
        fabrication=Fabrication(0.5, sensitivity=1.0),
    )
    survey = study(response).draw(50, seed=1)
    phone = survey.extra["mode"] == 0
    assert not survey.extra["fabricated"][~phone].any()
    assert survey.responded[~phone].all()
    assert near(
        np.array([row[mine].mean() for row, mine in zip(survey.extra["fabricated"], phone, strict=True)])[
            :, None
        ],
        0.5,
    )
    assert not survey.responded[phone].all()
    part = study(response).draw(range(7, 9), seed=1)
    assert (part.ratings == survey.ratings[7:9]).all()
    assert (part.extra["interviewer"] == survey.extra["interviewer"][7:9]).all()


def test_interviewers_without_a_mode_are_those_of_nobody():
    """No mode, or none drawn: as if there were no interviewers, whatever the model's correlation."""
    web = Modes(("phone", "web"), (0.0, 1.0), (0.0, 0.0), (0.0, 0.0))
    none, absent = (
        study(Response(modes=web, interviewers=Interviewers(20, modes=modes)), person=0.2, interviewer=0.3)
        for modes in ((), ("phone",))
    )
    off = study(Response(modes=web), person=0.5).draw(5, seed=1)
    for world in (none, absent):
        survey = world.draw(5, seed=1)
        assert (survey.extra["interviewer"] == -1).all()
        assert (survey.ratings == off.ratings).mean() > 0.999  # thresholds on slightly other lattices
    every = Response(modes=PHONE_AND_WEB, interviewers=Interviewers(20, modes=("phone", "web")))
    default = replace(every, interviewers=Interviewers(20))
    assert (
        study(every, interviewer=0.3).draw(5, seed=1).ratings
        == study(default, interviewer=0.3).draw(5, seed=1).ratings
    ).all()


def test_modes_of_interviewers_must_be_known():
    with pytest.raises(ValueError, match=r"modes of interviewers must be among \('any',\), got 'phone'"):
        Response(interviewers=Interviewers(20, modes=("phone",)))
    with pytest.raises(TypeError, match="modes must be a tuple of names, got 'phone'"):
        Interviewers(20, modes="phone")
    with pytest.raises(TypeError, match=r"modes must be a tuple of names, got \(1, 'web'\)"):
        Interviewers(20, modes=(1, "web"))
    with pytest.raises(TypeError, match=r"names must be a tuple of names, got 'ab'; write \('ab',\)"):
        Modes("ab", (0.5, 0.5), (0.0, 0.0), (0.0, 0.0))


def test_fabrication_is_at_most_the_fabricators_and_needs_interviewers():
    with pytest.raises(ValueError, match="backcheck must be at least"):
        Fabrication(backcheck=0.1)
    with pytest.raises(ValueError, match="rate must not exceed fabricators"):
        Fabrication(rate=0.5, fabricators=0.2)
    with pytest.raises(ValueError, match=r"pmf must have a probability for each of 1\.\.5, got 5"):
        Fabrication(pmf=5)
    with pytest.raises(TypeError, match=r"chance of contact must be a number or a table .* got 'x'"):
        Contact("x")
    with pytest.raises(ValueError, match="fabrication needs interviewers"):
        study(Response(fabrication=Fabrication(0.1))).draw(1, seed=1)


@pytest.mark.parametrize(
    "bad",
    [
        lambda: Contact(1.2),
        lambda: Cooperation(-0.1),
        lambda: Snowball(2.0),
        lambda: Styles(straightlining=1.5),
        lambda: ItemNonresponse((0.1, 7.0)),
        lambda: Fabrication(rate=-0.1),
        lambda: Contact(float("nan")),
    ],
)
def test_chances_outside_0_to_1_are_refused(bad):
    with pytest.raises(ValueError, match=r"must lie in 0..1"):
        bad()


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (lambda: Snowball(0.1, float("nan")), "spread must be a finite number, got nan"),
        (lambda: Modes(("a",), (1.0,), (float("inf"),), (0.0,)), "shift must be a finite number, got inf"),
        (lambda: Modes(("a",), (1.0,), (0.0,), (float("nan"),)), "cost must be a finite number, got nan"),
        (lambda: Modes(("a", "a"), (0.5, 0.5), (0.0, 0.0), (0.0, 0.0)), "names must differ"),
        (lambda: Contact(0.5, cost=float("nan")), "cost must be a finite number, got nan"),
        (lambda: Contact(0.5, cost=-1), "cost must be at least 0, got -1"),
        (lambda: Modes(cost=(-1.0,)), r"cost must be at least 0, got -1\.0"),
        (lambda: Snowball(0.1, 1.0, correlation=1.5), r"correlation must lie in -1\.\.1, got 1\.5"),
        (lambda: Interviewers(9, modes=("phone", "phone")), "modes must differ, got"),
        (lambda: Fabrication(0.1, pmf=(0.0, 0.5, 0.5)), "pmf must have a probability for each of 1..5"),
        (lambda: Fabrication(0.1).detection(0, 0), "workload must be at least 1, got 0"),
        (lambda: Fabrication(0.1).detection(5, 6), r"fabricated must lie in 0\.\.5, got 6"),
    ],
)
def test_what_is_no_number_of_its_kind_is_refused(bad, message):
    with pytest.raises(ValueError, match=message):
        bad()


def test_what_must_be_whole_is_refused_otherwise():
    with pytest.raises(TypeError, match=r"workload must be a whole number, got 2\.5"):
        Interviewers(2.5)
    with pytest.raises(TypeError, match="workload must be a whole number, got nan"):
        Interviewers(float("nan"))
    with pytest.raises(TypeError, match=r"shift must be a number, got 'x'"):
        Modes(shift=("x",))
    with pytest.raises(TypeError, match=r"points must be a whole number, got 1\.5"):
        Styles(points=1.5)


def test_other_nonsense_is_refused():
    with pytest.raises(ValueError, match="slope must be a finite number"):
        Cooperation(0.5, float("inf"))
    with pytest.raises(ValueError, match="slope must be a finite number"):
        Contact(0.5, slope=float("nan"))
    with pytest.raises(ValueError, match="chance of breakoff must lie in"):
        Breakoff(1.0)
    with pytest.raises(ValueError, match="shares must sum to 1"):
        Modes(("a", "b"), (0.5, 0.4), (0.0, 0.0), (0.0, 0.0))
    with pytest.raises(ValueError, match="shift and cost must have one number a mode"):
        Modes(("a", "b"), (0.5, 0.5))
    with pytest.raises(ValueError, match="workload must be at least 0"):
        Interviewers(-1)
    with pytest.raises(ValueError, match="points must lie in"):
        Styles(points=9)
    with pytest.raises(TypeError, match=r"contact must be a Contact, got 0.5"):
        Response(contact=0.5)


def test_fixed_ratings_go_through_response_but_not_through_modes_that_shift():
    base = study(Response(cooperation=Cooperation(0.5, 1.0)))
    fixed = base.population.realised(seed=1)
    world = Study(
        population=fixed,
        plan=base.plan,
        response=base.response,
        estimators=base.estimators,
    )
    survey = world.draw(50, seed=1)
    stays = survey.responded
    assert (survey.ratings[stays] == fixed.ratings[survey.extra["person"]][stays]).all()
    factor = factor_values(fixed.model, fixed.factor.astype(int))[survey.extra["person"]]
    assert factor[stays].mean() > 0.2
    modes = Modes(("a",), (1.0,), (0.5,), (0.0,))
    with pytest.raises(ValueError, match="shift of a mode needs a population whose ratings are not fixed"):
        Study(
            population=fixed, plan=base.plan, response=Response(modes=modes), estimators=base.estimators
        ).draw(1, seed=1)


def test_ratings_of_ones_own_are_a_population_too():
    base = study(Response())
    own = np.random.default_rng(1).integers(1, 6, (base.population.size, 6)).astype(np.int8)
    world = replace(base, population=replace(base.population, ratings=own))
    survey = world.draw(3, seed=1)
    assert (survey.ratings == own[survey.extra["person"]]).all()
    assert world.population.truth().to_numpy()[0] == pytest.approx(own.mean(axis=0))
    picky = replace(world, response=Response(cooperation=Cooperation(0.5, slope=1.0)))
    with pytest.raises(ValueError, match="slope of contact or cooperation needs the factor"):
        picky.draw(1, seed=1)
    with pytest.raises(ValueError, match="snowball recruitment needs a population whose ratings are not"):
        replace(world, response=Response(snowball=Snowball(0.5))).draw(1, seed=1)


def test_estimators_cannot_change_each_others_ratings():
    with pytest.raises(ValueError, match="read-only"):
        study(Response()).draw(1, seed=1).ratings[...] = 5
