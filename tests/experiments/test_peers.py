import json
from pathlib import Path

import pytest
from stemfolders import noise, write_track


def test_figures_of_others_stand_beside_measured_ones(tmp_path, monkeypatch, capsys):
    import e21_peers

    monkeypatch.chdir(tmp_path)
    for seed, name in enumerate(("a", "b")):
        write_track(f"data/{name}", noise(2, 0.5, seed=seed), ["x", "y"], mixture="mix")
    known = {"a": {"A net": [1.0, 4.0]}, "b": {"A net": [3.0, 6.0]}}
    Path("data/baselines.json").write_text(json.dumps(known))
    options = ["data", "--methods", "mixture", "--results", "results"]
    monkeypatch.setattr("sys.argv", ["e21_peers.py", *options])
    with pytest.raises(SystemExit, match="0"):
        e21_peers.main()
    head, ours, theirs = capsys.readouterr().out.splitlines()[-5:-2]
    assert head.split()[-2:] == ["a", "b"]
    assert ours.split()[:2] == ["mixture", "measured"]
    assert " ".join(theirs.split()) == "A net given 3.5 [2.5, 4.5] 3.5 2.5 2.5 4.5"
    assert Path("results/peers_data.rst").read_text().count("   * - ") == 3
