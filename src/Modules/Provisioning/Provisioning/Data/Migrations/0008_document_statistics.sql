-- Nothing is ever looked for in these documents, and to sort samples of them is most of what their tables' statistics cost.
alter table provisioning.subscriptions
    alter column history set statistics 0,
    alter column suspensions set statistics 0,
    alter column quotas set statistics 0,
    alter column plans set statistics 0;
alter table provisioning.subscription_history alter column quantities set statistics 0;
