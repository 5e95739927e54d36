"""The documented method, and what can be chosen in it, beside the default."""

from variants.settings import separated

VARIANTS = {
    "adam": separated(method="adam"),
    "adam-joint": separated(method="adam", finder="joint"),
    "adam-viterbi": separated(method="adam", finder="viterbi"),
    "adam-dictionaries=3": separated(method="adam", dictionaries=3),
    "adam-pitch": separated(method="adam", voicing="pitch"),
}
