-- A run can be cancelled: from then on none of its orders is sent, and what rests of them is cancelled.

ALTER TABLE ledger.runs DROP CONSTRAINT runs_state_check;
ALTER TABLE ledger.runs ADD CONSTRAINT runs_state_check
    CHECK (state IN ('STARTED', 'PLANNED', 'DONE', 'FAILED', 'SKIPPED', 'CANCELLED'));

-- By what name the scheduler knows the latest start of the run, where one started it.
ALTER TABLE ledger.runs ADD COLUMN scheduler_run text;
CREATE INDEX runs_of_scheduler ON ledger.runs (scheduler_run) WHERE scheduler_run IS NOT NULL;
CREATE INDEX runs_cancelled ON ledger.runs (account) WHERE state = 'CANCELLED';
