-- A broker's own numbers of orders: of each client, every one higher than those before. A number stands
-- for one order for ever; an order that is sent again may get another.

CREATE TABLE ledger.broker_numbers (
    account         text NOT NULL REFERENCES ledger.accounts,
    client_id       integer NOT NULL CHECK (client_id >= 0),
    number          integer NOT NULL CHECK (number > 0),
    client_order_id text NOT NULL,
    recorded_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (account, client_id, number)        -- its end is the high-water mark
);
CREATE INDEX broker_numbers_of_order ON ledger.broker_numbers (client_order_id);

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger.broker_numbers
    FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change('it is append-only');
