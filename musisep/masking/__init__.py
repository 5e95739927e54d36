"""Tones and a mixture in, stems out.

`voices` decides with which columns of harmonics each tone sounds, `synthesis` makes spectrograms of
the instruments from them, `ratio` divides the spectrum of the mixture in proportion, or gives its
phases to what was synthesised. A mask is called ``mask(mixture, voices, grid, report)``
(`ratio.Mask`) and promises stems [instrument, channel, sample] of the mixture's length.
"""
