using MediatR;

namespace Licensing.Kernel;

/// <summary>
/// Something to do; runs in one transaction and leaves an audit entry. What the server undid is handled again, so it holds nothing that is used up by
/// handling it, as a stream would be.
/// </summary>
public interface ICommand<T> : IRequest<Result<T>>, ICommand where T : notnull;

public interface ICommand;

/// <summary>Something to know; changes nothing.</summary>
public interface IQuery<T> : IRequest<Result<T>> where T : notnull;

public interface ICommandHandler<in TCommand, T> : IRequestHandler<TCommand, Result<T>> where TCommand : ICommand<T> where T : notnull;

public interface IQueryHandler<in TQuery, T> : IRequestHandler<TQuery, Result<T>> where TQuery : IQuery<T> where T : notnull;

/// <summary>
/// The one way to a handler, for every door and every terminal command. Kept apart from the mediator behind it (ADR 0002), whose
/// present version has no such interface.
/// </summary>
public interface ISender
{
    Task<TResponse> Send<TResponse>(IRequest<TResponse> request, CancellationToken ct = default);
}

internal sealed class MediatorSender(IMediator mediator) : ISender
{
    public Task<TResponse> Send<TResponse>(IRequest<TResponse> request, CancellationToken ct) => mediator.Send(request, ct);
}

/// <summary>
/// Names of a slice derived from where it stands: <c>Licensing.Identity.Tenants.CreateTenant+Command</c> → <c>identity.create_tenant</c>.
/// </summary>
public static class SliceName
{
    public static string Of(Type request)
    {
        var module = request.Namespace!.Split('.') is [_, var name, ..] ? name : "kernel";
        return $"{Persistence.SnakeCase.Of(module)}.{Persistence.SnakeCase.Of((request.DeclaringType ?? request).Name)}";
    }
}
