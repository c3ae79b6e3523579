"""Replaying signals over past sessions, one account an algorithm, and comparing what they cost."""
