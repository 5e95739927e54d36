"""CI notices commits that figures cannot be of."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

CHECK = Path(__file__).parents[1] / ".ci" / "records.py"

pytestmark = [
    pytest.mark.skipif(shutil.which("git") is None, reason="there is no git"),
    pytest.mark.skipif(not CHECK.exists(), reason="the package is tested alone"),
]


def git(root, *arguments):
    who = ("-c", "user.name=a", "-c", "user.email=a@b.c", "-c", "commit.gpgsign=false")
    command = ["git", "-C", str(root), *who, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def check(root):
    done = subprocess.run([sys.executable, str(CHECK), str(root)], capture_output=True, text=True)
    assert (done.returncode == 0) == (done.stderr == ""), done
    return done.stdout + done.stderr


@pytest.fixture
def repository(tmp_path):
    """Return a repository, its first commit, and a commit of another branch."""
    (tmp_path / "experiments").mkdir()
    (tmp_path / "docs" / "results").mkdir(parents=True)
    (tmp_path / "experiments" / "e01_a.py").touch()
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", ".")
    commits = []
    for _ in range(2):
        git(tmp_path, "commit", "-q", "--allow-empty", "-m", "m")
        commits.append(git(tmp_path, "rev-parse", "--short", "HEAD"))
    git(tmp_path, "reset", "-q", "--hard", commits[0])
    return tmp_path, *commits


def test_commits_of_pages_and_values_must_be_in_the_history(repository):
    root, commit, elsewhere = repository
    page, values = root / "docs" / "a.rst", root / "docs" / "results" / "a.json"

    def write(commit, script="experiments/e01_a.py"):
        page.write_text(f".. record:: {script}\n   :commit: {commit}\n")
        values.write_text(json.dumps({"command": f"python {script}", "commit": commit}))

    write(commit)
    assert check(root) == ""
    for wrong in (elsewhere, f"{commit}-dirty", "0123abc", "unknown"):
        write(wrong)
        found = check(root)
        assert "docs/a.rst" in found and "docs/results/a.json" in found and wrong in found
    write(commit, "experiments/e02_b.py")
    assert check(root).count("has no experiments/e02_b.py") == 2


def test_a_record_of_another_form_is_a_fault(repository):
    root, commit, _ = repository
    page = root / "docs" / "a.rst"
    for record in (
        f"..  record:: a.py\n   :commit: {commit}\n",
        f"```{{record}} a\n:commit: {commit}",
    ):
        page.write_text(record)
        assert "a record is not" in check(root)


def test_without_history_nothing_is_checked(tmp_path):
    assert "no history" in check(tmp_path)


def test_a_clone_without_the_whole_history_is_not_checked(repository, tmp_path_factory):
    root, commit, _ = repository
    page = root / "docs" / "a.rst"
    page.write_text(f".. record:: experiments/e01_a.py\n   :commit: {commit}\n", encoding="utf-8")
    git(root, "add", ".")
    git(root, "commit", "-q", "-m", "a page")
    clone = tmp_path_factory.mktemp("clones") / "shallow"
    git(root, "clone", "-q", "--depth", "1", f"file://{root}", str(clone))
    assert "there is no history here" in check(clone)
