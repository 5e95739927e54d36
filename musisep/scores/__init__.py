"""Scores: notes as musicians have them, in seconds and hertz, with names of instruments.

`musisep.notes` has the notes of frames, from which instruments are told apart; here are those that
come out of a separation, or are given to it.
"""

from musisep.scores.files import load_score as load_score
from musisep.scores.files import save_score as save_score
from musisep.scores.score import NOBODY as NOBODY
from musisep.scores.score import NOTE_TYPE as NOTE_TYPE
from musisep.scores.score import NoteTable as NoteTable
from musisep.scores.score import Score as Score
from musisep.scores.score import note_table as note_table
