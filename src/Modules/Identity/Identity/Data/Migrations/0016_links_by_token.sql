-- The token that a login link was made with: when a client revokes one of its tokens, what it made with the others stays. Null where it was made
-- without one, or by a host of the version before: then when it was made is asked.
alter table identity.login_links add column made_with uuid;
alter table identity.sessions add column link_made_with uuid;
