"""What every layer may use: files, processes, progress, seeds, shards, memory, precision."""
