-- What happened to a subscription belongs to whom the tenant belonged then.
alter table provisioning.subscription_history add column owner_path text collate "C";

update provisioning.subscription_history h set owner_path = s.owner_path from provisioning.subscriptions s where s.id = h.subscription_id;

alter table provisioning.subscription_history alter column owner_path set not null;
