-- Who may see that a level was reached: whose the tenant was at the end of the month, or when it was told if the month was not over. Of those
-- told before nobody knows any more; they go with their threshold, as all did.
alter table usage.threshold_alerts add column owner_path text collate "C";

update usage.threshold_alerts a set owner_path = t.owner_path from usage.thresholds t where t.id = a.threshold_id;

alter table usage.threshold_alerts alter column owner_path set not null;
