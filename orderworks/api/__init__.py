"""What the ledger holds, as JSON over HTTP: read only, described in OpenAPI, behind a token off loopback."""
