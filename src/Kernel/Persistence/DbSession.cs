using Licensing.Kernel.Messaging;
using Npgsql;

namespace Licensing.Kernel.Persistence;

/// <summary>
/// The connection and transaction of one scope, shared by the contexts of all modules, so that one request commits or fails as one.
/// Without a transaction (queries) the contexts open and return the connection per statement.
/// </summary>
public sealed class DbSession(
    NpgsqlDataSource database, SubscriberRegistry subscribers, MessageWaker waker, AuditTrail audit, TimeProvider clock) : IAsyncDisposable
{
    private readonly List<ModuleDb> _contexts = [];
    private readonly HashSet<string> _published = [];
    private readonly List<Action> _afterCommit = [];
    private readonly List<NpgsqlBatchCommand> _atCommit = [];
    private NpgsqlConnection? _connection;

    public NpgsqlConnection Connection => _connection ??= database.CreateConnection();

    /// <summary>Takes its connection from elsewhere; before anything is asked of it.</summary>
    internal void On(NpgsqlDataSource other) => _connection = _connection is null ? other.CreateConnection()
        : throw new InvalidOperationException("A context of this scope has its connection already.");

    public NpgsqlTransaction? Transaction { get; private set; }

    public bool InTransaction => Transaction is not null;

    public TimeProvider Clock => clock;

    internal SubscriberRegistry Subscribers => subscribers;

    internal AuditTrail Audit => audit;

    internal void Enlist(ModuleDb context) => _contexts.Add(context);

    /// <summary>Runs once this transaction has committed, and never when it does not: for what the process remembers of its rows.</summary>
    public void AfterCommit(Action action) => _afterCommit.Add(action);

    /// <summary>Belongs to this transaction and goes to the server with its commit; what comes before the commit does not see it.</summary>
    public void AtCommit(NpgsqlBatchCommand command) => _atCommit.Add(command);

    internal void MessagePublished(string schema) => _published.Add(schema);

    /// <summary>The open connection, for hand-written SQL; its commands belong to the transaction when there is one.</summary>
    public async ValueTask<NpgsqlConnection> OpenAsync(CancellationToken ct)
    {
        if (Connection.State is not System.Data.ConnectionState.Open)
            await Connection.OpenAsync(ct);
        return Connection;
    }

    public async Task BeginAsync(CancellationToken ct)
    {
        if (InTransaction)
            throw new InvalidOperationException("This scope already has a transaction.");

        await OpenAsync(ct);
        Transaction = await Connection.BeginTransactionAsync(ct);
    }

    /// <summary>Writes what the handlers changed in any module; called by the pipeline, not by slices.</summary>
    public async Task SaveAsync(CancellationToken ct)
    {
        foreach (var context in _contexts)
            await context.SaveChangesAsync(ct);
    }

    /// <summary>Several statements in one turn to the server; all of them or none within a transaction.</summary>
    public async Task ExecuteAsync(IEnumerable<NpgsqlBatchCommand> commands, CancellationToken ct)
    {
        await using var batch = new NpgsqlBatch(await OpenAsync(ct), Transaction);
        foreach (var command in commands)
            batch.BatchCommands.Add(command);
        await batch.ExecuteNonQueryAsync(ct);
    }

    /// <param name="ct">Not the caller's: one who hangs up between the commit and its answer would leave undone what follows it.</param>
    /// <param name="last">Belongs to the transaction, and goes to the server with its commit.</param>
    public async Task CommitAsync(CancellationToken ct, NpgsqlBatchCommand? last = null)
    {
        if (last is not null)
            _atCommit.Add(last);
        await (_atCommit.Count == 0 ? Transaction!.CommitAsync(ct) : ExecuteAsync([.. _atCommit, new NpgsqlBatchCommand("commit")], ct));
        _atCommit.Clear();
        await EndAsync();
        // Woken only now: a message that did not commit does not exist.
        foreach (var schema in _published)
            waker.Wake(schema);
        _published.Clear();
        foreach (var action in _afterCommit)
            action();
        _afterCommit.Clear();
    }

    public async Task RollbackAsync()
    {
        try
        {
            // A broken connection has rolled back by itself; saying so again would hide the first error.
            if (Transaction is not null && Connection.FullState.HasFlag(System.Data.ConnectionState.Open))
                await Transaction.RollbackAsync(CancellationToken.None);
        }
        catch (InvalidOperationException)
        {
            // So has a commit that the server refused, by a constraint that it asks only then.
        }
        finally
        {
            if (Transaction is not null)
                await EndAsync();
            Forget();
        }
    }

    /// <summary>Undoes everything since the savepoint, also what the contexts remember, and keeps the transaction.</summary>
    internal async Task RollbackToAsync(string savepoint, CancellationToken ct)
    {
        await Transaction!.RollbackAsync(savepoint, ct);
        Forget();
    }

    /// <summary>Forgets what is saved already, so that the next message of a batch starts with empty contexts.</summary>
    internal void Detach()
    {
        foreach (var context in _contexts)
            context.ChangeTracker.Clear();
        audit.Clear();
    }

    private void Forget()
    {
        Detach();
        _published.Clear();
        _afterCommit.Clear();
        _atCommit.Clear();
    }

    private async Task EndAsync()
    {
        foreach (var context in _contexts)
            context.Leave();
        await Transaction!.DisposeAsync();
        Transaction = null;
    }

    public async ValueTask DisposeAsync()
    {
        // The scope has disposed its contexts before: they were made after this.
        _contexts.Clear();
        await RollbackAsync();
        if (_connection is not null)
            await _connection.DisposeAsync();
    }
}
