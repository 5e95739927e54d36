"""Dictionaries from the recording itself, and what is known of its tones then.

`from_notes` is the default: what sounds, then who plays. `adam` is the documented method: sparse
pursuit and steps of `adam_b.Adam_B`. `given` takes a dictionary that was learned elsewhere.
`updates` fits columns to known tones. A learner is called ``learn(frames, model, report)``
(`learner.Learner`) and promises `learner.Learned`; frames are magnitudes of maximum 1.
"""
