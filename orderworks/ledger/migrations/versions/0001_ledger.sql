-- The ledger: the only memory of Orderworks. Money is NUMERIC, time is timestamptz, and what
-- must never be is made impossible here, whoever writes.

CREATE SCHEMA IF NOT EXISTS ledger;

CREATE TABLE ledger.accounts (
    account     text PRIMARY KEY,
    mode        text NOT NULL CHECK (mode IN ('simulated', 'paper', 'live')),
    provider    text NOT NULL,
    opened_at   timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- Runs and their frozen plans -----------------------------------------------------------------

CREATE TABLE ledger.runs (
    run_id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account     text NOT NULL REFERENCES ledger.accounts,
    run_key     text NOT NULL,
    kind        text NOT NULL,
    session     date NOT NULL,
    state       text NOT NULL DEFAULT 'STARTED'
                CHECK (state IN ('STARTED', 'PLANNED', 'DONE', 'FAILED', 'SKIPPED')),
    inputs_hash text,
    settings    jsonb NOT NULL DEFAULT '{}',
    message     text,
    starts_at   timestamptz,            -- market time of the first wave
    ends_at     timestamptz,            -- market time at which the run stops working
    open_orders bigint NOT NULL DEFAULT 0 CHECK (open_orders >= 0),     -- of its orders, how many are not closed
    created_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    planned_at  timestamptz,
    finished_at timestamptz,
    UNIQUE (account, run_key),
    CHECK ((planned_at IS NULL) = (inputs_hash IS NULL)),
    CHECK (state <> 'PLANNED' OR planned_at IS NOT NULL)
);

CREATE TABLE ledger.signals (
    run_id      bigint NOT NULL REFERENCES ledger.runs,
    row         bigint NOT NULL,
    strategy    text NOT NULL,
    symbol      text NOT NULL,
    direction   text NOT NULL CHECK (direction IN ('long', 'short', 'flat')),
    strength    numeric NOT NULL CHECK (strength BETWEEN 0 AND 1),
    price       numeric NOT NULL CHECK (price > 0),
    ts          timestamptz NOT NULL,
    content     jsonb NOT NULL,
    PRIMARY KEY (run_id, strategy, symbol)
);

CREATE TABLE ledger.quarantined_rows (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    run_id      bigint NOT NULL REFERENCES ledger.runs,
    handoff     text NOT NULL,
    row         text NOT NULL,
    rule        text NOT NULL,
    content     jsonb NOT NULL,
    at          timestamptz NOT NULL DEFAULT clock_timestamp()
);

CREATE TABLE ledger.risk_decisions (
    run_id      bigint NOT NULL REFERENCES ledger.runs,
    strategy    text NOT NULL,
    symbol      text NOT NULL,
    accepted    boolean NOT NULL,
    code        text NOT NULL,
    reason      text NOT NULL,
    saw         jsonb NOT NULL,
    PRIMARY KEY (run_id, strategy, symbol)
);

-- Orders and what happens to them ---------------------------------------------------------------

CREATE TABLE ledger.orders (
    client_order_id  text PRIMARY KEY CHECK (length(client_order_id) BETWEEN 1 AND 40),
    account          text NOT NULL,     -- its run's: ledger.check_new_orders() sees to it
    run_id           bigint NOT NULL,
    parent_id        text,              -- of a slice: the parent that is worked through it
    attached_to      text,              -- of an exit: the entry that it protects
    oca_group        text,              -- the orders of a group cancel one another
    slice_index      integer NOT NULL DEFAULT 0,
    strategy         text NOT NULL,
    symbol           text NOT NULL,
    side             text NOT NULL CHECK (side IN ('buy', 'sell')),
    planned_quantity bigint NOT NULL CHECK (planned_quantity > 0),
    quantity         bigint NOT NULL CHECK (quantity > 0),
    order_type       text NOT NULL CHECK (order_type IN ('market', 'limit', 'stop', 'stop_limit', 'trailing_stop')),
    limit_price      numeric CHECK (limit_price > 0),
    stop_price       numeric CHECK (stop_price > 0),
    trail_amount     numeric CHECK (trail_amount > 0),
    trail_percent    numeric CHECK (trail_percent > 0 AND trail_percent < 1),
    tif              text NOT NULL CHECK (tif IN ('day', 'gtc', 'gtd', 'ioc', 'fok', 'opg', 'cls')),
    good_till        timestamptz CHECK ((good_till IS NOT NULL) = (tif = 'gtd')),
    algo             text NOT NULL CHECK (algo IN ('none', 'twap', 'vwap', 'pov', 'is')),
    -- What the broker sees: a plain order, or a slice of a worked parent, but never that parent.
    reaches_broker   boolean NOT NULL GENERATED ALWAYS AS (parent_id IS NOT NULL OR algo = 'none') STORED,
    due_at           timestamptz NOT NULL,
    ends_at          timestamptz NOT NULL,
    remainder        text NOT NULL DEFAULT 'keep' CHECK (remainder IN ('keep', 'reprice', 'cancel', 'sweep')),
    cross_at         timestamptz,       -- when what is left of it crosses the spread
    reduce_only      boolean NOT NULL DEFAULT false,    -- it never sells more than is held, nor buys back more
    route_rule       text NOT NULL,
    route_saw        jsonb NOT NULL DEFAULT '{}',
    decision_price   numeric NOT NULL CHECK (decision_price > 0),
    stop_loss_price  numeric CHECK (stop_loss_price > 0),     -- of an entry: where its exits are to be
    take_profit_price numeric CHECK (take_profit_price > 0),
    signal_ts        timestamptz NOT NULL,
    state            text NOT NULL DEFAULT 'NEW' CHECK (state IN ('NEW', 'PENDING', 'SUBMITTED',
                     'PARTIALLY_FILLED', 'FILLED', 'CANCELLED', 'REJECTED', 'EXPIRED', 'UNKNOWN')),
    reason           text,
    arrival_bid      numeric,
    arrival_ask      numeric,
    attempts         integer NOT NULL DEFAULT 0,
    revision         integer NOT NULL DEFAULT 0,    -- how often the broker confirmed new terms
    broker_order_id  text,
    filled_quantity  bigint NOT NULL DEFAULT 0,
    filled_notional  numeric NOT NULL DEFAULT 0,
    commission       numeric NOT NULL DEFAULT 0,
    released_at      timestamptz,
    acknowledged_at  timestamptz,
    first_fill_at    timestamptz,
    last_fill_at     timestamptz,
    closed_at        timestamptz,
    created_at       timestamptz NOT NULL DEFAULT clock_timestamp(),
    CHECK (filled_quantity BETWEEN 0 AND quantity),
    CHECK (state <> 'FILLED' OR filled_quantity = quantity),
    CHECK ((closed_at IS NOT NULL) = (state IN ('FILLED', 'CANCELLED', 'REJECTED', 'EXPIRED'))),
    CHECK (state IN ('NEW', 'CANCELLED', 'REJECTED', 'EXPIRED') OR released_at IS NOT NULL),
    CHECK (order_type IN ('limit', 'stop_limit') OR limit_price IS NULL),
    CHECK (order_type IN ('stop', 'stop_limit') OR stop_price IS NULL),
    CHECK ((order_type = 'trailing_stop') = ((trail_amount IS NULL) <> (trail_percent IS NULL))),
    CHECK (NOT reaches_broker OR attempts = 0 OR order_type NOT IN ('limit', 'stop_limit') OR limit_price IS NOT NULL)
) WITH (fillfactor = 33);
-- Room for the versions that a page's orders go through, and no index on what changes: updates stay
-- heap-only (HOT), which halves their cost. Open orders are found by their runs instead.
CREATE VIEW ledger.open_orders AS
    SELECT o.* FROM ledger.runs r JOIN ledger.orders o ON o.run_id = r.run_id AND o.account = r.account
    WHERE r.open_orders > 0 AND o.closed_at IS NULL;
CREATE INDEX runs_with_open_orders ON ledger.runs (account) WHERE open_orders > 0;
CREATE INDEX orders_of_run ON ledger.orders (run_id);
CREATE INDEX orders_of_parent ON ledger.orders (parent_id) WHERE parent_id IS NOT NULL;
CREATE INDEX orders_of_entry ON ledger.orders (attached_to) WHERE attached_to IS NOT NULL;

CREATE TABLE ledger.order_events (
    id              bigint GENERATED ALWAYS AS IDENTITY,
    client_order_id text NOT NULL,
    event           text NOT NULL,
    from_state      text NOT NULL,
    to_state        text NOT NULL,
    at              timestamptz NOT NULL,       -- market time
    reason          text,
    quantity        bigint,                     -- the terms that a REPLACE confirms
    limit_price     numeric,
    stop_price      numeric,
    recorded_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (client_order_id, id),          -- the events of an order in their order, and no second index
    CHECK ((event = 'REPLACE') = (quantity IS NOT NULL)),
    CONSTRAINT legal_transition CHECK (from_state || ' ' || event || ' ' || to_state = ANY (ARRAY[
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
        'UNKNOWN ACKNOWLEDGE SUBMITTED', 'UNKNOWN REJECT REJECTED', 'UNKNOWN ABSENCE NEW'
    ]))
);

CREATE TABLE ledger.send_attempts (
    client_order_id text NOT NULL,
    attempt         integer NOT NULL CHECK (attempt > 0),
    token           bigint NOT NULL,            -- the fencing token under which it was permitted
    at              timestamptz NOT NULL,
    recorded_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (client_order_id, attempt)
);

-- What an order was about to become, committed before the broker was asked.
CREATE TABLE ledger.revision_attempts (
    client_order_id text NOT NULL,
    revision        integer NOT NULL CHECK (revision > 0),      -- the one that it makes if it is confirmed
    id              bigint GENERATED ALWAYS AS IDENTITY,
    token           bigint NOT NULL,            -- the fencing token under which it was permitted
    quantity        bigint NOT NULL CHECK (quantity > 0),
    limit_price     numeric CHECK (limit_price > 0),
    stop_price      numeric CHECK (stop_price > 0),
    reason          text NOT NULL,
    at              timestamptz NOT NULL,
    recorded_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (client_order_id, revision, id)
);

CREATE TABLE ledger.fills (
    account         text NOT NULL,              -- its order's: ledger.book_fills() sees to it
    exec_id         text NOT NULL,
    client_order_id text NOT NULL,
    symbol          text NOT NULL,
    side            text NOT NULL CHECK (side IN ('buy', 'sell')),
    quantity        bigint NOT NULL CHECK (quantity >= 0),
    price           numeric NOT NULL CHECK (price > 0),
    commission      numeric NOT NULL,
    ts              timestamptz NOT NULL,
    replaces        text,                       -- the earlier report of the same execution, now corrected
    recorded_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (account, exec_id),
    CHECK (quantity > 0 OR replaces IS NOT NULL)            -- a bust corrects to nothing
);
CREATE UNIQUE INDEX corrected_once ON ledger.fills (account, replaces) WHERE replaces IS NOT NULL;
-- The executions as they stand: without those that were corrected or busted.
CREATE VIEW ledger.executions AS
    SELECT f.* FROM ledger.fills f
    WHERE f.quantity > 0 AND NOT EXISTS (
        SELECT 1 FROM ledger.fills later WHERE later.account = f.account AND later.replaces = f.exec_id);
CREATE INDEX fills_of_order ON ledger.fills (client_order_id);
CREATE INDEX fills_by_time ON ledger.fills (account, ts);

-- The books -------------------------------------------------------------------------------------

CREATE TABLE ledger.positions (
    account     text NOT NULL REFERENCES ledger.accounts,
    symbol      text NOT NULL,
    quantity    bigint NOT NULL,
    cost        numeric NOT NULL,       -- net money paid for it: profit = quantity * mark - cost
    updated_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (account, symbol)
);

CREATE TABLE ledger.cash (
    account     text PRIMARY KEY REFERENCES ledger.accounts,
    balance     numeric NOT NULL,
    updated_at  timestamptz NOT NULL DEFAULT clock_timestamp()
);

CREATE TABLE ledger.snapshots (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account     text NOT NULL REFERENCES ledger.accounts,
    session     date NOT NULL,
    kind        text NOT NULL,          -- opening, start, reconciliation, close
    at          timestamptz NOT NULL,
    cash        numeric NOT NULL,
    equity      numeric,
    positions   jsonb NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX snapshots_by_time ON ledger.snapshots (account, at);

CREATE TABLE ledger.reconciliations (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account     text NOT NULL REFERENCES ledger.accounts,
    run_id      bigint REFERENCES ledger.runs,
    at          timestamptz NOT NULL,
    healed      integer NOT NULL,
    open_breaks integer NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

CREATE TABLE ledger.breaks (
    id                bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account           text NOT NULL REFERENCES ledger.accounts,
    kind              text NOT NULL,
    subject           text NOT NULL,    -- the order, symbol or account that it is about
    ours              text,
    theirs            text,
    found_at          timestamptz NOT NULL,
    reconciliation_id bigint NOT NULL REFERENCES ledger.reconciliations,
    resolved_at       timestamptz,
    resolution        text,
    CHECK ((resolved_at IS NULL) = (resolution IS NULL))
);
CREATE UNIQUE INDEX breaks_open_once ON ledger.breaks (account, kind, subject) WHERE resolved_at IS NULL;

-- Execution quality -----------------------------------------------------------------------------

CREATE TABLE ledger.order_quality (
    client_order_id       text PRIMARY KEY REFERENCES ledger.orders,
    account               text NOT NULL REFERENCES ledger.accounts,
    session               date NOT NULL,
    strategy              text NOT NULL,
    symbol                text NOT NULL,
    side                  text NOT NULL,
    order_type            text NOT NULL,
    route_rule            text NOT NULL,
    algo                  text NOT NULL,
    quantity              bigint NOT NULL,
    filled_quantity       bigint NOT NULL,
    fill_rate             double precision NOT NULL CHECK (fill_rate BETWEEN 0 AND 1),
    filled_notional       numeric NOT NULL,
    average_price         numeric,
    decision_price        numeric NOT NULL,
    arrival_price         numeric,
    limit_price           numeric,
    twap_price            double precision,
    vwap_price            double precision,
    end_price             numeric,
    slippage_limit_bps    double precision,
    slippage_limit_worst_bps double precision,     -- of a single fill: above 0, a limit was broken
    slippage_decision_bps double precision,
    slippage_arrival_bps  double precision,
    slippage_twap_bps     double precision,
    slippage_vwap_bps     double precision,
    shortfall_delay       numeric,
    shortfall_execution   numeric,
    shortfall_opportunity numeric,
    shortfall_fees        numeric,
    shortfall_total       numeric,
    shortfall_bps         double precision,
    latency_submit_ms     double precision,
    latency_ack_ms        double precision,
    latency_first_fill_ms double precision,
    latency_last_fill_ms  double precision,
    CHECK (filled_quantity <= quantity)
);
CREATE INDEX order_quality_by_session ON ledger.order_quality (account, session);

CREATE TABLE ledger.daily_quality (
    account              text NOT NULL REFERENCES ledger.accounts,
    session              date NOT NULL,
    dimension            text NOT NULL CHECK (dimension IN
                         ('day', 'strategy', 'symbol', 'order_type', 'route_rule')),
    key                  text NOT NULL,
    orders               bigint NOT NULL,
    unmeasured           bigint NOT NULL,          -- orders whose shortfall cannot be known
    quantity             bigint NOT NULL,
    filled_quantity      bigint NOT NULL,
    notional             numeric NOT NULL,
    fill_rate            double precision NOT NULL,
    slippage_decision_bps double precision,
    slippage_arrival_bps double precision,
    slippage_twap_bps    double precision,
    slippage_vwap_bps    double precision,
    shortfall_total      numeric,
    shortfall_bps        double precision,
    fees                 numeric NOT NULL,
    PRIMARY KEY (account, session, dimension, key)
);

CREATE TABLE ledger.alerts (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account         text NOT NULL REFERENCES ledger.accounts,
    kind            text NOT NULL,
    cause           text NOT NULL,      -- one alert a cause, however often it is seen
    client_order_id text,
    message         text NOT NULL,
    payload         jsonb NOT NULL,
    at              timestamptz NOT NULL,
    recorded_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
    emitted_at      timestamptz,
    UNIQUE (account, cause)
);

-- Who may send ----------------------------------------------------------------------------------

CREATE TABLE ledger.controls (
    account     text PRIMARY KEY,       -- '*' stands for every account
    killed      boolean NOT NULL,
    reason      text NOT NULL CHECK (reason <> ''),
    at          timestamptz NOT NULL DEFAULT clock_timestamp()
);

CREATE TABLE ledger.control_events (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account     text NOT NULL,
    killed      boolean NOT NULL,
    reason      text NOT NULL,
    at          timestamptz NOT NULL DEFAULT clock_timestamp()
);

CREATE TABLE ledger.leases (
    account       text PRIMARY KEY REFERENCES ledger.accounts,
    token         bigint NOT NULL CHECK (token > 0),
    holder        text NOT NULL,
    backend_pid   integer NOT NULL,     -- the holder's connection: when it is gone, so is the holder
    backend_start timestamptz NOT NULL,
    acquired_at   timestamptz NOT NULL,
    expires_at    timestamptz NOT NULL
);

-- The rules that no writer can step around ------------------------------------------------------

CREATE FUNCTION ledger.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% may not be changed: %', TG_TABLE_NAME, TG_ARGV[0] USING ERRCODE = 'restrict_violation';
END $$;

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger.order_events
    FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change('it is append-only');
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger.send_attempts
    FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change('it is append-only');
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger.revision_attempts
    FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change('it is append-only');
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger.fills
    FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change('it is append-only');
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger.control_events
    FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change('it is append-only');
CREATE TRIGGER kept BEFORE DELETE OR TRUNCATE ON ledger.orders
    FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change('orders are kept for ever');

-- By column and, where that can be, once a statement. BEFORE and FOR EACH ROW together would lock
-- every order once more, whichever column is updated.
CREATE TRIGGER state_by_events_only
    BEFORE UPDATE OF state, revision, filled_quantity, filled_notional, commission ON ledger.orders
    FOR EACH STATEMENT WHEN (pg_trigger_depth() = 0)
    EXECUTE FUNCTION ledger.refuse_change('state and fills follow from order_events and fills');
CREATE TRIGGER planned_is_fixed
    BEFORE UPDATE OF client_order_id, account, run_id, parent_id, symbol, side, planned_quantity ON ledger.orders
    FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change('what was planned or sent stays as it was');
CREATE TRIGGER sent_is_fixed
    AFTER UPDATE OF quantity, order_type, limit_price, stop_price, tif ON ledger.orders FOR EACH ROW
    WHEN (old.state <> 'NEW' AND new.revision = old.revision
          AND (old.quantity, old.order_type, old.limit_price, old.stop_price, old.tif)
          IS DISTINCT FROM (new.quantity, new.order_type, new.limit_price, new.stop_price, new.tif))
    EXECUTE FUNCTION ledger.refuse_change('what was planned or sent stays as it was');
CREATE TRIGGER counted_by_orders BEFORE UPDATE OF open_orders ON ledger.runs
    FOR EACH STATEMENT WHEN (pg_trigger_depth() = 0)
    EXECUTE FUNCTION ledger.refuse_change('its open orders are counted by what moves them');
CREATE TRIGGER mode_is_fixed BEFORE UPDATE OR DELETE ON ledger.accounts
    FOR EACH ROW EXECUTE FUNCTION ledger.refuse_change('an account keeps its mode');

-- The functions below run once a statement: a check a row costs more than the insert itself. EXECUTE
-- plans anew each time: a plan kept from when there was next to nothing is quadratic later.
CREATE FUNCTION ledger.check_new_orders() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE stray text;
BEGIN
    EXECUTE $sql$
        SELECT n.client_order_id FROM planned n
            LEFT JOIN ledger.runs r ON r.run_id = n.run_id AND r.account = n.account
            LEFT JOIN ledger.orders p ON p.client_order_id = n.parent_id
            LEFT JOIN ledger.orders e ON e.client_order_id = n.attached_to
            WHERE r.run_id IS NULL
               OR n.state <> 'NEW' OR n.filled_quantity <> 0
               OR (n.parent_id IS NOT NULL AND (p.run_id, p.symbol, p.side, p.account)
                   IS DISTINCT FROM (n.run_id, n.symbol, n.side, n.account))
               OR (n.parent_id IS NOT NULL AND p.reaches_broker)
               OR (n.attached_to IS NOT NULL AND (e.run_id, e.symbol, e.account, e.reaches_broker)
                   IS DISTINCT FROM (n.run_id, n.symbol, n.account, true))
               OR (n.attached_to IS NOT NULL AND e.side = n.side)
            LIMIT 1
    $sql$ INTO stray;
    IF stray IS NOT NULL THEN
        RAISE EXCEPTION 'order % does not fit its run, its parent or its entry', stray USING ERRCODE = 'foreign_key_violation';
    END IF;
    UPDATE ledger.runs r SET open_orders = r.open_orders + n.orders
        FROM (SELECT run_id, count(*) AS orders FROM planned GROUP BY run_id) n
        WHERE r.run_id = n.run_id;
    RETURN NULL;
END $$;
CREATE TRIGGER fits_run_and_parent AFTER INSERT ON ledger.orders
    REFERENCING NEW TABLE AS planned FOR EACH STATEMENT EXECUTE FUNCTION ledger.check_new_orders();

-- An event moves its order from where it stands; several of one order move it once.
CREATE FUNCTION ledger.apply_order_events() RETURNS trigger LANGUAGE plpgsql AS $$
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
            reason = coalesce(j.reason, o.reason),
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
CREATE TRIGGER moves_orders AFTER INSERT ON ledger.order_events
    REFERENCING NEW TABLE AS happened FOR EACH STATEMENT EXECUTE FUNCTION ledger.apply_order_events();

-- A fill moves its order, its parent, the position and the cash, or nothing at all; a correction
-- moves them by what it changes.
CREATE FUNCTION ledger.book_fills() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE stray text;
BEGIN
    EXECUTE $sql$
    WITH judged AS MATERIALIZED (
        SELECT b.*, o.parent_id,
               (o.account, o.symbol, o.side) IS NOT DISTINCT FROM (b.account, b.symbol, b.side) AS fits,
               b.quantity - coalesce(old.quantity, 0) AS shares,
               b.quantity * b.price - coalesce(old.quantity * old.price, 0) AS notional,
               b.commission - coalesce(old.commission, 0) AS paid
        FROM booked b LEFT JOIN ledger.orders o USING (client_order_id)
             LEFT JOIN ledger.fills old ON old.account = b.account AND old.exec_id = b.replaces
    ), moved AS (
        UPDATE ledger.orders o SET
            filled_quantity = o.filled_quantity + s.quantity,
            filled_notional = o.filled_notional + s.notional,
            commission = o.commission + s.commission,
            first_fill_at = least(o.first_fill_at, s.first_ts),
            last_fill_at = greatest(o.last_fill_at, s.last_ts)
        FROM (
            SELECT own.id, sum(j.shares) AS quantity, sum(j.notional) AS notional,
                   sum(j.paid) AS commission, min(j.ts) AS first_ts, max(j.ts) AS last_ts
            FROM judged j CROSS JOIN LATERAL (VALUES (j.client_order_id), (j.parent_id)) AS own (id)
            WHERE j.fits AND own.id IS NOT NULL GROUP BY own.id
        ) s WHERE o.client_order_id = s.id
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
    SELECT exec_id FROM judged WHERE NOT fits LIMIT 1
    $sql$ INTO stray;
    IF stray IS NOT NULL THEN
        RAISE EXCEPTION 'fill % does not fit its order', stray USING ERRCODE = 'foreign_key_violation';
    END IF;
    SELECT b.account INTO stray FROM booked b LEFT JOIN ledger.cash c USING (account)
        WHERE c.account IS NULL LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'account % has no opening balances that a fill could move', stray
            USING ERRCODE = 'foreign_key_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER moves_the_books AFTER INSERT ON ledger.fills
    REFERENCING NEW TABLE AS booked FOR EACH STATEMENT EXECUTE FUNCTION ledger.book_fills();

CREATE FUNCTION ledger.record_control() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO ledger.control_events (account, killed, reason) VALUES (new.account, new.killed, new.reason);
    RETURN NULL;
END $$;
CREATE TRIGGER records_control AFTER INSERT OR UPDATE ON ledger.controls
    FOR EACH ROW EXECUTE FUNCTION ledger.record_control();
