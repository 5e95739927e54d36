"""Methods side by side on the tracks of a data set.

`methods.METHODS` is the table of methods; each has a file of its own.
"""
