using FluentValidation;
using Licensing.Identity.Credentials;
using Licensing.Identity.Data;
using Licensing.Kernel.Http;
using Licensing.Kernel.Persistence;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Identity.Users;

/// <summary>An invited user chooses his password with the token of his mail, and may log in from then on.</summary>
internal static class ActivateUser
{
    [Anyone]
    public sealed record Command(string Token, string Password) : ICommand<Done>;

    public sealed class Validator : AbstractValidator<Command>
    {
        public Validator()
        {
            RuleFor(x => x.Token).OneTimeToken();
            RuleFor(x => x.Password).NewPassword();
        }
    }

    internal sealed class Handler(
        IdentityDb db, DbSession session, OneTimeTokens tokens, UserManager<User> users, CredentialCache cache, TimeProvider clock)
        : ICommandHandler<Command, Done>
    {
        public async Task<Result<Done>> Handle(Command command, CancellationToken cancellationToken)
        {
            if (await tokens.RedeemAsync(command.Token, TokenPurpose.Activation, cancellationToken) is not { } id)
                return UserRefusals.BadToken;
            var user = await db.Users.SingleAsync(x => x.Id == id, cancellationToken);
            if (user.Status is not UserStatus.Invited)
                return UserRefusals.BadToken;
            if (await users.SetPasswordAsync(user, command.Password, "/password") is { } weak)
                return weak;
            if (user.Activate(clock.GetUtcNow()).Refused(out var refusal, out _))
                return refusal;
            cache.ForgetAfterCommit(session);
            return default(Done);
        }
    }

    public static void Map(RouteGroupBuilder auth) => auth
        .MapPost("/activation", (Command body, ISender sender, CancellationToken ct) => sender.NoContent(body, ct))
        .Slice<Command>(nameof(ActivateUser), "Activates an invited user's account");
}
