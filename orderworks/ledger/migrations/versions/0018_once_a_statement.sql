-- What is written many at a time is checked once a statement: row by row the check costs as much as the row.

-- What refers to a run or an account. In return none of them is ever removed, renamed, or moved to another.
ALTER TABLE ledger.signals DROP CONSTRAINT signals_run_id_fkey;
ALTER TABLE ledger.risk_decisions DROP CONSTRAINT risk_decisions_run_id_fkey;
ALTER TABLE ledger.positions DROP CONSTRAINT positions_account_fkey;

CREATE FUNCTION ledger.require_runs() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE stray bigint;
BEGIN
    SELECT run_id INTO stray FROM (SELECT DISTINCT run_id FROM added) n
        LEFT JOIN ledger.runs r USING (run_id) WHERE r.account IS NULL LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'there is no run %', stray USING ERRCODE = 'foreign_key_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER of_a_run AFTER INSERT ON ledger.signals
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION ledger.require_runs();
CREATE TRIGGER of_a_run AFTER INSERT ON ledger.risk_decisions
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION ledger.require_runs();

CREATE FUNCTION ledger.require_accounts() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE stray text;
BEGIN
    SELECT account INTO stray FROM (SELECT DISTINCT account FROM added) n
        LEFT JOIN ledger.accounts a USING (account) WHERE a.mode IS NULL LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'there is no account %', stray USING ERRCODE = 'foreign_key_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER of_an_account AFTER INSERT ON ledger.positions
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION ledger.require_accounts();

CREATE TRIGGER frozen BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger.signals
    FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change('what was planned stays as it was');
CREATE TRIGGER frozen BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger.risk_decisions
    FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change('what was planned stays as it was');
CREATE TRIGGER stays_where_it_is BEFORE UPDATE OF account ON ledger.positions
    FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change('a position stays with its account');
CREATE TRIGGER kept BEFORE UPDATE OF run_id OR DELETE OR TRUNCATE ON ledger.runs
    FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change('runs are kept for ever, under their numbers');
CREATE TRIGGER kept BEFORE TRUNCATE ON ledger.accounts
    FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change('accounts are kept for ever');

-- What an order was planned with: events, attempts and corporate actions change it, and nobody else ever.
DROP TRIGGER sent_is_fixed ON ledger.orders;
CREATE TRIGGER terms_by_events_only
    BEFORE UPDATE OF quantity, order_type, limit_price, stop_price, trail_amount, trail_percent, tif
    ON ledger.orders FOR EACH STATEMENT WHEN (pg_trigger_depth() = 0)
    EXECUTE FUNCTION ledger.refuse_change('what was planned or sent stays as it was');
