"""Plots are drawn of as much as can be seen."""

import numpy as np

from harness.render import plots


def test_an_ecdf_of_very_many_values_is_drawn_by_some_of_them_from_the_least_to_the_most():
    values = np.random.default_rng(0).lognormal(size=50_000)
    drawn = plots._thinned(values)
    assert len(drawn) == plots.STEPS
    assert (drawn[0], drawn[-1]) == (values.min(), values.max())
    assert np.abs(np.searchsorted(np.sort(values), drawn) / 50_000 - np.linspace(0, 1, plots.STEPS)).max() < 0.001
