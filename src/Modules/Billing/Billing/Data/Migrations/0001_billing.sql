-- One row per seller and period for ever; starting again goes on with it.
create table billing.runs (
    id           uuid primary key,
    seller_id    uuid not null,
    period_start date not null,
    period_end   date not null check (period_end > period_start),
    state        text not null check (state in ('Drafting', 'Issuing', 'Finished')),
    issue        boolean not null,
    operation_id uuid,
    step         int not null,
    last_tenant  uuid,
    not_billed   int not null,
    created_at   timestamptz not null,
    finished_at  timestamptz,
    constraint runs_one_per_period unique (seller_id, period_start, period_end),
    check (state = 'Finished' or operation_id is not null)
);

create table billing.invoices (
    id           uuid primary key,
    tenant_id    uuid not null,
    owner_path   text collate "C" not null,
    seller_id    uuid not null,
    period_start date not null,
    period_end   date not null check (period_end > period_start),
    kind         text not null check (kind in ('Regular')),
    currency     text not null,
    net          numeric not null,
    tax          numeric not null,
    total        numeric not null,
    usage_exact  text not null,
    line_count   int not null check (line_count > 0),
    taxes        jsonb not null,
    status       text not null check (status in ('Draft', 'Issued', 'Paid', 'Void')),
    number       text,
    issued_at    timestamptz,
    created_at   timestamptz not null,
    version      int not null,
    check (total = net + tax),
    check ((status = 'Draft') = (number is null)),
    check ((number is null) = (issued_at is null)),
    constraint invoices_number unique (seller_id, number)
);

-- Led by the period, so that a run writes one end of the index.
create unique index invoices_one_per_tenant_and_period on billing.invoices (period_start, period_end, tenant_id, seller_id, kind);
create index invoices_tenant on billing.invoices (tenant_id, id);
create index invoices_owner_path on billing.invoices (owner_path, id);
create index invoices_period_path on billing.invoices (period_start, period_end, owner_path);
create index invoices_drafts on billing.invoices (seller_id, period_start, period_end, id) where status = 'Draft';

create table billing.invoice_lines (
    invoice_id      uuid not null,
    tenant_id       uuid not null,
    position        int not null,
    subscription_id uuid not null,
    charge_key      text not null,
    meter           text not null,
    sku             text not null,
    region          text not null,
    is_usage        boolean not null,
    starts_on       date not null,
    ends_on         date not null check (ends_on > starts_on),
    description     text not null,
    quantity        text not null,
    days            int not null,
    period_days     int not null,
    unrounded       text not null,
    currency        text not null,
    net             numeric not null,
    tax             numeric not null,
    tax_category    text,
    tax_percent     numeric,
    steps           jsonb not null,
    primary key (invoice_id, tenant_id, position),
    constraint invoice_lines_billed_once unique (starts_on, tenant_id, subscription_id, charge_key, sku, meter, region)
);

create table billing.number_series (
    issuer_id uuid not null,
    year      int not null,
    next      int not null check (next > 0),
    primary key (issuer_id, year)
);

create table billing.tax_rates (
    id         uuid primary key,
    country    text not null,
    category   text not null,
    percent    numeric not null check (percent between 0 and 100),
    valid_from date not null,
    created_at timestamptz not null,
    version    int not null,
    constraint tax_rates_one_per_day unique (country, category, valid_from)
);

create function billing.keep_issued_invoice() returns trigger language plpgsql as $$
begin
    if old.status = 'Draft' then
        return case when tg_op = 'DELETE' then old else new end;
    end if;
    if tg_op = 'DELETE' or new.status = 'Draft'
        or (new.id, new.tenant_id, new.owner_path, new.seller_id, new.period_start, new.period_end, new.kind, new.currency, new.net, new.tax,
            new.total, new.usage_exact, new.line_count, new.taxes, new.number, new.issued_at)
        is distinct from
           (old.id, old.tenant_id, old.owner_path, old.seller_id, old.period_start, old.period_end, old.kind, old.currency, old.net, old.tax,
            old.total, old.usage_exact, old.line_count, old.taxes, old.number, old.issued_at) then
        raise exception 'invoice % is issued and does not change', old.number using errcode = 'restrict_violation';
    end if;
    return new;
end $$;

create trigger keep_issued before update or delete on billing.invoices for each row execute function billing.keep_issued_invoice();

-- Once per statement, so that a COPY of a whole chunk pays for one look.
create function billing.keep_issued_lines() returns trigger language plpgsql as $$
begin
    if exists (
        select from touched t join billing.invoices i on i.id = t.invoice_id where i.status <> 'Draft') then
        raise exception 'lines of an issued invoice do not change' using errcode = 'restrict_violation';
    end if;
    return null;
end $$;

create trigger keep_issued_inserted after insert on billing.invoice_lines
    referencing new table as touched for each statement execute function billing.keep_issued_lines();
create trigger keep_issued_updated after update on billing.invoice_lines
    referencing old table as touched for each statement execute function billing.keep_issued_lines();
-- A line moved from a draft onto an issued invoice changes that one too.
create trigger keep_issued_moved after update on billing.invoice_lines
    referencing new table as touched for each statement execute function billing.keep_issued_lines();
create trigger keep_issued_deleted after delete on billing.invoice_lines
    referencing old table as touched for each statement execute function billing.keep_issued_lines();
