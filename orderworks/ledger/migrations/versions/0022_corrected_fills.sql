-- What a fill corrects is found by its key, however many fills there are.
CREATE OR REPLACE FUNCTION ledger.book_fills() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE stray text; unmoved bigint;
BEGIN
    EXECUTE $sql$
    WITH judged AS MATERIALIZED (
        SELECT b.*, o.parent_id, o.run_id, o.state,
               (o.account, o.symbol, o.side) IS NOT DISTINCT FROM (b.account, b.symbol, b.side)
               AND (b.event IS NULL OR o.state IN ('SUBMITTED', 'PARTIALLY_FILLED')) AS fits,
               b.quantity - coalesce(old.quantity, 0) AS shares,
               b.quantity * b.price - coalesce(old.quantity * old.price, 0) AS notional,
               b.commission - coalesce(old.commission, 0) AS paid
        FROM booked b LEFT JOIN ledger.orders o USING (client_order_id)
             -- Looked up one by one: few fills are corrections, and a join would read all that there are.
             LEFT JOIN LATERAL (
                 SELECT quantity, price, commission FROM ledger.fills f
                 WHERE b.replaces IS NOT NULL AND f.account = b.account AND f.exec_id = b.replaces
                 OFFSET 0
             ) old ON true
    ), summed AS MATERIALIZED (
        SELECT own.id, sum(j.shares) AS quantity, sum(j.notional) AS notional, sum(j.paid) AS commission,
               min(j.ts) AS first_ts, max(j.ts) AS last_ts,
               CASE max(CASE own.event WHEN 'COMPLETE' THEN 2 WHEN 'FILL' THEN 1 END)
                    WHEN 2 THEN 'FILLED' WHEN 1 THEN 'PARTIALLY_FILLED' END AS to_state,
               max(j.ts) FILTER (WHERE own.event = 'COMPLETE') AS completed_at
        FROM judged j
             CROSS JOIN LATERAL (VALUES (j.client_order_id, j.event), (j.parent_id, NULL)) AS own (id, event)
        WHERE j.fits AND own.id IS NOT NULL GROUP BY own.id
    ), moved AS (
        UPDATE ledger.orders o SET
            filled_quantity = o.filled_quantity + s.quantity,
            filled_notional = o.filled_notional + s.notional,
            commission = o.commission + s.commission,
            first_fill_at = least(o.first_fill_at, s.first_ts),
            last_fill_at = greatest(o.last_fill_at, s.last_ts),
            state = coalesce(s.to_state, o.state),
            held = o.held AND s.to_state IS NULL,
            reason = CASE WHEN coalesce(s.to_state, o.state) = o.state THEN o.reason END,
            closed_at = coalesce(o.closed_at, s.completed_at)
        FROM summed s
        WHERE o.client_order_id = s.id
              -- As it stands now: another worker may have ended it since it was judged.
              AND (s.to_state IS NULL OR o.state IN ('SUBMITTED', 'PARTIALLY_FILLED'))
        RETURNING 1
    ), told AS (
        INSERT INTO ledger.order_events (client_order_id, event, from_state, to_state, at)
        SELECT client_order_id, event,
               CASE WHEN lag(event) OVER (PARTITION BY client_order_id ORDER BY number) IS NULL THEN state
                    ELSE 'PARTIALLY_FILLED' END,
               CASE event WHEN 'COMPLETE' THEN 'FILLED' ELSE 'PARTIALLY_FILLED' END, ts
        FROM judged WHERE fits AND event IS NOT NULL ORDER BY number
    ), counted AS (
        UPDATE ledger.runs r SET open_orders = r.open_orders - c.orders
        FROM (SELECT run_id, count(*) AS orders FROM judged WHERE fits AND event = 'COMPLETE' GROUP BY run_id) c
        WHERE r.run_id = c.run_id
    ), held AS (
        INSERT INTO ledger.positions AS p (account, symbol, quantity, cost)
            SELECT account, symbol,
                   sum(CASE side WHEN 'buy' THEN shares ELSE -shares END),
                   sum(CASE side WHEN 'buy' THEN notional ELSE -notional END)
            FROM judged WHERE fits GROUP BY account, symbol
            ON CONFLICT (account, symbol) DO UPDATE SET
                quantity = p.quantity + excluded.quantity, cost = p.cost + excluded.cost,
                updated_at = clock_timestamp()
    ), paid AS (
        UPDATE ledger.cash c SET balance = c.balance + s.change, updated_at = clock_timestamp()
            FROM (SELECT account, sum(CASE side WHEN 'buy' THEN -notional ELSE notional END - paid) AS change
                  FROM judged WHERE fits GROUP BY account) s
            WHERE c.account = s.account
    )
    SELECT (SELECT exec_id FROM judged WHERE NOT fits LIMIT 1),
           (SELECT count(*) FROM summed) - (SELECT count(*) FROM moved)
    $sql$ INTO stray, unmoved;
    IF stray IS NOT NULL THEN
        RAISE EXCEPTION 'fill % does not fit its order', stray USING ERRCODE = 'foreign_key_violation';
    ELSIF unmoved > 0 THEN
        RAISE EXCEPTION 'another worker moved % orders meanwhile', unmoved USING ERRCODE = 'serialization_failure';
    END IF;
    SELECT b.account INTO stray FROM booked b LEFT JOIN ledger.cash c USING (account)
        WHERE c.account IS NULL LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'account % has no opening balances that a fill could move', stray
            USING ERRCODE = 'foreign_key_violation';
    END IF;
    RETURN NULL;
END $$;
