-- Ended with the log-ins and the client's secrets of who made them.
create index login_links_by_maker on identity.login_links (created_by);
create index login_links_by_user on identity.login_links (user_id);
create index sessions_by_link_maker on identity.sessions (link_maker) where link_maker is not null;

-- Who else chose a user's password and so knows it, until he chooses his own. Of those from before the trail tells; of a first one, made by
-- a host of the version before while this one starts, nobody knows who.
alter table identity.users add column password_given_by uuid;
update identity.users u set password_given_by = a.principal_id
from identity.users x cross join lateral (
    select e.principal_id, e.action from identity.audit_entries e
    where e.resources @> array['user', x.id::text] and e.changes::text like '%"passwordHash"%' order by e.id desc limit 1) a
where u.id = x.id and u.password_hash is not null and a.principal_id <> u.id
  and a.action not in ('identity.activate_user', 'identity.confirm_password_reset');

-- Hosts from before 0012 that rotated a client's secret after it did not say so: of the secrets that are still there the trail tells.
update identity.clients c set known_to = array(
    select unnest(c.known_to)
    union
    select e.principal_id from identity.audit_entries e
    where e.resources @> array[c.id::text] and e.action = 'identity.rotate_client_secret'
      and e.at >= (select min((s ->> 'createdAt')::timestamptz) from jsonb_array_elements(c.secrets) s))
where c.revoked_at is null and cardinality(c.known_to) > 0;

-- Once among those that are good: a certificate that a squatter lost again is its owner's to enrol.
alter table identity.certificates drop constraint certificates_fingerprint_key, drop constraint certificates_key_id_key;
create unique index certificates_fingerprint_key on identity.certificates (fingerprint) where revoked_at is null;
create unique index certificates_key_id_key on identity.certificates (key_id) where revoked_at is null;
create index certificates_by_fingerprint on identity.certificates (fingerprint);
create index certificates_by_key_id on identity.certificates (key_id) where key_id is not null;
