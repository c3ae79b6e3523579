"""The report of execution quality: figures from the ledger, sections, one self-contained page."""
