-- Who knows a key: its maker, and who may have been behind him; empty where a host of the version before has made it: then nobody can say. The
-- same of passwords that someone else chose.
alter table identity.api_keys add column known_to uuid[] not null default '{}';
alter table identity.users add column password_known_to uuid[] not null default '{}';

-- Who changed a password that someone had given him need not have been he. Of those the trail tells who gave the last one.
update identity.users u set password_given_by = a.principal_id
from identity.users x cross join lateral (
    select e.principal_id, e.action from identity.audit_entries e
    where e.resources @> array['user', x.id::text] and e.changes::text like '%"passwordHash"%' and e.action <> 'identity.change_password'
    order by e.id desc limit 1) a
where u.id = x.id and u.password_hash is not null and u.password_given_by is null and a.principal_id <> u.id
  and a.principal_id <> '00000000-0000-0000-0000-000000000000'
  and a.action not in ('identity.activate_user', 'identity.confirm_password_reset');

-- When a key was made is not compared with when its maker's password was given: what may be known counts as known.
with recursive knows (id, someone) as (
    select id, password_given_by from identity.users where password_given_by is not null
    union
    select id, created_by from identity.api_keys
    union
    select id, unnest(known_to) from identity.clients
),
behind (id, someone) as (
    select id, someone from knows
    union
    select b.id, k.someone from behind b join knows k on k.id = b.someone
),
known (id, by) as (select id, array_agg(someone) from behind group by id),
keys as (update identity.api_keys k set known_to = x.by from known x where x.id = k.id),
clients as (update identity.clients c set known_to = x.by from known x where x.id = c.id and cardinality(c.known_to) > 0)
update identity.users u set password_known_to = x.by from known x where x.id = u.id and u.password_given_by is not null;
