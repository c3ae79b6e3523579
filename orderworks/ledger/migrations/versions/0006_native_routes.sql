-- Orders that a broker works by an algorithm of its own, and those that follow the middle of the quote.

ALTER TABLE ledger.orders
    -- How the broker's algorithm is to work it, as planned: the same whenever it is sent again.
    ADD COLUMN native jsonb,
    DROP CONSTRAINT orders_algo_check,
    ADD CONSTRAINT orders_algo_check CHECK (algo IN ('none', 'twap', 'vwap', 'pov', 'is',
        'ibkr_twap', 'ibkr_vwap', 'ibkr_adaptive')),
    ADD CONSTRAINT native_algo CHECK (native IS NULL OR starts_with(algo, 'ibkr_')),
    DROP CONSTRAINT orders_order_type_check,
    ADD CONSTRAINT orders_order_type_check CHECK (order_type IN ('market', 'limit', 'stop', 'stop_limit',
        'trailing_stop', 'midprice')),
    -- That only what is priced at a limit has one; of a midprice order it is how far it may follow.
    DROP CONSTRAINT orders_check5,
    ADD CONSTRAINT orders_check5 CHECK (order_type IN ('limit', 'stop_limit', 'midprice') OR limit_price IS NULL);

CREATE OR REPLACE VIEW ledger.open_orders AS
    SELECT o.* FROM ledger.runs r JOIN ledger.orders o ON o.run_id = r.run_id AND o.account = r.account
    WHERE r.open_orders > 0 AND o.closed_at IS NULL;
