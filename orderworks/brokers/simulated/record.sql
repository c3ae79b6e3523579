-- What the simulated exchange knows, in a schema of its own: the ledger's side never reads it,
-- so that it can be asked after a crash what really reached it.

CREATE SCHEMA IF NOT EXISTS exchange;

CREATE TABLE IF NOT EXISTS exchange.accounts (
    account  text PRIMARY KEY,
    reached  timestamptz NOT NULL,      -- the market time that the exchange has gone through
    cash     numeric NOT NULL,
    orders   bigint NOT NULL            -- how many orders were ever received
);

-- Every order that was received, as often as it was: two of one name are two orders here. Its account is
-- there before it, and a reference to it would be looked up for each of thousands of rows.
CREATE TABLE IF NOT EXISTS exchange.orders (
    account           text NOT NULL,
    number            bigint NOT NULL,
    client_order_id   text NOT NULL,
    symbol            text NOT NULL,
    side              text NOT NULL,
    quantity          bigint NOT NULL,
    order_type        text NOT NULL,
    limit_price       numeric,
    tif               text NOT NULL,
    received_at       timestamptz NOT NULL,
    volume_at_arrival bigint NOT NULL,
    month_shares      bigint NOT NULL,
    state             text NOT NULL,
    reason            text,
    filled_quantity   bigint NOT NULL,
    filled_value      numeric NOT NULL,
    executions        integer NOT NULL,
    changed_at        timestamptz NOT NULL,
    stop_price        numeric,          -- the trigger; that of a trailing stop moves
    trail_amount      numeric,
    trail_percent     numeric,
    good_till         timestamptz,
    oca_group         text,
    attached_to       text,
    entry             bigint,           -- the number of the order that this one is an exit of
    arrived_at        timestamptz,      -- when it came to its place in the book
    triggered         boolean NOT NULL,
    watermark         numeric,          -- the best trade that a trailing stop has followed
    queue_ahead       bigint,           -- displayed shares ahead of it, once some were displayed
    PRIMARY KEY (account, number)
) WITH (fillfactor = 70);
CREATE INDEX IF NOT EXISTS exchange_orders_by_entry
    ON exchange.orders (account, entry) WHERE entry IS NOT NULL;
CREATE INDEX IF NOT EXISTS exchange_orders_by_group
    ON exchange.orders (account, oca_group) WHERE oca_group IS NOT NULL;
CREATE INDEX IF NOT EXISTS exchange_orders_by_name ON exchange.orders (account, client_order_id);

-- By how much filled_quantity is more in today's shares: after a split, what exits may fill together.
ALTER TABLE exchange.orders ADD COLUMN IF NOT EXISTS split_gain bigint NOT NULL DEFAULT 0;

CREATE TABLE IF NOT EXISTS exchange.fills (
    account         text NOT NULL,
    exec_id         text NOT NULL,
    number          bigint NOT NULL,
    client_order_id text NOT NULL,
    symbol          text NOT NULL,
    side            text NOT NULL,
    quantity        bigint NOT NULL,
    price           numeric NOT NULL,
    commission      numeric NOT NULL,
    ts              timestamptz NOT NULL,
    PRIMARY KEY (account, exec_id)
);
CREATE INDEX IF NOT EXISTS exchange_fills_by_time ON exchange.fills (account, ts);

CREATE TABLE IF NOT EXISTS exchange.positions (
    account   text NOT NULL,
    symbol    text NOT NULL,
    quantity  bigint NOT NULL,
    cost      numeric NOT NULL,
    PRIMARY KEY (account, symbol)
);

-- Reports of executions, and of ends (no exec_id), that have not reached the client yet.
CREATE TABLE IF NOT EXISTS exchange.reports_on_their_way (
    account  text NOT NULL REFERENCES exchange.accounts,
    place    integer NOT NULL,
    number   bigint NOT NULL,
    exec_id  text,
    said_at  timestamptz NOT NULL,
    PRIMARY KEY (account, place)
);

-- What issuers did to their shares, as the account was moved by it: once each.
CREATE TABLE IF NOT EXISTS exchange.corporate_actions (
    account         text NOT NULL REFERENCES exchange.accounts,
    action_id       text NOT NULL,
    ex_date         date NOT NULL,
    symbol          text NOT NULL,
    kind            text NOT NULL,
    new_shares      bigint,             -- of a split: so many for old_shares
    old_shares      bigint,
    amount          numeric,            -- of a dividend: money a share
    quantity_change bigint NOT NULL,
    cash_change     numeric NOT NULL,
    at              timestamptz NOT NULL,
    PRIMARY KEY (account, ex_date, symbol, kind)
);

-- Of an account whose books are going on to its market time one after another: those of the symbols behind
-- this one have come no further than ``since``, and go on before anything else happens.
CREATE TABLE IF NOT EXISTS exchange.laggards (
    account  text PRIMARY KEY REFERENCES exchange.accounts,
    since    timestamptz NOT NULL,
    behind   text NOT NULL
);
