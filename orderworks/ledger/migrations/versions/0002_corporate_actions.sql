-- What issuers do to their shares, as the broker applied it to the account. Beside fills, nothing else
-- moves the books.

CREATE TABLE ledger.corporate_actions (
    account         text NOT NULL REFERENCES ledger.accounts,
    action_id       text NOT NULL,              -- the broker's: an action is booked once
    ex_date         date NOT NULL,
    symbol          text NOT NULL,
    kind            text NOT NULL CHECK (kind IN ('split', 'dividend')),
    new_shares      bigint CHECK (new_shares > 0),      -- of a split: so many for old_shares
    old_shares      bigint CHECK (old_shares > 0),
    amount          numeric CHECK (amount > 0),         -- of a dividend: money a share
    quantity_change bigint NOT NULL,
    cash_change     numeric NOT NULL,
    at              timestamptz NOT NULL,
    recorded_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (account, action_id),
    CHECK ((kind = 'split') = (new_shares IS NOT NULL) AND (kind = 'split') = (old_shares IS NOT NULL)),
    CHECK ((kind = 'dividend') = (amount IS NOT NULL)),
    CHECK (kind = 'split' OR quantity_change = 0)
);
CREATE INDEX corporate_actions_by_date ON ledger.corporate_actions (account, ex_date);

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger.corporate_actions
    FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change('it is append-only');

-- An action moves the position and the cash, or nothing at all. Money that it pays is money that the
-- position has cost less, as that of a sale is: profit stays quantity * mark - cost.
CREATE FUNCTION ledger.book_corporate_actions() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE stray text;
BEGIN
    SELECT b.account INTO stray FROM booked b LEFT JOIN ledger.cash c USING (account)
        WHERE c.account IS NULL LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'account % has no opening balances that a corporate action could move', stray
            USING ERRCODE = 'foreign_key_violation';
    END IF;
    INSERT INTO ledger.positions AS p (account, symbol, quantity, cost)
        SELECT account, symbol, sum(quantity_change), -sum(cash_change)
        FROM booked GROUP BY account, symbol
        ON CONFLICT (account, symbol) DO UPDATE SET
            quantity = p.quantity + excluded.quantity, cost = p.cost + excluded.cost,
            updated_at = clock_timestamp();
    UPDATE ledger.cash c SET balance = c.balance + s.change, updated_at = clock_timestamp()
        FROM (SELECT account, sum(cash_change) AS change FROM booked GROUP BY account) s
        WHERE c.account = s.account;
    RETURN NULL;
END $$;
CREATE TRIGGER moves_the_books AFTER INSERT ON ledger.corporate_actions
    REFERENCING NEW TABLE AS booked FOR EACH STATEMENT EXECUTE FUNCTION ledger.book_corporate_actions();

-- What an action made of open orders: all their terms. Of those that rest at the broker it is the broker's
-- doing, so it is the one thing beside a confirmed revision that changes what was sent.
CREATE TABLE ledger.changed_terms (
    id              bigint GENERATED ALWAYS AS IDENTITY,
    client_order_id text NOT NULL,
    quantity        bigint NOT NULL CHECK (quantity > 0),
    limit_price     numeric CHECK (limit_price > 0),
    stop_price      numeric CHECK (stop_price > 0),
    trail_amount    numeric CHECK (trail_amount > 0),
    stop_loss_price numeric CHECK (stop_loss_price > 0),
    take_profit_price numeric CHECK (take_profit_price > 0),
    at              timestamptz NOT NULL,       -- market time
    recorded_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (client_order_id, id)
);

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger.changed_terms
    FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change('it is append-only');

DROP TRIGGER sent_is_fixed ON ledger.orders;
CREATE TRIGGER sent_is_fixed
    AFTER UPDATE OF quantity, order_type, limit_price, stop_price, tif ON ledger.orders FOR EACH ROW
    WHEN (pg_trigger_depth() = 0 AND old.state <> 'NEW' AND new.revision = old.revision
          AND (old.quantity, old.order_type, old.limit_price, old.stop_price, old.tif)
          IS DISTINCT FROM (new.quantity, new.order_type, new.limit_price, new.stop_price, new.tif))
    EXECUTE FUNCTION ledger.refuse_change('what was planned or sent stays as it was');

CREATE FUNCTION ledger.change_terms() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE stray text;
BEGIN
    SELECT c.client_order_id INTO stray FROM changed c LEFT JOIN ledger.orders o USING (client_order_id)
        WHERE o.client_order_id IS NULL OR o.closed_at IS NOT NULL LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'order % is not open, so a corporate action does not change it', stray
            USING ERRCODE = 'foreign_key_violation';
    END IF;
    UPDATE ledger.orders o SET
        quantity = c.quantity, limit_price = c.limit_price, stop_price = c.stop_price,
        trail_amount = c.trail_amount, stop_loss_price = c.stop_loss_price,
        take_profit_price = c.take_profit_price
        FROM changed c WHERE o.client_order_id = c.client_order_id;
    RETURN NULL;
END $$;
CREATE TRIGGER changes_orders AFTER INSERT ON ledger.changed_terms
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION ledger.change_terms();
