from hypothesis import settings

settings.register_profile("domain", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("domain")
