"""Whether an installation is sound, for monitors: read only, bounded in time, whatever is away."""
