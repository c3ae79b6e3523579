-- What a person decides where evidence cannot: orders that are held, breaks that lock, positions that
-- are flattened after a kill.

-- Kill and flatten ------------------------------------------------------------------------------

ALTER TABLE ledger.controls ADD COLUMN flatten boolean NOT NULL DEFAULT false,
    ADD CHECK (killed OR NOT flatten);      -- only a killed account is flattened
ALTER TABLE ledger.control_events ADD COLUMN flatten boolean NOT NULL DEFAULT false;

CREATE OR REPLACE FUNCTION ledger.record_control() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO ledger.control_events (account, killed, flatten, reason)
        VALUES (new.account, new.killed, new.flatten, new.reason);
    RETURN NULL;
END $$;

-- Held orders -----------------------------------------------------------------------------------

-- In doubt: nothing more is done with it until evidence comes or a person decides.
ALTER TABLE ledger.orders ADD COLUMN held boolean NOT NULL DEFAULT false;
CREATE OR REPLACE VIEW ledger.open_orders AS
    SELECT o.* FROM ledger.runs r JOIN ledger.orders o ON o.run_id = r.run_id AND o.account = r.account
    WHERE r.open_orders > 0 AND o.closed_at IS NULL;

DROP TRIGGER state_by_events_only ON ledger.orders;
CREATE TRIGGER state_by_events_only
    BEFORE UPDATE OF state, held, revision, filled_quantity, filled_notional, commission ON ledger.orders
    FOR EACH STATEMENT WHEN (pg_trigger_depth() = 0)
    EXECUTE FUNCTION ledger.refuse_change('state and fills follow from order_events and fills');

ALTER TABLE ledger.order_events DROP CONSTRAINT legal_transition;
ALTER TABLE ledger.order_events ADD CONSTRAINT legal_transition CHECK (from_state || ' ' || event || ' ' || to_state = ANY (ARRAY[
        'NEW SEND PENDING', 'NEW START SUBMITTED', 'NEW REJECT REJECTED', 'NEW EXPIRE EXPIRED',
        'NEW WITHDRAW CANCELLED',
        'PENDING ACKNOWLEDGE SUBMITTED', 'PENDING REJECT REJECTED', 'PENDING SILENCE UNKNOWN',
        'SUBMITTED ACKNOWLEDGE SUBMITTED', 'SUBMITTED FILL PARTIALLY_FILLED', 'SUBMITTED COMPLETE FILLED',
        'SUBMITTED CANCEL CANCELLED', 'SUBMITTED REJECT REJECTED', 'SUBMITTED EXPIRE EXPIRED',
        'SUBMITTED SILENCE UNKNOWN', 'SUBMITTED REPLACE SUBMITTED', 'SUBMITTED REFUSE_CANCEL SUBMITTED',
        'SUBMITTED REFUSE_REPLACE SUBMITTED',
        'PARTIALLY_FILLED ACKNOWLEDGE PARTIALLY_FILLED', 'PARTIALLY_FILLED FILL PARTIALLY_FILLED',
        'PARTIALLY_FILLED COMPLETE FILLED', 'PARTIALLY_FILLED CANCEL CANCELLED',
        'PARTIALLY_FILLED EXPIRE EXPIRED', 'PARTIALLY_FILLED SILENCE UNKNOWN',
        'PARTIALLY_FILLED REPLACE PARTIALLY_FILLED', 'PARTIALLY_FILLED CORRECT PARTIALLY_FILLED',
        'PARTIALLY_FILLED BUST SUBMITTED', 'PARTIALLY_FILLED REFUSE_CANCEL PARTIALLY_FILLED',
        'PARTIALLY_FILLED REFUSE_REPLACE PARTIALLY_FILLED',
        'FILLED CORRECT CANCELLED', 'FILLED BUST CANCELLED', 'FILLED REFUSE_CANCEL FILLED',
        'FILLED REFUSE_REPLACE FILLED',
        'CANCELLED FILL CANCELLED', 'CANCELLED COMPLETE FILLED', 'CANCELLED CORRECT CANCELLED',
        'CANCELLED BUST CANCELLED', 'CANCELLED REFUSE_CANCEL CANCELLED',
        'CANCELLED REFUSE_REPLACE CANCELLED',
        'REJECTED FILL REJECTED', 'REJECTED COMPLETE FILLED', 'REJECTED CORRECT REJECTED',
        'REJECTED BUST REJECTED', 'REJECTED REFUSE_CANCEL REJECTED', 'REJECTED REFUSE_REPLACE REJECTED',
        'EXPIRED FILL EXPIRED', 'EXPIRED COMPLETE FILLED', 'EXPIRED CORRECT EXPIRED', 'EXPIRED BUST EXPIRED',
        'EXPIRED REFUSE_CANCEL EXPIRED', 'EXPIRED REFUSE_REPLACE EXPIRED',
        'UNKNOWN ACKNOWLEDGE SUBMITTED', 'UNKNOWN REJECT REJECTED', 'UNKNOWN ABSENCE NEW',
        'NEW REPLACE NEW',
        'UNKNOWN HOLD UNKNOWN', 'UNKNOWN ADOPT SUBMITTED', 'UNKNOWN ABANDON CANCELLED',
        'SUBMITTED HOLD SUBMITTED', 'SUBMITTED ADOPT SUBMITTED', 'SUBMITTED ABANDON CANCELLED',
        'PARTIALLY_FILLED HOLD PARTIALLY_FILLED', 'PARTIALLY_FILLED ADOPT PARTIALLY_FILLED',
        'PARTIALLY_FILLED ABANDON CANCELLED'
    ]));

