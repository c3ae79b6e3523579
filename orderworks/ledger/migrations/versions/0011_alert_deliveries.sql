-- An alert is stored first. Later, once, it is decided who tells a person of it; from then on a row for
-- each channel says how far that has come. The Prefect server's events are one more channel.

ALTER TABLE ledger.alerts
    ADD COLUMN subject text,            -- what it is about: alerts of one subject are told once a period
    ADD COLUMN link text,               -- to the run that found it
    ADD COLUMN told_by text             -- NULL = not decided yet
        CHECK (told_by IN ('orderworks', 'automation', 'nobody'));
UPDATE ledger.alerts SET subject = cause, told_by = CASE WHEN emitted_at IS NOT NULL THEN 'nobody' END;
ALTER TABLE ledger.alerts ALTER COLUMN subject SET NOT NULL;
CREATE INDEX alerts_undecided ON ledger.alerts (account, id) WHERE told_by IS NULL;
CREATE INDEX alerts_of_subject ON ledger.alerts (account, subject, id);

CREATE TABLE ledger.alert_deliveries (
    alert_id        bigint NOT NULL REFERENCES ledger.alerts,
    channel         text NOT NULL,
    attempts        integer NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    last_error      text,
    next_attempt_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    delivered_at    timestamptz,
    PRIMARY KEY (alert_id, channel)
);
CREATE INDEX alerts_undelivered ON ledger.alert_deliveries (channel, alert_id) WHERE delivered_at IS NULL;

INSERT INTO ledger.alert_deliveries (alert_id, channel, attempts, delivered_at)
    SELECT id, 'prefect', 1, emitted_at FROM ledger.alerts WHERE emitted_at IS NOT NULL;
ALTER TABLE ledger.alerts DROP COLUMN emitted_at;
