using Licensing.Kernel.Http;
using Licensing.Kernel.Persistence;
using Licensing.Provisioning.Contracts;
using Licensing.Provisioning.Data;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace Licensing.Provisioning.Numbers;

/// <summary>Which numbers are wanted; null is any.</summary>
/// <param name="Country">ISO 3166-1 alpha-2.</param>
/// <param name="StartsWith">Digits, without the plus sign.</param>
/// <param name="Contains">Digits that follow each other somewhere in the number.</param>
internal sealed record WantedNumbers(string? Country, NumberType? Type, string? StartsWith, string? Contains);

/// <summary>
/// Numbers that can be had. A pool is one path, and a look into one is a range of one index in the order of the answer: it costs what it answers,
/// however large the pool is and whatever else is in it; with digits in the middle, what has them.
/// </summary>
internal sealed class FreeNumbers(ProvisioningDb db, DbSession session, TimeProvider clock)
{
    // So many digits are looked up by an index of their own; fewer are in so many numbers that the next few have them.
    private const int Triple = 3;
    private const string Free = "f.tenant_id is null and f.withdrawn_at is null and (f.quarantined_until is null or f.quarantined_until <= @now)";

    /// <summary>A page of those in any of <paramref name="pools"/>, in the order of the numbers.</summary>
    public async Task<Page<FreeNumberView>> PageAsync(IReadOnlyList<string> pools, WantedNumbers wanted, PageStart start, CancellationToken ct)
    {
        // Digits in the middle are looked up at once for all pools; else each pool and type is walked by itself, because across several of them no
        // index is in the order of the numbers.
        var inOne = wanted.Contains?.Length >= Triple;
        var (where, parameters) = Where(wanted, inOne ? "any(@types)" : "p.type");
        if (start.After is { } after)
        {
            where += " and f.digits > @after";
            parameters.Add(new("after", after[1..]));
        }

        parameters.AddRange(
        [
            new("pools", pools.ToArray()), new("limit", start.Limit + 1),
            new("types", wanted.Type is { } type ? [type.ToString()] : Enum.GetNames<NumberType>()),
        ]);
        var sql = inOne
            ? $"select f.* from provisioning.inbound_numbers f where f.pool_path = any(@pools) and {where} order by f.digits limit @limit"
            : $"""
                select n.* from unnest(@pools) as o (pool) cross join unnest(@types) as p (type) cross join lateral (
                    select f.* from provisioning.inbound_numbers f where f.pool_path = o.pool and {where} order by f.digits limit @limit) n
                order by n.digits limit @limit
                """;
        var rows = await db.InboundNumbers.FromSqlRaw(sql, [.. parameters.Cast<object>()])
            .OrderBy(x => x.Number).Select(x => new FreeNumberView(x.Id, x.Number, x.Country, x.Type, x.Locality)).ToListAsync(ct);
        return Page.Of(rows, start, x => x.Number);
    }

    /// <summary>
    /// Holds <paramref name="count"/> of them until the transaction ends, those of the nearest pool first; fewer only where there are no more. The
    /// first look passes over what others are just being given, so that many at once do not stand in line. Where that does not suffice it lets go
    /// and waits for the others, all in one order: so what is short is short, and nobody waits in a ring.
    /// </summary>
    public async Task<IReadOnlyList<InboundNumber>> HoldAsync(IReadOnlyList<string> pools, WantedNumbers wanted, int count, CancellationToken ct)
    {
        const string Savepoint = "numbers";
        await session.Transaction!.SaveAsync(Savepoint, ct);
        var held = await HoldAsync(pools, wanted, count, "skip locked", ct);
        if (held.Count == count)
            return held;
        await session.Transaction.RollbackAsync(Savepoint, ct);
        foreach (var number in held)
            db.Entry(number).State = EntityState.Detached;
        return await HoldAsync(pools, wanted, count, "", ct);
    }

    /// <summary>
    /// Holds those of these that are in <paramref name="pools"/>, in the same order as the others; who names another's keeps nobody waiting.
    /// </summary>
    public async Task<IReadOnlyList<InboundNumber>> HoldAsync(
        IReadOnlyList<string> pools, IReadOnlyCollection<string> numbers, CancellationToken ct) =>
        await db.InboundNumbers.FromSql($"""
            select * from provisioning.inbound_numbers where number = any({numbers.ToArray()}) and pool_path = any({pools.ToArray()})
            order by length(pool_path) desc, type, number for update
            """).OrderBy(x => x.Number).ToListAsync(ct);

    private async Task<IReadOnlyList<InboundNumber>> HoldAsync(
        IReadOnlyList<string> pools, WantedNumbers wanted, int count, string orWait, CancellationToken ct)
    {
        var held = new List<InboundNumber>();
        foreach (var pool in pools.OrderByDescending(p => p.Length))
        {
            var (where, parameters) = Where(wanted, wanted.Type is null ? null : "@type");
            parameters.AddRange([new("pool", pool), new("limit", count - held.Count)]);
            if (wanted.Type is { } type)
                parameters.Add(new("type", type.ToString()));
            held.AddRange(await db.InboundNumbers.FromSqlRaw(
                $"""
                select f.* from provisioning.inbound_numbers f where f.pool_path = @pool and {where}
                order by f.type, f.digits limit @limit for update {orWait}
                """,
                [.. parameters.Cast<object>()]).OrderBy(x => x.Number).ToListAsync(ct));
            if (held.Count == count)
                break;
        }

        return held;
    }

    private (string Where, List<NpgsqlParameter> Parameters) Where(WantedNumbers wanted, string? inType)
    {
        var (where, parameters) = (Free, new List<NpgsqlParameter> { new("now", clock.GetUtcNow()) });
        if (inType is not null)
            where += $" and f.type = {inType}";
        if (wanted.Country is { } country)
        {
            where += " and f.country = @country";
            parameters.Add(new("country", country));
        }

        if (wanted.StartsWith is { } prefix)
        {
            // ':' is the byte after '9'.
            where += " and f.digits >= @from and f.digits < @until";
            parameters.AddRange([new("from", prefix), new("until", prefix + ":")]);
        }

        if (wanted.Contains is { } digits)
        {
            where += " and f.digits like @like";
            parameters.Add(new("like", $"%{digits}%"));
            if (digits.Length >= Triple)
            {
                where += " and f.triples @> @triples";
                parameters.Add(new(
                    "triples", Enumerable.Range(0, digits.Length - Triple + 1).Select(i => digits.Substring(i, Triple)).Distinct().ToArray()));
            }
        }

        return (where, parameters);
    }
}
