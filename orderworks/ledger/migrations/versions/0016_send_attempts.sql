-- A send attempt keeps what is sent, and is what moves the order: one row, one version of the order.

ALTER TABLE ledger.send_attempts
    ADD COLUMN quantity bigint CHECK (quantity > 0),        -- NULL in attempts that are older than this
    ADD COLUMN order_type text,
    ADD COLUMN limit_price numeric CHECK (limit_price > 0),
    ADD COLUMN arrival_bid numeric,
    ADD COLUMN arrival_ask numeric;

CREATE FUNCTION ledger.send_orders() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE strays bigint; meanwhile bigint;
BEGIN
    EXECUTE $sql$
    WITH judged AS MATERIALIZED (
        SELECT s.*, o.ctid AS version, o.parent_id,
               coalesce(o.state = 'NEW' AND o.reaches_broker AND o.attempts + 1 = s.attempt, false) AS fits
        FROM sent s LEFT JOIN ledger.orders o USING (client_order_id)
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
            released_at = j.at, arrival_bid = j.arrival_bid, arrival_ask = j.arrival_ask
        FROM judged j WHERE j.fits AND p.client_order_id = j.parent_id AND p.released_at IS NULL
    ), told AS (
        INSERT INTO ledger.order_events (client_order_id, event, from_state, to_state, at)
        SELECT client_order_id, 'SEND', 'NEW', 'PENDING', at FROM judged WHERE fits
    )
    SELECT count(*) FILTER (WHERE NOT fits), count(*) FILTER (WHERE fits) - (SELECT count(*) FROM moved)
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
CREATE TRIGGER sends_orders AFTER INSERT ON ledger.send_attempts
    REFERENCING NEW TABLE AS sent FOR EACH STATEMENT EXECUTE FUNCTION ledger.send_orders();

-- What a send attempt tells, it has done.
DROP TRIGGER moves_orders ON ledger.order_events;
CREATE TRIGGER moves_orders AFTER INSERT ON ledger.order_events
    REFERENCING NEW TABLE AS happened FOR EACH STATEMENT WHEN (pg_trigger_depth() = 0)
    EXECUTE FUNCTION ledger.apply_order_events();
