"""What the market did and does: sessions, quotes, trades and daily volumes."""
