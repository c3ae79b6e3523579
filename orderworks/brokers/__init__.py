"""Where orders go: the adapter protocol and its implementations."""
