-- Which months' documents have changed since a moment: whoever closes commissions asks.
create index invoices_voided_at on billing.invoices (voided_at) where voided_at is not null;
create index credit_notes_issued_at on billing.credit_notes (issued_at);
