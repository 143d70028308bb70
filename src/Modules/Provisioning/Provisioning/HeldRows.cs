using Licensing.Identity.Contracts;
using Licensing.Kernel.Persistence;
using Npgsql;

namespace Licensing.Provisioning;

/// <summary>How every area counts what of it keeps an organisation from being closed.</summary>
internal static class HeldRows
{
    /// <param name="session">Of the transaction that would close it.</param>
    /// <param name="id">The organisation.</param>
    /// <param name="path">Where it stands.</param>
    /// <param name="what">As the refusal names it.</param>
    /// <param name="table">With <c>tenant_id</c> and <c>owner_path</c>.</param>
    /// <param name="live">SQL: which of its rows count; $4 is <paramref name="today"/> where that is given.</param>
    /// <param name="today">In the billing calendar.</param>
    /// <param name="ct">Gives up.</param>
    public static async Task<Holding?> HoldingAsync(
        this DbSession session, OrganizationId id, string path, string what, string table, string live, DateOnly? today, CancellationToken ct)
    {
        var (from, until) = Scope.RangeOf(path);
        // By the id too: those of a tenant that was transferred a moment ago still stand under its former path.
        await using var command = new NpgsqlCommand(
            $"select count(*)::int from provisioning.{table} where (tenant_id = $1 or (owner_path >= $2 and owner_path < $3)) and {live}",
            await session.OpenAsync(ct), session.Transaction)
        { Parameters = { new() { Value = id.Value }, new() { Value = from }, new() { Value = until } } };
        if (today is { } day)
            command.Parameters.Add(new() { Value = day });
        return (int)(await command.ExecuteScalarAsync(ct))! is > 0 and var count ? new Holding(what, count) : null;
    }
}
