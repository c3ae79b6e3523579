"""The blotter: the ledger as a page that follows the session, and from which sending can be stopped."""
