"""Artificial spectra in which two tones come close: what candidates on the flanks give.

    python experiments/e06_close_tones.py

SDR with the true dictionary over 500 spectra, for three dictionaries.
"""

import math

import numpy as np

from musisep.dictsep.dictlearn import gen_random_inst_dict, gen_test_spects
from musisep.dictsep.pursuit import calc_harscale
from musisep.dictsep.search import JointSearch
from musisep.dictsep.synthesis import all_instruments, synth_instruments
from musisep.dictsep.tones import ToneModel
from musisep.metrics import bss_eval


def main() -> None:
    """Print a line for each dictionary."""
    model = ToneModel(6 / math.pi, calc_harscale(1, 1024, 1024), 1024)
    for seed in range(3):
        rng = np.random.default_rng(seed)
        inst_dict = gen_random_inst_dict(25, 2, rng)
        spects = gen_test_spects(inst_dict, model, 1, 500, rng)
        frames = np.ascontiguousarray(all_instruments(spects, 1).T)
        for flanks in ((), (2, 3, 4)):
            peaks = JointSearch(model, flanks=flanks, refined=4, steps=20)(frames, inst_dict)
            found = synth_instruments(peaks, inst_dict, model.harscale, 1, model.m)
            error = np.sort(np.sum((found - spects) ** 2, axis=(0, 1)))[::-1]
            print(
                f"dictionary {seed}, flanks {flanks!s:9s}: "
                f"SDR {np.mean(bss_eval(spects, found).sdr):5.1f} dB; "
                f"{error[:5].sum() / error.sum():.0%} of the error in five spectra"
            )


if __name__ == "__main__":
    main()
