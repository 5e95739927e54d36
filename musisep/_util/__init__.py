"""What every room needs and none is about: compiling, threads, progress, checks, lazy names."""
