using FluentValidation;
using Licensing.Identity.Data;
using Licensing.Kernel.Http;
using Licensing.Kernel.Messaging;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Identity.Users;

/// <summary>Someone typed an address into "forgot my password". Whose it is, if anyone's, is looked up later.</summary>
[Message("identity.password-reset-requested.v1")]
internal sealed record PasswordResetRequested(string Email);

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
        .MapPost("/password-reset", (Command body, ISender sender, CancellationToken ct) => sender.Accepted(body, _ => "/api/v1/auth/password-reset/confirm", ct))
        .Slice<Command, RequestedView>(nameof(RequestPasswordReset), "Asks for a mail to replace a forgotten password", StatusCodes.Status202Accepted);
}

/// <summary>
/// Sends the mail, where there is someone to send it to. Anyone may ask in his name, and the newest token alone works: so rarely that whoever
/// gets a mail has the time to use it before a stranger makes it worthless by asking again.
/// </summary>
internal sealed class MailWhenPasswordResetRequested(IdentityDb db, OneTimeTokens tokens, Letters letters) : IHandle<PasswordResetRequested>
{
    public static readonly TimeSpan Spacing = TimeSpan.FromMinutes(15);

    public async Task HandleAsync(PasswordResetRequested message, CancellationToken ct)
    {
        var user = await db.Users.AsNoTracking().WhereMayEnter(db).SingleOrDefaultAsync(x => x.Email == message.Email && !x.FederatedOnly, ct);
        if (user is not null && await tokens.IssueAsync(user, TokenPurpose.PasswordReset, Spacing, ct) is { } token)
            letters.ResetPassword(user, token);
    }
}
