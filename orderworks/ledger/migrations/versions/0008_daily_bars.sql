-- Daily bars as a broker last told them: it may be asked for few in a while, and each day's are the same.

CREATE TABLE ledger.daily_bars (
    provider    text NOT NULL,
    symbol      text NOT NULL,
    before      date NOT NULL,          -- the day that they end before
    days        integer NOT NULL CHECK (days > 0),      -- how many were asked for
    bars        jsonb NOT NULL,         -- an array of [date, open, high, low, close, volume], oldest first
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (provider, symbol)
);
