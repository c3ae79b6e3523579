-- What is filled of many orders is a part of their value at the decision price, not of their shares: what was
-- summed up before is put right from the orders that it was summed up of.

CREATE TEMPORARY VIEW decided_orders AS
    SELECT q.account, q.session, of.dimension, of.key,
           q.filled_quantity * q.decision_price AS filled, q.quantity * q.decision_price AS ordered
    FROM ledger.order_quality q CROSS JOIN LATERAL (VALUES
        ('all', 'all'), ('day', q.session::text), ('strategy', q.strategy), ('symbol', q.symbol),
        ('side', q.side), ('route_rule', q.route_rule), ('order_type', q.order_type), ('algo', q.algo),
        ('hour', q.hour::text), ('size_bucket', q.size_bucket)) of (dimension, key);

UPDATE ledger.daily_quality d SET fill_rate = s.filled / s.ordered
    FROM (SELECT account, session, dimension, key,
                 sum(filled)::float8 AS filled, sum(ordered)::float8 AS ordered
          FROM decided_orders GROUP BY 1, 2, 3, 4) s
    WHERE d.account = s.account AND d.session = s.session AND s.ordered > 0
      AND (d.dimension, d.key) = (CASE s.dimension WHEN 'all' THEN 'day' ELSE s.dimension END, s.key);

UPDATE ledger.period_quality p SET fill_rate = s.filled / s.ordered
    FROM (SELECT o.account, of.period, date_trunc(of.period, o.session::timestamp)::date AS starts,
                 o.dimension, o.key, sum(o.filled)::float8 AS filled, sum(o.ordered)::float8 AS ordered
          FROM decided_orders o CROSS JOIN (VALUES ('week'), ('month')) of (period)
          GROUP BY 1, 2, 3, 4, 5) s
    WHERE s.ordered > 0 AND (p.account, p.period, p.starts, p.dimension, p.key)
        = (s.account, s.period, s.starts, s.dimension, s.key);

DROP VIEW decided_orders;