-- An event moves its order from where it stands; several of one order move it once.
CREATE OR REPLACE FUNCTION ledger.apply_order_events() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE stray text; meanwhile bigint;
BEGIN
    EXECUTE $sql$
    WITH steps AS (
        SELECT *, lag(to_state) OVER own AS reached, lead(id) OVER own IS NULL AS is_last
        FROM happened WINDOW own AS (PARTITION BY client_order_id ORDER BY id)
    ), moves AS (
        SELECT client_order_id,
               min(from_state) FILTER (WHERE reached IS NULL) AS from_state,
               bool_and(from_state = coalesce(reached, from_state)) AS is_chain,
               bool_or(event = 'SEND') AS sends,
               bool_or(event = 'START') AS starts,
               min(to_state) FILTER (WHERE is_last) AS to_state,
               min(event) FILTER (WHERE is_last) AS last_event,
               min(reason) FILTER (WHERE is_last) AS reason,
               min(at) FILTER (WHERE is_last) AS at,
               min(at) FILTER (WHERE event IN ('SEND', 'START')) AS sent_at,
               min(at) FILTER (WHERE event IN ('ACKNOWLEDGE', 'START')) AS acknowledged_at,
               count(*) FILTER (WHERE event = 'REPLACE') AS replaced,
               (array_agg(quantity ORDER BY id DESC) FILTER (WHERE event = 'REPLACE'))[1] AS quantity,
               (array_agg(limit_price ORDER BY id DESC) FILTER (WHERE event = 'REPLACE'))[1] AS limit_price,
               (array_agg(stop_price ORDER BY id DESC) FILTER (WHERE event = 'REPLACE'))[1] AS stop_price
        FROM steps GROUP BY client_order_id
    ), judged AS MATERIALIZED (
        SELECT m.*, o.ctid AS version, o.run_id,
               o.closed_at IS NULL AND m.to_state IN ('FILLED', 'CANCELLED', 'REJECTED', 'EXPIRED') AS closes,
               m.is_chain AND m.from_state IS NOT DISTINCT FROM o.state
               AND NOT CASE WHEN o.reaches_broker THEN m.starts ELSE m.sends END AS fits
        FROM moves m LEFT JOIN ledger.orders o USING (client_order_id)
    ), moved AS (
        -- The very version that was judged: an order that another worker moved meanwhile has a new one.
        UPDATE ledger.orders o SET
            state = j.to_state,
            held = CASE WHEN j.last_event IN ('REFUSE_CANCEL', 'REFUSE_REPLACE') THEN o.held
                        ELSE j.last_event = 'HOLD' END,
            -- Why it stands where it stands: what moves it on without a reason leaves none behind.
            reason = coalesce(j.reason, CASE WHEN j.to_state = o.state THEN o.reason END),
            released_at = coalesce(o.released_at, j.sent_at),
            acknowledged_at = coalesce(o.acknowledged_at, j.acknowledged_at),
            closed_at = CASE WHEN j.to_state IN ('FILLED', 'CANCELLED', 'REJECTED', 'EXPIRED')
                             THEN coalesce(o.closed_at, j.at) END,
            revision = o.revision + j.replaced,
            quantity = coalesce(j.quantity, o.quantity),
            limit_price = CASE WHEN j.replaced > 0 THEN j.limit_price ELSE o.limit_price END,
            stop_price = CASE WHEN j.replaced > 0 THEN j.stop_price ELSE o.stop_price END
        FROM judged j WHERE j.fits AND o.ctid = j.version
        RETURNING 1
    ), counted AS (
        UPDATE ledger.runs r SET open_orders = r.open_orders - c.orders
        FROM (SELECT run_id, count(*) AS orders FROM judged WHERE closes GROUP BY run_id) c
        WHERE r.run_id = c.run_id
    )
    SELECT (SELECT client_order_id FROM judged WHERE NOT fits LIMIT 1),
           (SELECT count(*) FROM judged) - (SELECT count(*) FROM moved)
    $sql$ INTO stray, meanwhile;
    IF stray IS NOT NULL THEN
        RAISE EXCEPTION 'an event of order % does not fit it, or where it stands', stray
            USING ERRCODE = 'check_violation';
    ELSIF meanwhile > 0 THEN
        RAISE EXCEPTION 'another worker moved % orders meanwhile', meanwhile USING ERRCODE = 'serialization_failure';
    END IF;
    RETURN NULL;
