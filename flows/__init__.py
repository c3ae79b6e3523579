"""The flows: one file each, readable as the list of its steps."""
