-- Execution quality by order and by fill, a partition a month; by week and month beside by day; and what
-- is needed to see that a day's executions changed after it was measured.

-- Measured orders and fills ---------------------------------------------------------------------

-- They are made from orders and fills, and can be made again: so they refer to neither. A foreign key
-- would lock orders for every new month, in the middle of trading.
ALTER TABLE ledger.order_quality RENAME TO order_quality_before;
ALTER TABLE ledger.order_quality_before RENAME CONSTRAINT order_quality_pkey TO order_quality_before_pkey;
ALTER INDEX ledger.order_quality_by_session RENAME TO order_quality_before_by_session;

CREATE TABLE ledger.order_quality (
    account               text NOT NULL,
    session               date NOT NULL,
    client_order_id       text NOT NULL,
    strategy              text NOT NULL,
    symbol                text NOT NULL,
    side                  text NOT NULL,
    order_type            text NOT NULL,
    route_rule            text NOT NULL,
    algo                  text NOT NULL,
    hour                  smallint NOT NULL CHECK (hour BETWEEN 0 AND 23),     -- New York's, at release
    size_bucket           text NOT NULL
                          CHECK (size_bucket IN ('<0.1%', '0.1-1%', '1-5%', '>5%', 'unknown')),
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
    open_price            numeric,
    close_price           numeric,
    end_price             numeric,
    slippage_limit_bps    double precision,
    slippage_limit_worst_bps double precision,     -- of a single fill: above 0, a limit was broken
    slippage_decision_bps double precision,
    slippage_arrival_bps  double precision,
    slippage_twap_bps     double precision,
    slippage_vwap_bps     double precision,
    slippage_open_bps     double precision,
    slippage_close_bps    double precision,
    effective_spread_bps  double precision,
    realized_spread_bps   double precision,
    price_impact_bps      double precision,
    price_improvement_bps double precision,
    spread_capture        double precision,
    markout_1s_bps        double precision,
    markout_10s_bps       double precision,
    markout_1m_bps        double precision,
    markout_5m_bps        double precision,
    markout_30m_bps       double precision,
    participation         double precision,
    market_adjusted_bps   double precision,
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
    PRIMARY KEY (account, session, client_order_id),
    CHECK (filled_quantity <= quantity)
) PARTITION BY RANGE (session);
CREATE INDEX quality_of_order ON ledger.order_quality (client_order_id);

-- Made to be summed up by the million: what has a fixed width stands first, as a row is read from its
-- beginning, and what only weighs or compares is a float. Prices and commissions are exact.
CREATE TABLE ledger.fill_quality (
    session               date NOT NULL,
    hour                  smallint NOT NULL CHECK (hour BETWEEN 0 AND 23),     -- of its parent's release
    quantity              bigint NOT NULL,
    ts                    timestamptz NOT NULL,
    paid                  double precision NOT NULL,    -- price * quantity: what it weighs
    arrival_price         double precision,
    bid                   double precision,
    ask                   double precision,
    slippage_arrival_bps  double precision,
    slippage_limit_bps    double precision,
    slippage_decision_bps double precision,
    slippage_twap_bps     double precision,
    slippage_vwap_bps     double precision,
    slippage_open_bps     double precision,
    slippage_close_bps    double precision,
    effective_spread_bps  double precision,
    realized_spread_bps   double precision,
    price_impact_bps      double precision,
    price_improvement_bps double precision,
    spread_capture        double precision,
    markout_1s_bps        double precision,
    markout_10s_bps       double precision,
    markout_1m_bps        double precision,
    markout_5m_bps        double precision,
    markout_30m_bps       double precision,
    market_adjusted_bps   double precision,
    account               text NOT NULL,
    symbol                text NOT NULL,
    route_rule            text NOT NULL,
    side                  text NOT NULL,
    strategy              text NOT NULL,
    order_type            text NOT NULL,
    algo                  text NOT NULL,
    size_bucket           text NOT NULL
                          CHECK (size_bucket IN ('<0.1%', '0.1-1%', '1-5%', '>5%', 'unknown')),
    parent_id             text NOT NULL,
    client_order_id       text NOT NULL,
    exec_id               text NOT NULL,
    price                 numeric NOT NULL,
    commission            numeric NOT NULL,
    PRIMARY KEY (account, session, exec_id)
) PARTITION BY RANGE (session);
CREATE INDEX fill_quality_of_parent ON ledger.fill_quality (parent_id);

-- The partitions of a day's month, made if they are not there. Two writers at once take turns; attaching,
-- unlike creating a partition in its place, lets others go on reading and writing the months that are there.
CREATE FUNCTION ledger.open_quality_month(day date) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    month date := date_trunc('month', day);
    whole text;
    part text;
BEGIN
    FOREACH whole IN ARRAY ARRAY['order_quality', 'fill_quality'] LOOP
        part := whole || to_char(month, '_YYYY_MM');
        CONTINUE WHEN to_regclass('ledger.' || part) IS NOT NULL;
        PERFORM pg_advisory_xact_lock(x'0DE50013'::int);
        -- What another has committed meanwhile is in the catalogue, but not yet in what a name is looked up in.
        PERFORM 1 FROM pg_class WHERE relname = part AND relnamespace = 'ledger'::regnamespace;
        CONTINUE WHEN FOUND;
        EXECUTE format('CREATE TABLE ledger.%I (LIKE ledger.%I INCLUDING ALL)', part, whole);
        EXECUTE format('ALTER TABLE ledger.%I ATTACH PARTITION ledger.%I FOR VALUES FROM (%L) TO (%L)',
                       whole, part, month, month + interval '1 month');
    END LOOP;
