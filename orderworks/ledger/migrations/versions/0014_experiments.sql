-- Which orders an experiment took, and what each was drawn to: frozen with the plan. What the experiment
-- compares, its share and its seed stand in the settings that the run keeps.

CREATE TABLE ledger.experiment_orders (
    client_order_id text PRIMARY KEY,           -- a parent: planned in the same transaction
    run_id          bigint NOT NULL REFERENCES ledger.runs,
    experiment      text NOT NULL CHECK (experiment <> ''),
    stratum         text NOT NULL,              -- size of ADV and spread, as they were when it was drawn
    treated         boolean NOT NULL
);
CREATE INDEX experiment_orders_by_name ON ledger.experiment_orders (experiment);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger.experiment_orders
    FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change('it is append-only');
