"""The desk: works orders. Lease, submission, waves, reconciliation, kill switch."""