END $$;

-- Breaks that lock ------------------------------------------------------------------------------

-- The symbol that a break is about; NULL: the account.
ALTER TABLE ledger.breaks ADD COLUMN symbol text;
-- A person has seen it and taken the broker's side as it stood: the same difference is no break again.
ALTER TABLE ledger.breaks ADD COLUMN accepted boolean NOT NULL DEFAULT false,
    ADD CHECK (NOT accepted OR resolved_at IS NOT NULL);

-- What a person booked to take the broker's side of a position or of the cash: a deposit, a transfer,
-- a trade by hand. Never a fill.
CREATE TABLE ledger.adjustments (
    break_id        bigint PRIMARY KEY REFERENCES ledger.breaks,
    account         text NOT NULL REFERENCES ledger.accounts,
    symbol          text,                       -- NULL: the cash
    quantity_change bigint NOT NULL,
    cash_change     numeric NOT NULL,
    reason          text NOT NULL CHECK (reason <> ''),
    at              timestamptz NOT NULL,
    recorded_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
    CHECK (CASE WHEN symbol IS NULL THEN quantity_change = 0 ELSE cash_change = 0 END)
);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger.adjustments
    FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change('it is append-only');

-- Shares come in at no cost of their own: what they were paid with is an adjustment of the cash.
CREATE FUNCTION ledger.book_adjustments() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO ledger.positions AS p (account, symbol, quantity, cost)
        VALUES (new.account, new.symbol, new.quantity_change, 0)
        ON CONFLICT (account, symbol) DO UPDATE SET
            quantity = p.quantity + excluded.quantity, updated_at = clock_timestamp();
    RETURN NULL;
END $$;
CREATE TRIGGER moves_positions AFTER INSERT ON ledger.adjustments
    FOR EACH ROW WHEN (new.symbol IS NOT NULL) EXECUTE FUNCTION ledger.book_adjustments();
CREATE FUNCTION ledger.book_cash_adjustments() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE ledger.cash SET balance = balance + new.cash_change, updated_at = clock_timestamp()
        WHERE account = new.account;
    RETURN NULL;
END $$;
CREATE TRIGGER moves_cash AFTER INSERT ON ledger.adjustments
    FOR EACH ROW WHEN (new.symbol IS NULL) EXECUTE FUNCTION ledger.book_cash_adjustments();
