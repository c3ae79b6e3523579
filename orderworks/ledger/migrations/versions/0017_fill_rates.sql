-- What is filled of many orders is a part of their value at the decision price, not of their shares, and what
-- they were of all that was traded meanwhile likewise: what was summed up before is put right from the orders
-- that it was summed up of.

CREATE TEMPORARY VIEW decided_orders AS
    SELECT q.account, q.session, of.dimension, of.key,
           q.filled_quantity * q.decision_price AS filled, q.quantity * q.decision_price AS ordered,
           q.client_order_id, q.participation, q.filled_notional::float8 AS paid
    FROM ledger.order_quality q CROSS JOIN LATERAL (VALUES
        ('all', 'all'), ('day', q.session::text), ('strategy', q.strategy), ('symbol', q.symbol),
        ('side', q.side), ('route_rule', q.route_rule), ('order_type', q.order_type), ('algo', q.algo),
        ('hour', q.hour::text), ('size_bucket', q.size_bucket)) of (dimension, key);

UPDATE ledger.daily_quality d SET fill_rate = s.filled / s.ordered, participation = s.participation
    FROM (SELECT account, session, dimension, key,
                 sum(filled)::float8 AS filled, sum(ordered)::float8 AS ordered,
                 -- In the order of their names: a day that is measured again has the same bits.
                 sum(paid ORDER BY client_order_id) FILTER (WHERE participation > 0)
                     / sum(paid / nullif(participation, 0) ORDER BY client_order_id) AS participation
          FROM decided_orders GROUP BY 1, 2, 3, 4) s
    WHERE d.account = s.account AND d.session = s.session AND s.ordered > 0
      AND (d.dimension, d.key) = (CASE s.dimension WHEN 'all' THEN 'day' ELSE s.dimension END, s.key);

UPDATE ledger.period_quality p SET fill_rate = s.filled / s.ordered, participation = s.participation
    FROM (SELECT o.account, of.period, date_trunc(of.period, o.session::timestamp)::date AS starts,
                 o.dimension, o.key, sum(o.filled)::float8 AS filled, sum(o.ordered)::float8 AS ordered,
                 sum(o.paid) FILTER (WHERE o.participation > 0)
                     / sum(o.paid / nullif(o.participation, 0)) AS participation
          FROM decided_orders o CROSS JOIN (VALUES ('week'), ('month')) of (period)
          GROUP BY 1, 2, 3, 4, 5) s
    WHERE s.ordered > 0 AND (p.account, p.period, p.starts, p.dimension, p.key)
        = (s.account, s.period, s.starts, s.dimension, s.key);

DROP VIEW decided_orders;
