"""What every layer may use: files, processes, progress, seeds, shards, memory, precision.

Example: a random choice depends on its name and on the seed, not on what was drawn before.
    >>> from whypretrain.runtime.seeds import generator
    >>> generator(0, "digits", "few-shot subset").integers(100, size=3).tolist()
    [80, 9, 25]
"""
