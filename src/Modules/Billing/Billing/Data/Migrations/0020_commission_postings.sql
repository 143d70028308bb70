-- What was booked of commissions: what an organisation earned, was paid, and what came back of that. Each once, by its reference.
create table billing.commission_postings (
    reference       text collate "C" primary key,
    document_id     uuid not null unique,
    kind            text not null check (kind in ('Commission', 'CommissionPayout', 'CommissionReturn')),
    number          text collate "C" not null,
    organization_id uuid not null,
    owner_path      text collate "C" not null,
    currency        text not null,
    -- By which more is owed to the organisation, or less.
    owed            numeric not null,
    posted_at       timestamptz not null
);
create index commission_postings_organization on billing.commission_postings (organization_id);
comment on table billing.commission_postings is 'append-only: what was booked of commissions';
create trigger append_only before update or delete on billing.commission_postings
    for each row execute function billing.refuse_ledger_change();
create trigger append_only_all before truncate on billing.commission_postings
    for each statement execute function billing.refuse_ledger_change();

-- All that is there was checked by the shorter lists; whoever books does not wait for a look at it.
alter table billing.journal_entries drop constraint journal_entries_account_check;
alter table billing.journal_entries add constraint journal_entries_account_check
    check (account in ('Receivable', 'Revenue', 'Tax', 'Cash', 'Prepaid', 'CommissionExpense', 'CommissionPayable')) not valid;
alter table billing.journal_entries drop constraint journal_entries_document_kind_check;
alter table billing.journal_entries add constraint journal_entries_document_kind_check
    check (document_kind in ('Invoice', 'CreditNote', 'Payment', 'Commission', 'CommissionPayout', 'CommissionReturn')) not valid;

-- By which plan version a line is charged, so that who earns a percentage of its own of a plan does so of what was charged by it. Lines of before have none.
alter table billing.invoice_lines add column plan_version_id uuid;
