import sys
import types

import pytest

from musisep._util.lazy import attach


def test_names_are_imported_when_they_are_asked_for(monkeypatch):
    package = types.ModuleType("lazily")
    package.here = 1
    monkeypatch.setitem(sys.modules, "lazily", package)
    get, names = attach("lazily", {"Fraction": "fractions", "gone": "no_such_module"})
    assert get("Fraction").__name__ == "Fraction"
    assert {"here", "Fraction", "gone"} <= set(names())
    with pytest.raises(AttributeError, match="module 'lazily' has no attribute 'other'"):
        get("other")
    with pytest.raises(ModuleNotFoundError, match="no_such_module"):
        get("gone")
