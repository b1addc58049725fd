"""A session: the phases that a job becomes, and what several jobs of one session share."""

from dataclasses import replace
from math import inf

import numpy as np
import pytest

from low_precision import needs_bfloat16
from objectives import workers
from transfer import precision as precision_module
from transfer import session as session_module
from transfer.cluster.banded import BandedEvaluation
from transfer.files import Files
from transfer.inputs import Images
from transfer.objective import WholeEvaluation
from transfer.precision import precision_of
from transfer.recipes import DEFAULT, GATYS2016
from transfer.session import Job, Session, optimizer_of
from transfer.striped import IN_STRIPES
from transfer.striped.evaluation import StripedEvaluation
from vgg.errors import InputError
from vgg.network import VGG19
from vgg.optimize.adam import Adam
from vgg.optimize.l_bfgs import LBFGS
from vgg.optimize.scipy_l_bfgs_b import ScipyLBFGSB

#: Sessions share nothing: see conftest.
COMPILES_ANEW = True
#: Without a margin, which `test_margin` has.
RECIPE = replace(DEFAULT, normalized_network=False, scales=(), iterations=4, margin=0)
RECIPE = replace(RECIPE, content_layers=(("relu2_2", 1.0),), style_layers=(("relu1_1", 1.0), ("relu2_1", 1.0)))


def pictures_of(seed: int, height: int = 24, width: int = 32) -> Images:
    rng = np.random.default_rng(seed)
    content, style = (rng.integers(0, 256, (height, width, 3), dtype=np.uint8) for _ in range(2))
    return Images(content, (style,), content, Files("a.png", "b.png"))


@pytest.fixture
def made(monkeypatch) -> list[str]:
    """The name of each network and each evaluation that is built, and of each that is compiled."""
    names = []
    for module_class in (VGG19, WholeEvaluation, StripedEvaluation):
        begin = module_class.__init__

        def note(self, *arguments, begin=begin, name=module_class.__name__):
            names.append(name)
            begin(self, *arguments)

        monkeypatch.setattr(module_class, "__init__", note)
    compute = WholeEvaluation._losses_and_gradient  # is Python code only while it is compiled
    monkeypatch.setattr(
        WholeEvaluation, "_losses_and_gradient", lambda *arguments: names.append("compiled") or compute(*arguments)
    )
    return names


def test_a_second_job_of_the_same_size_builds_nothing_and_compiles_nothing(weights, made):
    session = Session(weights, inf)
    first = session.run(Job(RECIPE, pictures_of(0)))
    assert made == ["VGG19", "WholeEvaluation", "compiled"]
    second = session.run(Job(RECIPE, pictures_of(1)))
    assert made == ["VGG19", "WholeEvaluation", "compiled"]
    alone = Session(weights, inf).run(Job(RECIPE, pictures_of(1)))
    np.testing.assert_array_equal(second.image, alone.image, err_msg="with its own targets, not the first's")
    assert np.abs(first.image - second.image).max() > 10 and len(second.steps) == 4


@pytest.mark.parametrize(
    ("recipe", "size", "expected"),
    [
        (RECIPE, (32, 24), ["WholeEvaluation", "compiled"]),
        (replace(RECIPE, content_weight=2.0, style_weight=0.1), (24, 32), []),
        (replace(RECIPE, pooling="max"), (24, 32), ["VGG19", "WholeEvaluation", "compiled"]),
        (replace(RECIPE, init="style", iterations=2, optimizer="adam", learning_rate=1.0), (24, 32), []),
    ],
    ids=["size", "weight", "pooling", "optimiser"],
)
def test_what_another_job_has_to_make_anew(weights, made, recipe, size, expected):
    session = Session(weights, inf)
    session.run(Job(RECIPE, pictures_of(0)))
    made.clear()
    session.run(Job(recipe, pictures_of(1, *size)))
    assert made == expected


def test_phases_go_through_the_sizes_and_at_each_through_the_precisions(weights):
    recipe = replace(RECIPE, scales=(48, 32), iterations=20)
    phases = Session(weights, inf, "bfloat16").phases(Job(recipe, pictures_of(0, 48, 64)))
    found = [(phase.height, phase.width, phase.precision, phase.until) for phase in phases]
    assert found == [
        (24, 32, "bfloat16", 18),
        (24, 32, "float32", 20),
        (36, 48, "bfloat16", 18),
        (36, 48, "float32", 20),
        (48, 64, "bfloat16", 18),
        (48, 64, "float32", 20),
    ]
    for phase in (phases[0], phases[3]):
        assert phase.build_objective().evaluation.network.precision.name == phase.precision
    assert phases[0].build_objective().targets["content relu2_2"].maps.shape[1:3] == (12, 16), "24 × 32 after a pool"


@pytest.mark.parametrize("iterations", [*range(1, 13), 80, 500])
def test_the_last_tenth_of_the_steps_is_float32_and_at_least_one(weights, iterations):
    job = Job(replace(RECIPE, iterations=iterations), pictures_of(0))
    untils = {phase.precision: phase.until for phase in Session(weights, inf, "bfloat16").phases(job)}
    assert untils.pop("float32") == iterations
    low = untils.pop("bfloat16", 0)
    assert not untils and low <= iterations - 1
    assert low == iterations - 1 or iterations - low <= iterations / 10
    assert (low == 0) == (iterations == 1), "one step has no low-precision part, which would be compiled for nothing"


def test_float32_alone_is_one_phase_for_each_size(weights):
    (phase,) = Session(weights, inf).phases(Job(RECIPE, pictures_of(0)))
    assert (phase.height, phase.width, phase.precision, phase.until) == (24, 32, "float32", 4)


