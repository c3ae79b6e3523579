"""The commands of ``orderworks``, by what they are for."""
