"""Files: what is read, without trust, and what is written, whole or not at all.

`files` is the face for audio: `read`, `write`, sample rates. `formats` is the one table of file
formats, light enough for a help text; an entry more is a format more. Behind the face, `reading`
checks headers against the limits in `formats` before it takes memory, `writing` refuses what a
file cannot hold, `rates` resamples. `archives` keeps arrays in ``.npz`` files. Whoever writes any
other file does so inside `files.replacing`: what was there before stays until all is complete.

An error about a file is one line: the file, what is wrong, and what to do about it.
"""
