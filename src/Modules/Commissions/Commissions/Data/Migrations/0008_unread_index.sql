-- Nobody looks for the orders of a payout: it names the one that it is in.
drop index commissions.payment_order_lines_payout;
