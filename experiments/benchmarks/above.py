"""The helpers of the folder above, for scripts of this folder; they import it before each other."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1]))

from results import write_values
from script import Script, peer, skip

__all__ = ["Script", "peer", "skip", "write_values"]