END $$;

SELECT ledger.open_quality_month(month)
    FROM (SELECT DISTINCT date_trunc('month', session)::date AS month FROM ledger.order_quality_before) m;
INSERT INTO ledger.order_quality (
        account, session, client_order_id, strategy, symbol, side, order_type, route_rule, algo, hour,
        size_bucket, quantity, filled_quantity, fill_rate, filled_notional, average_price, decision_price,
        arrival_price, limit_price, twap_price, vwap_price, end_price, slippage_limit_bps,
        slippage_limit_worst_bps, slippage_decision_bps, slippage_arrival_bps, slippage_twap_bps,
        slippage_vwap_bps, shortfall_delay, shortfall_execution, shortfall_opportunity, shortfall_fees,
        shortfall_total, shortfall_bps, latency_submit_ms, latency_ack_ms, latency_first_fill_ms,
        latency_last_fill_ms)
    SELECT b.account, b.session, b.client_order_id, b.strategy, b.symbol, b.side, b.order_type, b.route_rule,
           b.algo, extract(hour FROM o.released_at AT TIME ZONE 'America/New_York'), 'unknown', b.quantity,
           b.filled_quantity, b.fill_rate, b.filled_notional, b.average_price, b.decision_price,
           b.arrival_price, b.limit_price, b.twap_price, b.vwap_price, b.end_price, b.slippage_limit_bps,
           b.slippage_limit_worst_bps, b.slippage_decision_bps, b.slippage_arrival_bps, b.slippage_twap_bps,
           b.slippage_vwap_bps, b.shortfall_delay, b.shortfall_execution, b.shortfall_opportunity,
           b.shortfall_fees, b.shortfall_total, b.shortfall_bps, b.latency_submit_ms, b.latency_ack_ms,
           b.latency_first_fill_ms, b.latency_last_fill_ms
    FROM ledger.order_quality_before b JOIN ledger.orders o USING (client_order_id);

-- By day, by week, by month ---------------------------------------------------------------------

ALTER TABLE ledger.daily_quality
    DROP CONSTRAINT daily_quality_dimension_check,
    ADD CONSTRAINT daily_quality_dimension_check CHECK (dimension IN ('day', 'strategy', 'symbol', 'side',
        'route_rule', 'order_type', 'algo', 'hour', 'size_bucket')),
    ADD COLUMN fills                 bigint,
    ADD COLUMN slippage_limit_bps    double precision,
    ADD COLUMN slippage_open_bps     double precision,
    ADD COLUMN slippage_close_bps    double precision,
    ADD COLUMN effective_spread_bps  double precision,
    ADD COLUMN realized_spread_bps   double precision,
    ADD COLUMN price_impact_bps      double precision,
    ADD COLUMN price_improvement_bps double precision,
    ADD COLUMN spread_capture        double precision,
    ADD COLUMN markout_1s_bps        double precision,
    ADD COLUMN markout_10s_bps       double precision,
    ADD COLUMN markout_1m_bps        double precision,
    ADD COLUMN markout_5m_bps        double precision,
    ADD COLUMN markout_30m_bps       double precision,
    ADD COLUMN participation         double precision,
    ADD COLUMN market_adjusted_bps   double precision;

CREATE TABLE ledger.period_quality (
    LIKE ledger.daily_quality,
    period      text NOT NULL CHECK (period IN ('week', 'month')),
    starts      date NOT NULL,          -- a Monday, or the first of a month
    CHECK (dimension IN ('all', 'day', 'strategy', 'symbol', 'side', 'route_rule', 'order_type', 'algo',
        'hour', 'size_bucket')),
    CHECK (date_trunc(period, starts::timestamp) = starts),
    PRIMARY KEY (account, period, starts, dimension, key)
);
ALTER TABLE ledger.period_quality DROP COLUMN session;

-- What changed after a day was measured ----------------------------------------------------------

CREATE TABLE ledger.measured_sessions (
    account     text NOT NULL REFERENCES ledger.accounts,
    session     date NOT NULL,
    measured_at timestamptz NOT NULL,   -- market time
    until_fill  bigint NOT NULL,        -- the number of the account's last fill that was booked by then
    PRIMARY KEY (account, session)
);
-- Up to which fill an account's were looked through for those of days that were measured before.
CREATE TABLE ledger.examined_fills (
    account     text PRIMARY KEY REFERENCES ledger.accounts,
    number      bigint NOT NULL
);
INSERT INTO ledger.measured_sessions
    SELECT b.account, b.session, clock_timestamp(), coalesce(f.number, 0)
    FROM (SELECT DISTINCT account, session FROM ledger.order_quality_before) b
    LEFT JOIN LATERAL (SELECT max(number) AS number FROM ledger.fills WHERE account = b.account) f ON true;
INSERT INTO ledger.examined_fills SELECT account, max(until_fill) FROM ledger.measured_sessions GROUP BY 1;

DROP TABLE ledger.order_quality_before;
