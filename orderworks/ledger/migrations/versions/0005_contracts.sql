-- What a broker says of a stock on one day: asked for once, by whichever run of the account comes first.

CREATE TABLE ledger.contracts (
    account          text NOT NULL REFERENCES ledger.accounts,
    session          date NOT NULL,
    symbol           text NOT NULL,
    con_id           bigint NOT NULL CHECK (con_id > 0),     -- the broker's number of the stock
    primary_exchange text NOT NULL,
    increments       jsonb NOT NULL,                         -- from which price on, which increment
    size_increment   numeric NOT NULL CHECK (size_increment >= 0),  -- 0: it was not told
    shortable        boolean,                                -- NULL: it was not told
    asked_at         timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (account, session, symbol)
);
