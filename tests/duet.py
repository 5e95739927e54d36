"""Artificial duets: two instruments of known spectra that play known notes."""

import numpy as np

SAMPLE_RATE = 16_000
REED = 1 / np.arange(1, 13) * (np.arange(12) % 2 == 0)
STRING = 1 / np.arange(1, 13) ** 1.5


def play(notes, amplitudes, sample_rate=SAMPLE_RATE):
    """Line of notes (f0_hz, seconds) with the given harmonics, faded in and out; [sample]."""
    line = []
    for f0_hz, seconds in notes:
        time = np.arange(round(seconds * sample_rate)) / sample_rate
        harmonics = [
            amplitude * np.sin(2 * np.pi * f0_hz * order * time + order)
            for order, amplitude in enumerate(amplitudes, start=1)
            if f0_hz * order < sample_rate / 2
        ]
        fade = np.minimum(1, np.minimum(time, time[::-1]) / 0.02)
        line.append(fade * np.sum(harmonics, axis=0))
    return np.concatenate(line)


def duet(sample_rate=SAMPLE_RATE):
    """Return stems [2, sample] of about two seconds; they sum to a peak below 1."""
    upper = play([(587.3, 0.5), (659.3, 0.5), (740.0, 0.6), (659.3, 0.4)], REED, sample_rate)
    lower = play([(220.0, 0.7), (246.9, 0.3), (196.0, 0.5), (207.7, 0.5)], STRING, sample_rate)
    stems = np.stack([upper, 0.8 * lower])
    return 0.9 * stems / np.abs(stems.sum(axis=0)).max()
