-- One at a time for each subscription: a customer who has bought another one since is deleted with that, too.
drop index provisioning.deletions_pending;
create unique index deletions_pending on provisioning.deletions (subscription_id) where ended_at is null;
create index deletions_of_tenant on provisioning.deletions (tenant_id) where ended_at is null;
