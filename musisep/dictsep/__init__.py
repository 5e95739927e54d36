"""The documented names and signatures, for those who come from the original package.

`pursuit`, `dictlearn`, `adam_b` and `exptool` are as thin as they can be: they take what the
documents say and call the rooms, where the work is done. ``inst_num`` is the number of instruments,
and of the columns of the dictionary that is returned; ``tone_num`` is the number of simultaneous
tones of ONE instrument. ``python -m musisep.dictsep`` separates a recording.
"""
