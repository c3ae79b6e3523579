-- What each child cost: its fills summed up, each measure weighted by what it is a ratio of, as
-- orderworks.quality.aggregating has it of parents and days.

-- The value of a fill at the benchmark that it cost so many basis points against.
CREATE FUNCTION ledger.at_benchmark(paid double precision, side text, cost_bps double precision)
    RETURNS double precision LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN paid / (1 + CASE side WHEN 'buy' THEN 1 ELSE -1 END * cost_bps / 1e4);

CREATE VIEW ledger.child_quality AS
    SELECT account, session, client_order_id, parent_id, strategy, symbol, side, order_type, route_rule, algo,
        hour, size_bucket,
        count(*) AS fills,
        sum(quantity)::bigint AS quantity,
        sum(price * quantity) AS notional,
        sum(price * quantity) / sum(quantity) AS average_price,
        sum(commission) AS commission,
        min(ts) AS first_fill_at,
        max(ts) AS last_fill_at,
        sum(slippage_limit_bps * ledger.at_benchmark(paid, side, slippage_limit_bps))
            / nullif(sum(ledger.at_benchmark(paid, side, slippage_limit_bps)), 0) AS slippage_limit_bps,
        sum(slippage_decision_bps * ledger.at_benchmark(paid, side, slippage_decision_bps))
            / nullif(sum(ledger.at_benchmark(paid, side, slippage_decision_bps)), 0) AS slippage_decision_bps,
        sum(slippage_arrival_bps * ledger.at_benchmark(paid, side, slippage_arrival_bps))
            / nullif(sum(ledger.at_benchmark(paid, side, slippage_arrival_bps)), 0) AS slippage_arrival_bps,
        sum(slippage_twap_bps * ledger.at_benchmark(paid, side, slippage_twap_bps))
            / nullif(sum(ledger.at_benchmark(paid, side, slippage_twap_bps)), 0) AS slippage_twap_bps,
        sum(slippage_vwap_bps * ledger.at_benchmark(paid, side, slippage_vwap_bps))
            / nullif(sum(ledger.at_benchmark(paid, side, slippage_vwap_bps)), 0) AS slippage_vwap_bps,
        sum(slippage_open_bps * ledger.at_benchmark(paid, side, slippage_open_bps))
            / nullif(sum(ledger.at_benchmark(paid, side, slippage_open_bps)), 0) AS slippage_open_bps,
        sum(slippage_close_bps * ledger.at_benchmark(paid, side, slippage_close_bps))
            / nullif(sum(ledger.at_benchmark(paid, side, slippage_close_bps)), 0) AS slippage_close_bps,
        sum(effective_spread_bps * (bid + ask) * quantity)
            / nullif(sum((bid + ask) * quantity) FILTER (WHERE effective_spread_bps IS NOT NULL), 0) AS effective_spread_bps,
        sum(realized_spread_bps * (bid + ask) * quantity)
            / nullif(sum((bid + ask) * quantity) FILTER (WHERE realized_spread_bps IS NOT NULL), 0) AS realized_spread_bps,
        sum(price_impact_bps * (bid + ask) * quantity)
            / nullif(sum((bid + ask) * quantity) FILTER (WHERE price_impact_bps IS NOT NULL), 0) AS price_impact_bps,
        sum(price_improvement_bps * (bid + ask) * quantity)
            / nullif(sum((bid + ask) * quantity) FILTER (WHERE price_improvement_bps IS NOT NULL), 0) AS price_improvement_bps,
        sum(spread_capture * (ask - bid) * quantity)
            / nullif(sum((ask - bid) * quantity) FILTER (WHERE spread_capture IS NOT NULL), 0) AS spread_capture,
        sum(markout_1s_bps * paid) / nullif(sum(paid) FILTER (WHERE markout_1s_bps IS NOT NULL), 0) AS markout_1s_bps,
        sum(markout_10s_bps * paid) / nullif(sum(paid) FILTER (WHERE markout_10s_bps IS NOT NULL), 0) AS markout_10s_bps,
        sum(markout_1m_bps * paid) / nullif(sum(paid) FILTER (WHERE markout_1m_bps IS NOT NULL), 0) AS markout_1m_bps,
        sum(markout_5m_bps * paid) / nullif(sum(paid) FILTER (WHERE markout_5m_bps IS NOT NULL), 0) AS markout_5m_bps,
        sum(markout_30m_bps * paid) / nullif(sum(paid) FILTER (WHERE markout_30m_bps IS NOT NULL), 0) AS markout_30m_bps,
        sum(market_adjusted_bps * arrival_price * quantity)
            / nullif(sum(arrival_price * quantity) FILTER (WHERE market_adjusted_bps IS NOT NULL), 0) AS market_adjusted_bps
    FROM ledger.fill_quality
    GROUP BY account, session, client_order_id, parent_id, strategy, symbol, side, order_type, route_rule, algo,
        hour, size_bucket;
