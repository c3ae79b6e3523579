-- A plan can wait for a person: it is frozen, and none of its orders is sent before it is approved.

ALTER TABLE ledger.runs DROP CONSTRAINT runs_state_check;
ALTER TABLE ledger.runs ADD CONSTRAINT runs_state_check
    CHECK (state IN ('STARTED', 'PROPOSED', 'PLANNED', 'DONE', 'FAILED', 'SKIPPED', 'CANCELLED'));
ALTER TABLE ledger.runs ADD CONSTRAINT proposed_is_planned
    CHECK (state <> 'PROPOSED' OR planned_at IS NOT NULL);
CREATE INDEX runs_proposed ON ledger.runs (account) WHERE state = 'PROPOSED';

CREATE TABLE ledger.approvals (
    run_id     bigint PRIMARY KEY REFERENCES ledger.runs,   -- a plan is decided once
    approved   boolean NOT NULL,
    note       text NOT NULL CHECK (note <> ''),
    decided_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger.approvals
    FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change('it is append-only');
