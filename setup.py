"""Packaging; the version is written once, in musisep/__init__.py, and read without importing it."""

import gzip
import os
import re
import shutil
import tarfile
from pathlib import Path

from setuptools import find_packages, setup
from setuptools.command.build_py import build_py
from setuptools.command.sdist import sdist

HERE = Path(__file__).parent


def version() -> str:
    """Return the version that the package states."""
    text = (HERE / "musisep" / "__init__.py").read_text(encoding="utf-8")
    match = re.search(r'^__version__ = "(.+)"$', text, re.MULTILINE)
    if match is None:
        raise RuntimeError("musisep/__init__.py states no __version__")
    return match[1]


class Afresh(build_py):
    """Build without what an earlier build has left, which would be packed as well."""

    def run(self) -> None:
        """Remove it and build."""
        shutil.rmtree(Path(self.build_lib) / "musisep", ignore_errors=True)
        super().run()


class Dated(sdist):
    """Pack a source archive that has the same bytes whenever it is packed with SOURCE_DATE_EPOCH.

    Wheels are so without further ado, if they are built from the archive.
    """

    def make_archive(self, base_name, format, root_dir=None, base_dir=None, **owners):
        """Pack the folder `base_dir`; return the path of the archive."""
        epoch = os.environ.get("SOURCE_DATE_EPOCH")
        if epoch is None or format != "gztar":
            return super().make_archive(base_name, format, root_dir, base_dir, **owners)

        def dated(member: tarfile.TarInfo) -> tarfile.TarInfo:
            member.mtime, member.uid, member.gid = int(epoch), 0, 0
            member.uname = member.gname = ""
            member.mode = 0o755 if member.mode & 0o100 else 0o644
            return member

        path = f"{base_name}.tar.gz"
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with (
            open(path, "wb") as file,
            gzip.GzipFile("", "wb", fileobj=file, mtime=int(epoch)) as zipped,
            tarfile.open(fileobj=zipped, mode="w") as archive,
        ):
            archive.add(base_dir, filter=dated)
        return path


setup(
    name="musisep",
    version=version(),
    description="Blind separation of the instruments in a recording, without training data",
    long_description=(HERE / "README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    author="the musisep developers",
    license="MIT",
    license_files=["LICENSE"],
    keywords="audio music source-separation dictionary-learning sparse-pursuit spectrogram",
    classifiers=[
        "Development Status :: 3 - Alpha",
        "Intended Audience :: End Users/Desktop",
        "Intended Audience :: Science/Research",
        "Operating System :: OS Independent",
        "Programming Language :: Python :: 3",
        "Topic :: Multimedia :: Sound/Audio :: Analysis",
        "Typing :: Typed",
    ],
    python_requires=">=3.11",
    cmdclass={"build_py": Afresh, "sdist": Dated},
    # Said although it is the default: an editable installation is then a line of a path, and works
    # where compiled kernels of an earlier installation have kept a folder musisep in site-packages.
    package_dir={"": "."},
    packages=find_packages(include=["musisep", "musisep.*"]),
    package_data={
        "musisep": ["py.typed", "demo/*", "notes/*.npz", "instruments/*.npz", "report/web/*"]
    },
    install_requires=[
        "numpy>=2.0",
        "scipy>=1.13",
        "numba>=0.60",
        "soundfile>=0.13",
        "matplotlib>=3.9",
        "soxr>=0.4",
        "tqdm>=4.66",
        "joblib>=1.4",
        "mido>=1.3",
        "tomlkit>=0.13",
    ],
    extras_require={
        # Methods that `musisep benchmark` runs beside its own.
        "benchmark": ["librosa>=0.10.2", "scikit-learn>=1.4.2"],
        # Tests of the report in Chromium, which must be installed.
        "browser": ["playwright>=1.49"],
        "dask": ["dask>=2024.5", "distributed>=2024.5"],
        # Metadata of MedleyDB are written in YAML.
        "medleydb": ["PyYAML>=6"],
        "docs": [
            "sphinx>=8",
            "pydata-sphinx-theme>=0.16",
            "numpydoc>=1.8",
            "myst-parser>=4",
            "sphinx-gallery>=0.18",
            "sphinx-mathjax-offline>=0.0.2",
            "ipython>=8.20",
        ],
        "experiments": [
            "librosa>=0.10.2",
            "nnAudio>=0.3.3",
            "pyroomacoustics>=0.10",
            "torch>=2.3",
            "torch_specinv>=0.1",
        ],
        # Jupyter, and what reads notebooks that are kept as Python files.
        "notebooks": [
            "jupyterlab>=4.2",
            "ipykernel>=6.29",
            "jupytext>=1.16",
            "nbclient>=0.10",
            "sphinx-gallery>=0.18",
        ],
        # What results are compared with, then what else CI checks.
        "test": [
            "pytest>=8.2",
            "pytest-xdist>=3.6",
            "hypothesis>=6.100",
            "librosa>=0.10.2",
            "mir_eval>=0.8",
            "PyYAML>=6",
            "scikit-learn>=1.4.2",
            "ruff>=0.15",
            "mypy>=2.0",
            "import-linter>=2.7",
            "codespell>=2.4",
            "dask>=2024.5",
            "distributed>=2024.5",
        ],
    },
    entry_points={"console_scripts": ["musisep = musisep.__main__:main"]},
)
