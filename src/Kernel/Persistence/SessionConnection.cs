using System.Data.Common;
using Microsoft.EntityFrameworkCore.Diagnostics;

namespace Licensing.Kernel.Persistence;

/// <summary>
/// Gives a context its session's connection when it first needs one, and leaves it open to the others: so a context that a request is
/// handed and does not use costs it next to nothing.
/// </summary>
internal sealed class SessionConnection : DbConnectionInterceptor
{
    public static readonly SessionConnection Instance = new();

    public override InterceptionResult<DbConnection> ConnectionCreating(ConnectionCreatingEventData eventData, InterceptionResult<DbConnection> result) =>
        InterceptionResult<DbConnection>.SuppressWithResult(((ModuleDb)eventData.Context!).Session.Connection);

    public override InterceptionResult ConnectionDisposing(DbConnection connection, ConnectionEventData eventData, InterceptionResult result) =>
        InterceptionResult.Suppress();

    public override ValueTask<InterceptionResult> ConnectionDisposingAsync(DbConnection connection, ConnectionEventData eventData, InterceptionResult result) =>
        new(InterceptionResult.Suppress());
}
