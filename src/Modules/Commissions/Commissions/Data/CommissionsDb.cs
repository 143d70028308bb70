using Licensing.Commissions.BankAccounts;
using Licensing.Commissions.PaymentOrders;
using Licensing.Commissions.Payouts;
using Licensing.Commissions.Schemes;
using Licensing.Commissions.Statements;
using Licensing.Kernel.Persistence;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Commissions.Data;

internal sealed class CommissionsDb(DbContextOptions<CommissionsDb> options) : ModuleDb(options)
{
    public override string Schema => "commissions";

    public DbSet<CommissionScheme> Schemes => Set<CommissionScheme>();

    public DbSet<Statement> Statements => Set<Statement>();

    public DbSet<StatementLine> Lines => Set<StatementLine>();

    public DbSet<Adjustment> Adjustments => Set<Adjustment>();

    public DbSet<Settlement> Settlements => Set<Settlement>();

    public DbSet<Payout> Payouts => Set<Payout>();

    public DbSet<PaymentOrder> PaymentOrders => Set<PaymentOrder>();

    public DbSet<PaymentOrderLine> PaymentOrderLines => Set<PaymentOrderLine>();

    public DbSet<BankAccount> BankAccounts => Set<BankAccount>();

    public DbSet<Closing> Closings => Set<Closing>();
}
