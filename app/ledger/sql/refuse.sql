-- Refusals carry a code (app/ledger/refusals.py says it in Chinese and English) and the numbers.
CREATE OR REPLACE FUNCTION ledger.refuse(code text, message text, facts jsonb DEFAULT '{}')
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION USING ERRCODE = code, MESSAGE = message, DETAIL = facts::text;
END $$;
