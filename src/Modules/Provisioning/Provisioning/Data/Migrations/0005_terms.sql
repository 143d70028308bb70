-- Which plan version is in force from which day. Of versions bought before, the trial is not known here and no longer shown.
alter table provisioning.subscriptions
    add column plans jsonb,
    add column agreed_ends_on date,
    add column renewed_until date;

update provisioning.subscriptions set
    agreed_ends_on = expires_on,
    plans = jsonb_build_array(jsonb_build_object(
        'on', starts_on, 'planId', plan_id, 'planVersionId', plan_version_id, 'product', product, 'trialDays', 0, 'agreement', id,
        'terms', jsonb_build_object(
            'months', null, 'autoRenew', false, 'renewBefore', 0, 'renewAfter', 0, 'increaseAllowed', true, 'decreaseAllowed', true,
            'earlyCancellation', true, 'earlyFeePercent', null)));

alter table provisioning.subscriptions
    alter column plans set not null,
    add constraint subscriptions_plans check (jsonb_typeof(plans) = 'array' and jsonb_array_length(plans) > 0),
    add constraint subscriptions_agreed check (agreed_ends_on > starts_on),
    drop column plan_id,
    drop column plan_version_id,
    drop column product;

alter table provisioning.subscription_history add column plan_version_id uuid;

-- The end of a term is told once, whoever comes to it: the message of its day or who renews.
create unique index subscription_history_once on provisioning.subscription_history (subscription_id, what, effective_on)
    where what in ('Renewed', 'Expired');

-- What was agreed for one subscription beside its plan's quotas: meter → most usage of a billing period.
alter table provisioning.subscriptions add column quotas jsonb not null default '{}';

create table provisioning.quota_requests (
    id              uuid primary key,
    subscription_id uuid not null references provisioning.subscriptions (id),
    tenant_id       uuid not null,
    owner_path      text collate "C" not null,
    meter           text not null,
    "limit"         numeric not null,
    reason          text not null,
    status          text not null,
    asked_by        text not null,
    asked_at        timestamptz not null,
    decided_by      text,
    decided_at      timestamptz,
    decision_reason text,
    version         int not null,
    constraint quota_requests_limit check ("limit" >= 0),
    constraint quota_requests_status check (status in ('Pending', 'Approved', 'Refused')),
    constraint quota_requests_decided check ((status = 'Pending') = (decided_at is null) and (decided_at is null) = (decided_by is null))
);

create index quota_requests_owner on provisioning.quota_requests (owner_path, id);

-- One at a time, whoever asks.
create unique index quota_requests_pending on provisioning.quota_requests (subscription_id, meter) where status = 'Pending';
