"""Measure what candidates on the flanks give where two tones come close, on artificial spectra.

    python experiments/e06_close_tones.py [--spectra 500] [--seed 0]

SDR with the true dictionary over so many spectra, for three dictionaries.
"""

import math

import numpy as np
from script import Script

from musisep.dictsep.artificial import gen_test_spects, mixed
from musisep.learning.adam import gen_random_inst_dict
from musisep.masking.synthesis import synthesise
from musisep.masking.voices import Voices
from musisep.metrics import bss_eval
from musisep.multipitch.joint import JointSearch
from musisep.tones.model import ToneModel, calc_harscale


def main() -> None:
    """Print a line for each dictionary."""
    parser = Script(__doc__, quick=["--spectra", "20"], seed=True)
    parser.add_argument("--spectra", type=int, default=500)
    args = parser.parse_args()
    model = ToneModel(6 / math.pi, calc_harscale(1, 1024, 1024), 1024)
    for seed in range(args.seed, args.seed + 3):
        rng = np.random.default_rng(seed)
        inst_dict = gen_random_inst_dict(25, 2, rng)
        spects = gen_test_spects(inst_dict, model, 1, args.spectra, rng)
        frames = np.ascontiguousarray(mixed(spects, 1))
        for flanks in ((), (2, 3, 4)):
            tones = JointSearch(flanks=flanks, refined=4, steps=20)(frames, inst_dict, model)
            voices = Voices.of(tones, inst_dict)
            found = synthesise(voices, model.harscale, 1, model.m).swapaxes(1, 2)
            error = np.sort(np.sum((found - spects) ** 2, axis=(0, 1)))[::-1]
            print(
                f"dictionary {seed}, flanks {flanks!s:9s}: "
                f"SDR {np.mean(bss_eval(spects, found).sdr):5.1f} dB; "
                f"{error[:5].sum() / error.sum():.0%} of the error in five spectra"
            )


if __name__ == "__main__":
    main()
