-- Null: a predefined role, known by its name. Clients are never deleted, so a revoked one must not keep its role alive.
alter table identity.clients
    add column custom_role_id uuid references identity.custom_roles (id) on delete set null,
    -- Who has been shown a secret that may still be good, or has brought its keys. Empty where a host of the version before has made the
    -- client, which knows nothing of it: then nobody can say.
    add column known_to uuid[] not null default '{}';
create index clients_by_custom_role on identity.clients (custom_role_id) where custom_role_id is not null;

-- Whoever rotated a secret before stands in the trail only.
update identity.clients c set known_to = array(
    select c.created_by
    union
    select a.principal_id from identity.audit_entries a
    where a.resources @> array[c.id::text]
      and (a.action = 'identity.rotate_client_secret' or (a.action = 'identity.patch_client' and a.changes::text like '%"keys"%')));
