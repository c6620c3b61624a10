"""Chi-square against scipy."""

from __future__ import annotations

import pytest
import scipy.stats

from loadstone.stats.pairs.chi_square import chi_square_function, chi_square_quantile


@pytest.mark.parametrize("degrees", [1, 2, 5, 19, 200, 5000])
@pytest.mark.parametrize("share", [1e-6, 0.025, 0.5, 0.975, 1 - 1e-6])
def test_the_quantile_is_scipys(degrees: int, share: float) -> None:
    found = chi_square_quantile(share, degrees)
    assert found == pytest.approx(scipy.stats.chi2.ppf(share, degrees), rel=1e-8)
    assert chi_square_function(found, degrees) == pytest.approx(share, abs=1e-9)


def test_its_ends() -> None:
    assert chi_square_function(0, 3) == 0
    assert chi_square_function(-1, 3) == 0
    for share in (0.0, 1.0):
        with pytest.raises(ValueError, match="share"):
            chi_square_quantile(share, 3)
