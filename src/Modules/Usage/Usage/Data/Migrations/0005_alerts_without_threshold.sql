-- What was told stays with whom it was told: a partner who deletes a threshold that came to him with its tenant does not delete what it told the
-- one before him. So an alert may outlive its threshold.
alter table usage.threshold_alerts drop constraint threshold_alerts_threshold_id_fkey;

-- A process of before 0004 that still runs while others are new does not say where the tenant stood; it is told as what was told before then is.
create function usage.place_of_alert() returns trigger language plpgsql as $$
begin
    select t.owner_path into new.owner_path from usage.thresholds t where t.id = new.threshold_id;
    return new;
end $$;

create trigger threshold_alerts_place before insert on usage.threshold_alerts
    for each row when (new.owner_path is null) execute function usage.place_of_alert();
