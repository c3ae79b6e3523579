-- What the planner takes for a row or none it joins by going through all for each: it knows neither the orders
-- of a plan nor the fills of an account that have come since its statistics were made. So both are looked up.

CREATE OR REPLACE FUNCTION ledger.send_orders() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE strays bigint; meanwhile bigint;
BEGIN
    EXECUTE $sql$
    WITH judged AS MATERIALIZED (
        SELECT s.*, o.ctid AS version, o.parent_id,
               coalesce(o.state = 'NEW' AND o.reaches_broker AND o.attempts + 1 = s.attempt, false) AS fits
        FROM sent s LEFT JOIN ledger.orders o USING (client_order_id)
    ), beginning AS MATERIALIZED (
        -- The parents of which nothing had left before.
        SELECT DISTINCT ON (p.version) p.version, j.at, j.arrival_bid, j.arrival_ask
        FROM judged j CROSS JOIN LATERAL (
            SELECT ctid AS version FROM ledger.orders p
            WHERE p.client_order_id = j.parent_id AND p.released_at IS NULL OFFSET 0
        ) p WHERE j.fits AND j.parent_id IS NOT NULL
    ), moved AS (
        -- The very version that was judged: an order that another worker moved meanwhile has a new one.
        UPDATE ledger.orders o SET
            state = 'PENDING', held = false, reason = NULL, attempts = j.attempt, released_at = j.at,
            quantity = j.quantity, order_type = j.order_type, limit_price = j.limit_price,
            arrival_bid = j.arrival_bid, arrival_ask = j.arrival_ask
        FROM judged j WHERE j.fits AND o.ctid = j.version
        RETURNING 1
    ), begun AS (
        UPDATE ledger.orders p SET
            released_at = b.at, arrival_bid = b.arrival_bid, arrival_ask = b.arrival_ask
        FROM beginning b WHERE p.ctid = b.version
        RETURNING 1
    ), told AS (
        INSERT INTO ledger.order_events (client_order_id, event, from_state, to_state, at)
        SELECT client_order_id, 'SEND', 'NEW', 'PENDING', at FROM judged WHERE fits
    )
    SELECT count(*) FILTER (WHERE NOT fits),
           count(*) FILTER (WHERE fits) - (SELECT count(*) FROM moved)
           + (SELECT count(*) FROM beginning) - (SELECT count(*) FROM begun)
    FROM judged
    $sql$ INTO strays, meanwhile;
    IF strays > 0 THEN
        RAISE EXCEPTION '% of them have left already, or are none that are sent', strays
            USING ERRCODE = 'object_not_in_prerequisite_state';
    ELSIF meanwhile > 0 THEN
        RAISE EXCEPTION 'another worker moved % orders meanwhile', meanwhile USING ERRCODE = 'serialization_failure';
    END IF;
    RETURN NULL;
END $$;

-- The executions as they stand: without those that were corrected, which each is at most once, or busted.
CREATE OR REPLACE VIEW ledger.executions AS
    SELECT f.account, f.exec_id, f.client_order_id, f.symbol, f.side, f.quantity, f.price, f.commission, f.ts,
           f.replaces, f.recorded_at
    FROM ledger.fills f
    WHERE f.quantity > 0 AND (
        SELECT later.exec_id FROM ledger.fills later
        WHERE later.account = f.account AND later.replaces = f.exec_id) IS NULL;
