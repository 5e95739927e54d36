"""Data sets: recordings whose references are known, and single stems, read when they are needed.

Nothing but folders and small text files is read before audio is asked for, and of audio nothing but
the excerpt. `layouts` is the table of layouts; `opening` and `singles` find recordings and stems by
it, `manifest` reads a table of files. `excerpts` and `mixing` draw at random; `hearing` and
`checking` tell what is wrong.
"""

from musisep.datasets.checking import Finding, check_dataset
from musisep.datasets.drawing import Drawn
from musisep.datasets.excerpts import DAY_S, Excerpts
from musisep.datasets.manifest import read_manifest
from musisep.datasets.mixing import Mixture, Mixtures
from musisep.datasets.opening import find_recordings, open_dataset
from musisep.datasets.recordings import Audio, Recording
from musisep.datasets.singles import Stem, open_all, open_stems

__all__ = [
    "DAY_S",
    "Audio",
    "Drawn",
    "Excerpts",
    "Finding",
    "Mixture",
    "Mixtures",
    "Recording",
    "Stem",
    "check_dataset",
    "find_recordings",
    "open_all",
    "open_dataset",
    "open_stems",
    "read_manifest",
]
