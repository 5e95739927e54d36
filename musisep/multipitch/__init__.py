"""Frames and a dictionary in, tones out.

`greedy` finds the tones of a frame one after another (the documented method), `joint` tries
combinations of them, `viterbi` takes the combinations of all frames together. Each is called
``finder(frames, dictionary, model, prior)`` (`finder.ToneFinder`) and promises
`musisep.tones.peaks.Peaks` of shape (frame, tones * instruments), in which an amplitude of 0 marks
an empty place; the result does not depend on the number of threads.
"""
