"""How far chances of who plays are from the truth."""

import numpy as np
import pytest


def test_errors_of_chances_count_by_energy_and_without_ghosts(experiments, scored):
    import e17_chances
    import owners

    found = owners.recording(scored)
    amount = np.zeros_like(found.amount)
    amount[:2] = 3, 1
    own = found._replace(amount=amount, ghost=np.arange(amount.size) == 2)
    guess = np.eye(2)[found.owner]
    rest = -10 * np.log10(e17_chances.REST)
    assert e17_chances.measures(own, guess) == pytest.approx((0, 0, rest))
    guess[1] = guess[1, ::-1]
    wanted = 0.25, 0.1, -10 * np.log10(0.1 + e17_chances.REST)
    assert e17_chances.measures(own, guess) == pytest.approx(wanted)
    guess[1] = 0.5
    assert e17_chances.measures(own, guess)[1] == pytest.approx(0.025)


def test_chances_have_the_names_of_the_players(experiments, scored):
    import e17_chances
    import owners

    found = owners.recording(scored)
    for own in (found, found._replace(owner=1 - found.owner)):
        wrong, error, _ = e17_chances.measures(own, e17_chances.chances(own, 1.5))
        assert wrong < 0.05 and error < 0.05
