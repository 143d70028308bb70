using FluentValidation;
using Licensing.Identity.Data;
using Licensing.Kernel.Http;

namespace Licensing.Identity.Users;

/// <summary>
/// Asks for a mail with which a forgotten password is replaced. The request itself does the same for every address and does not look
/// whether it is known, so that neither its answer nor its time tells.
/// </summary>
internal static class RequestPasswordReset
{
    [Anyone]
    public sealed record Command(string Email) : ICommand<RequestedView>;

    public sealed record RequestedView(string Message);

    public sealed class Validator : AbstractValidator<Command>
    {
        public Validator() => RuleFor(x => x.Email).NotEmpty().MaximumLength(254);
    }

    internal sealed class Handler(IdentityDb db) : ICommandHandler<Command, RequestedView>
    {
        public Task<Result<RequestedView>> Handle(Command command, CancellationToken cancellationToken)
        {
            db.Publish(new PasswordResetRequested(command.Email.ToLowerInvariant()));
            return Task.FromResult<Result<RequestedView>>(new RequestedView("If there is such an account, a mail is on its way to it."));
        }
    }

    public static void Map(RouteGroupBuilder auth) => auth
        .MapPost("/password-reset", (Command body, ISender sender, CancellationToken ct) =>
            sender.Accepted(body, _ => "/api/v1/auth/password-reset/confirm", ct))
        .Slice<Command, RequestedView>(
            nameof(RequestPasswordReset), "Asks for a mail to replace a forgotten password", StatusCodes.Status202Accepted);
}
