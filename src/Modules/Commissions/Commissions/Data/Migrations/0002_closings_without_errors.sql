-- A month with errors is not closed any more.
alter table commissions.closings drop column errors;
