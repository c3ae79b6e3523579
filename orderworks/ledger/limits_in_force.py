"""The limit that an order had when it was filled; the order itself has only the last one."""

# What was sent first may be filled, by the broker's clock, before it left by ours. From asking for a new
# limit until it is confirmed, the exchange may have either. Where an old ledger kept no limit with what
# was sent, the order's stands for it. Few orders have had several: the others are not looked into.
AT_FILL = """
CROSS JOIN LATERAL (
    SELECT coalesce(CASE sent.side WHEN 'buy' THEN max(given.limit_price) ELSE min(given.limit_price) END,
                    sent.limit_price) AS limit_price
    FROM (
        SELECT limit_price, since, lead(at) OVER (ORDER BY at, place) AS until
        FROM (
            SELECT limit_price, CASE attempt WHEN 1 THEN '-infinity' ELSE at END AS since, at,
                   attempt AS place
            FROM send_attempts WHERE client_order_id = sent.client_order_id
            UNION ALL
            SELECT e.limit_price, least(asked.at, e.at), e.at, e.id
            FROM (SELECT *, row_number() OVER (ORDER BY id) AS revision FROM order_events
                  WHERE client_order_id = sent.client_order_id AND event = 'REPLACE') e
            CROSS JOIN LATERAL (
                SELECT min(a.at) AS at FROM revision_attempts a
                WHERE a.client_order_id = e.client_order_id AND a.revision = e.revision
                  AND a.limit_price = e.limit_price) asked
            UNION ALL
            SELECT limit_price, at, at, id FROM changed_terms
            WHERE client_order_id = sent.client_order_id
        ) terms
    ) given
    WHERE (sent.revision > 0 OR sent.attempts > 1
           OR EXISTS (SELECT FROM changed_terms c WHERE c.client_order_id = sent.client_order_id))
      AND given.since <= fill.ts AND (given.until IS NULL OR given.until >= fill.ts)
) in_force
"""
"""To join to ``orders sent`` and ``executions fill``: ``in_force.limit_price`` is the limit of the order
when it was filled, for a share of then, and NULL where it had none. Where that may be either of two, it
is the one that allows more."""
