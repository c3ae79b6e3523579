-- What was read from streams, and published to them.

-- The entries that a run was planned from: after_id < id <= until_id. It counts once the run has its plan.
CREATE TABLE ledger.stream_ranges (
    run_id      bigint PRIMARY KEY REFERENCES ledger.runs,
    stream      text NOT NULL,
    after_id    text NOT NULL,
    until_id    text NOT NULL,
    entries     integer NOT NULL CHECK (entries > 0),
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX ranges_of_stream ON ledger.stream_ranges (stream);

-- The order of booking: whoever holds the account's lease is the only one who books, so none is
-- committed behind a higher one.
ALTER TABLE ledger.fills ADD COLUMN number bigint GENERATED ALWAYS AS IDENTITY;
CREATE UNIQUE INDEX fills_by_number ON ledger.fills (account, number);

-- How far an account's fills were published to a stream.
CREATE TABLE ledger.published_fills (
    account      text NOT NULL REFERENCES ledger.accounts,
    stream       text NOT NULL,
    number       bigint NOT NULL,
    published_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (account, stream)
);
