using Licensing.Host.Database;
using Licensing.Kernel.Ops;

namespace Licensing.Host.Ops;

/// <summary><c>ops db …</c></summary>
internal static class DatabaseCommands
{
    public static IReadOnlyList<OpsCommand> All { get; } =
    [
        new("db migrate", "Brings the database to this version's schema; safe to repeat and to run beside a host.", [], async (call, ct) =>
            new OpsAnswer(await call.Services.GetRequiredService<Migrator>().ApplyAsync(ct))),
        new("db status", "Every migration and whether it is applied.", [], async (call, ct) =>
            new OpsAnswer(await call.Services.GetRequiredService<Migrator>().StatusAsync(ct))),
    ];
}
