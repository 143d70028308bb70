-- Ends that were agreed before ends were told (0005) are told on their day as later ones are. At noon in UTC that day has begun in
-- every time zone.
insert into provisioning.outbox (id, message_id, name, subscriber, body, occurred_at, deliver_at)
select gen_random_uuid(), gen_random_uuid(), 'provisioning.subscription-term-due.v1', 'provisioning.renew_when_due',
    jsonb_build_object('id', s.id, 'on', s.expires_on), now(), (s.expires_on + time '12:00') at time zone 'UTC'
from provisioning.subscriptions s
where s.expires_on >= current_date and not exists (
    select from provisioning.outbox o where o.name = 'provisioning.subscription-term-due.v1' and o.body ->> 'id' = s.id::text);
