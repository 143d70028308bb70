using System.Text.Json.Serialization;
using FluentValidation;
using Licensing.Identity.Credentials;
using Licensing.Identity.Data;
using Licensing.Identity.Organizations;
using Licensing.Identity.Sessions;
using Licensing.Kernel.Http;
using Licensing.Kernel.Persistence;

namespace Licensing.Identity.Users;

/// <summary>Changes what is said of a user. Another e-mail address makes worthless what was sent to the one before; it is told at both.</summary>
internal static class PatchUser
{
    [Needs(IdentityPermissions.UsersManage), InPerson]
    public sealed record Command : ICommand<UserView>, IConcerns
    {
        Concern? IConcerns.Concern => Concern.OfUser(Id);

        [JsonIgnore]
        public UserId Id { get; init; }

        public Optional<string> Email { get; init; }
        public Optional<string?> Username { get; init; }
        public Optional<string> DisplayName { get; init; }
        public Optional<string?> FirstName { get; init; }
        public Optional<string?> LastName { get; init; }
        public Optional<string?> MobilePhone { get; init; }
        public Optional<string?> LandlinePhone { get; init; }
        public Optional<string?> Notes { get; init; }
        public Optional<bool> FederatedOnly { get; init; }
    }

    public sealed class Validator : AbstractValidator<Command>
    {
        public Validator()
        {
            RuleFor(x => x.Email.Value).MailAddress().When(x => x.Email.IsPresent).OverridePropertyName("Email");
            RuleFor(x => x.Username.Value).Username().OverridePropertyName("Username");
            RuleFor(x => x.DisplayName.Value).DisplayName().When(x => x.DisplayName.IsPresent).OverridePropertyName("DisplayName");
            RuleFor(x => x.FirstName.Value).PersonName().OverridePropertyName("FirstName");
            RuleFor(x => x.LastName.Value).PersonName().OverridePropertyName("LastName");
            RuleFor(x => x.MobilePhone.Value).Phone().OverridePropertyName("MobilePhone");
            RuleFor(x => x.LandlinePhone.Value).Phone().OverridePropertyName("LandlinePhone");
            RuleFor(x => x.Notes.Value).Notes().OverridePropertyName("Notes");
        }
    }

    internal sealed class Handler(
        IdentityDb db, DbSession session, OpenSessions sessions, ManagedUsers users, OneTimeTokens tokens, Invitations invitations,
        Letters letters, CredentialCache cache, Precondition precondition, Principal principal, TimeProvider clock)
        : ICommandHandler<Command, UserView>
    {
        public async Task<Result<UserView>> Handle(Command command, CancellationToken cancellationToken)
        {
            if ((await users.LockAsync(command.Id, cancellationToken)).Refused(out var refusal, out var user))
                return refusal;
            if (precondition.Fails(user))
                return Precondition.Failed;
            var (email, federatedOnly) = (user.Email, user.FederatedOnly);
            // Ways in: whoever only has his token must not turn it into the account.
            var isAnother = !string.Equals(command.Email.Or(email), email, StringComparison.OrdinalIgnoreCase)
                || command.FederatedOnly.Or(federatedOnly) != federatedOnly;
            if (isAnother && principal.MayBe(user.Id))
                return UserRefusals.OwnAccount;
            var now = clock.GetUtcNow();
            if (user.Change(command, now).Refused(out refusal, out _))
                return refusal;

            if (user.Email != email && await TellOfAddressAsync(user, email, cancellationToken) is { } tooMany)
                return tooMany;
            if (user.FederatedOnly && !federatedOnly)
            {
                await sessions.EndAllAsync(user, now, cancellationToken);
                await tokens.VoidAsync(user.Id, cancellationToken);
            }

            cache.ForgetAfterCommit(session);
            return await UserView.SavedAsync(db, user.Id, cancellationToken);
        }

        private async Task<Refusal?> TellOfAddressAsync(User user, string before, CancellationToken ct)
        {
            await tokens.VoidAsync(user.Id, ct);
            return user.Status is UserStatus.Invited ? await invitations.SendAsync(user, ct) : await letters.AddressWasChangedAsync(user, before, ct);
        }
    }

    public static void Map(RouteGroupBuilder users) => users
        .MapPatch("/{id:guid}", (Guid id, Command body, ISender sender, CancellationToken ct) => sender.Ok(body with { Id = new UserId(id) }, ct))
        .Slice<Command, UserView>(nameof(PatchUser), "Changes a user")
        .WithMetadata(new SliceExample(new { displayName = "Ada Lovelace", mobilePhone = "+4915112345678" }));
}
