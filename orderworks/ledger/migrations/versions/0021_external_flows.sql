-- What was transferred to the account or from it is no gain and no loss of its own; anything else that a person
-- took over from the broker is: interest, a dividend, a fee, a trade by hand.
ALTER TABLE ledger.adjustments
    ADD COLUMN is_transfer boolean NOT NULL DEFAULT false,
    -- What a share was worth as it was transferred.
    ADD COLUMN mark numeric CHECK (mark >= 0),
    ADD CHECK ((mark IS NOT NULL) = (is_transfer AND symbol IS NOT NULL));
