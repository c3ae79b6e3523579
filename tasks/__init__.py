"""The pipeline's steps as Prefect tasks: thin, one file each, without business rules.

None is cached: what makes a retry safe is the ledger, not a result store.
"""
