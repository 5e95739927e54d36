"""What a tone is: its spectrum, how far it is from a frame, and the dictionary it comes from.

`peaks` holds sets of tones, `model` what all tones have in common, `spectra` their spectra and
the patterns that are searched for, `loss` the distance of tones from frames with its gradients
and the fit, `dictionary` what is kept in files. Positions are in bins, spectra are magnitudes,
and whoever gets a dictionary gets it as ``[harmonic, instrument]``.
"""
