from hypothesis import settings

# No test depends on the speed of the machine, and the first call of a kernel compiles it.
settings.register_profile("musisep", deadline=None, derandomize=True)
settings.load_profile("musisep")
