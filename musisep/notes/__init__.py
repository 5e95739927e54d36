"""Tones in, notes out, and which instrument plays each.

`tracking` links the tones of successive frames to `Notes` and measures what these sound like;
`assignment` assigns notes to instruments. An assignment is called
``assign(notes, instruments, rng)`` (`assignment.Assignment`) and promises a value, the higher the
likelier, and an instrument for each note.
"""
