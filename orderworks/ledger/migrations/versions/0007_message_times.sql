-- What was sent in a day is counted after each wave. Rows come in the order of their time: a block's range
-- of times finds the day's blocks, and costs nothing to keep.

CREATE INDEX send_attempts_by_time ON ledger.send_attempts USING brin (at);
CREATE INDEX revision_attempts_by_time ON ledger.revision_attempts USING brin (at);
CREATE INDEX order_events_by_time ON ledger.order_events USING brin (at);
