using System.Collections.Concurrent;
using System.Reflection;

namespace Licensing.Kernel.Messaging;

/// <summary>A fact one module tells the others. The name is stored with the message, so it outlives the C# type's name.</summary>
[AttributeUsage(AttributeTargets.Class)]
public sealed class MessageAttribute(string name) : Attribute
{
    private static readonly ConcurrentDictionary<Type, string> Names = new();

    public string Name { get; } = name;

    public static string NameOf(Type type) => Names.GetOrAdd(type, static t =>
        t.GetCustomAttribute<MessageAttribute>()?.Name ?? throw new InvalidOperationException($"{t.Name} has no [Message] name."));
}

/// <summary>
/// A slice started by a message. It runs once per message in one transaction with the rows it changes; when it throws, everything
/// is rolled back and the message comes again.
/// </summary>
public interface IHandle<in TMessage> where TMessage : notnull
{
    Task HandleAsync(TMessage message, CancellationToken ct);
}

/// <summary>One module's wish to hear one message.</summary>
/// <param name="Message">Stored name of the message.</param>
/// <param name="Name">Stored name of the subscriber (<c>module.handler</c>); it keys the inbox, so it is never renamed.</param>
/// <param name="Schema">The subscriber's schema, where its inbox is.</param>
/// <param name="HandleAsync">Runs the handler inside the scope's transaction.</param>
public sealed record Subscriber(string Message, string Name, string Schema, Func<IServiceProvider, string, CancellationToken, Task> HandleAsync);

/// <summary>Who hears what; fixed at start-up.</summary>
public sealed class SubscriberRegistry
{
    private readonly ILookup<string, Subscriber> _byMessage;
    private readonly Dictionary<string, Subscriber> _byName;

    public SubscriberRegistry(IEnumerable<Subscriber> subscribers)
    {
        _byName = subscribers.ToDictionary(s => s.Name, StringComparer.Ordinal);
        _byMessage = _byName.Values.ToLookup(s => s.Message, StringComparer.Ordinal);
    }

    public IEnumerable<Subscriber> For(string message) => _byMessage[message];

    public Subscriber? Find(string name) => _byName.GetValueOrDefault(name);
}

/// <summary>
/// One message on its way to one subscriber. There is a row per subscriber, so that one that fails is retried and parked alone.
/// </summary>
public sealed class OutboxMessage
{
    public Guid Id { get; init; }
    public Guid MessageId { get; init; }
    public required string Name { get; init; }
    public required string Subscriber { get; init; }
    public required string Body { get; init; }
    public DateTimeOffset OccurredAt { get; init; }
    public DateTimeOffset DeliverAt { get; init; }
    public string? Trace { get; init; }
}