@needs_bfloat16
def test_losses_are_float32_whatever_the_run_computes_in(weights):
    pictures, image = pictures_of(0), pictures_of(5).content_image.astype(np.float32)
    low, exact = (Session(weights, inf, precision) for precision in ("bfloat16", "float32"))
    assert low.losses(RECIPE, pictures, image) == exact.losses(RECIPE, pictures, image)
    rough, _ = low.objective(RECIPE, pictures, "bfloat16")(image)
    assert rough.total != exact.losses(RECIPE, pictures, image).total, "or this test would show nothing"


def test_every_phase_obeys_the_memory(weights, monkeypatch):
    """The small size fits as a whole, the large one in stripes only, and each optimiser has its own history."""
    monkeypatch.setattr("transfer.memory.peak_bytes", lambda weights, recipe, height, width, regions: 1e6 * height)
    monkeypatch.setattr("transfer.memory.striped_bytes", lambda *arguments: 1e6 * arguments[-2].history)
    session = Session(weights, 30e6, striped=IN_STRIPES)
    phases = session.phases(Job(replace(RECIPE, scales=(32,)), pictures_of(0, 48, 64)))
    assert [(phase.height, phase.optimizer.history) for phase in phases] == [(24, 40), (48, 30)]
    evaluations = [phase.build_objective().evaluation for phase in phases]
    assert isinstance(evaluations[0], WholeEvaluation)
    assert isinstance(evaluations[1], StripedEvaluation) and evaluations[1].rows == 128


@pytest.mark.usefixtures("stripes_without_compiling")
def test_what_does_not_fit_as_a_whole_may_go_to_many_machines(weights, monkeypatch):
    """Two bands in this process: from small to large, with a margin, the picture is that of stripes."""
    monkeypatch.setattr("transfer.memory.peak_bytes", lambda weights, recipe, height, width, regions: 1e6 * height)
    monkeypatch.setattr("transfer.memory.striped_bytes", lambda *arguments: 0.0)
    made = []

    def banded(network, terms, rows):
        made.append(BandedEvaluation(network, terms, workers(network, terms, rows, 2)))
        return made[-1]

    job = Job(replace(RECIPE, scales=(32,)), pictures_of(0, 64, 80))
    hows = IN_STRIPES._replace(evaluation=banded), IN_STRIPES
    ours, expected = (Session(weights, 40e6, striped=how).run(job) for how in hows)
    assert len(made) == 1 and {step.size for step in ours.steps} == {32, 80}
    assert ours.losses.total == pytest.approx(expected.losses.total, rel=1e-4)
    np.testing.assert_allclose(ours.image, expected.image, atol=0.05)


def test_what_does_not_fit_is_said_before_anything_is_computed(weights, made):
    with pytest.raises(InputError, match="GB of memory even in the lowest stripes"):
        Session(weights, 1e6).phases(Job(RECIPE, pictures_of(0)))
    assert not made


def test_what_a_caller_of_the_library_mistypes_in_a_recipe():
    with pytest.raises(InputError, match=r"'relu1_1' has no weight, expected a pair such as \('relu2_1', 0\.5\)"):
        replace(RECIPE, style_layers=("relu1_1", "relu2_1"))
    with pytest.raises(InputError, match="optimizer is 'lbfgs', expected one of l-bfgs, l-bfgs-unit, "):
        replace(RECIPE, optimizer="lbfgs")


def test_optimisers_have_the_recipes_settings(weights):
    plan = Session(weights, inf).plan(RECIPE, 24, 32)
    assert optimizer_of(RECIPE, plan) == LBFGS(40, np.float32, smooth=True)
    assert optimizer_of(replace(RECIPE, optimizer="l-bfgs-unit"), plan) == LBFGS(40, np.float32)
    assert optimizer_of(GATYS2016, plan) == ScipyLBFGSB()
    adam = replace(RECIPE, optimizer="adam", learning_rate=7.0, adam=replace(RECIPE.adam, beta1=0.5, epsilon_hat=True))
    assert optimizer_of(adam, plan) == Adam(7.0, 0.5, 0.999, 1e-8, True)


@pytest.mark.parametrize(
    ("wanted", "optimizer", "expected"),
    [
        ("auto", "l-bfgs", "float32"),
        ("auto", "l-bfgs-unit", "bfloat16"),
        ("auto", "adam", "bfloat16"),
        ("float32", "adam", "float32"),
        pytest.param("bfloat16", "l-bfgs-unit", "bfloat16", marks=needs_bfloat16),
    ],
)
def test_a_line_search_is_never_given_rounded_losses(monkeypatch, wanted, optimizer, expected):
    monkeypatch.setattr(precision_module, "fastest", lambda: "bfloat16")
    assert precision_of(wanted, replace(RECIPE, optimizer=optimizer)) == expected


def test_the_start_has_the_first_phases_size(weights):
    job = Job(replace(RECIPE, scales=(32,), init="noise"), replace(pictures_of(0, 48, 64), init_image=None), seed=3)
    session = Session(weights, inf)
    start = session.start(job)
    assert start.shape == (24, 32, 3) == (session.phases(job)[0].height, session.phases(job)[0].width, 3)
    np.testing.assert_array_equal(start, session.start(job))
    assert (start != session.start(replace(job, seed=4))).any()


@needs_bfloat16
def test_the_networks_mean_activations_are_measured_once(weights, monkeypatch):
    drawn = []
    noise = np.random.default_rng(6).integers(0, 256, (48, 40, 3), dtype=np.uint8)
    monkeypatch.setattr(session_module, "normalizing_images", lambda: drawn.append(1) or [noise])
    session = Session(weights, inf, "bfloat16")
    for seed in (0, 1):
        session.run(Job(replace(RECIPE, normalized_network=True), pictures_of(seed)))
    assert len(drawn) == 1
