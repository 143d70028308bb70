using Licensing.Identity.Contracts;
using Licensing.Identity.Credentials;
using Licensing.Identity.Organizations;
using Licensing.Kernel.Persistence;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Licensing.Identity.Users;

/// <summary>A person of one organisation; what he may do are his role assignments.</summary>
internal sealed class User : IOwned, IVersioned
{
    private User()
    {
    }

    private User(Organization organization, string email, string displayName, UserStatus status, DateTimeOffset now)
    {
        Id = Kernel.Id.New<UserId>(now);
        OrganizationId = organization.Id;
        OwnerPath = organization.OwnerPath;
        Email = email.ToLowerInvariant();
        DisplayName = displayName;
        Status = status;
        CredentialsChangedAt = CreatedAt = now;
        Version = 1;
    }

    /// <summary>One who chooses his own password with the token of a mail.</summary>
    public static User Invite(Organization organization, string email, string displayName, DateTimeOffset now) =>
        new(organization, email, displayName, UserStatus.Invited, now);

    /// <summary>One who may enter at once, with the password that someone gives him or through his organisation's provider.</summary>
    public static User Add(Organization organization, string email, string displayName, bool federatedOnly, DateTimeOffset now) =>
        new(organization, email, displayName, UserStatus.Active, now) { FederatedOnly = federatedOnly };

    public UserId Id { get; private init; }

    /// <summary>The number by which the reseller door names him; from a sequence, never reused.</summary>
    public int Code { get; private init; }

    public OrganizationId OrganizationId { get; private init; }
    public string OwnerPath { get; private init; } = "";
    public UserStatus Status { get; private set; }
    public string Email { get; private set; } = "";
    public string? Username { get; private set; }
    public string DisplayName { get; private set; } = "";
    public string? FirstName { get; private set; }
    public string? LastName { get; private set; }
    public string? MobilePhone { get; private set; }
    public string? LandlinePhone { get; private set; }
    public string? Notes { get; private set; }

    /// <summary>He has no password here.</summary>
    public bool FederatedOnly { get; private set; }

    [Secret]
    public string? PasswordHash { get; private set; }

    /// <summary>How many passwords he has had, to recognise that one has been changed meanwhile; hashing it anew leaves it.</summary>
    public int PasswordNumber { get; private set; }

    public bool MustChangePassword { get; private set; }

    /// <summary>
    /// Null: he chose the password himself, with a token from his mailbox, or there is none. Else someone gave it to him, and it stays with
    /// whichever he changes it to: <see cref="Guid.Empty"/> at the terminal, where a change makes it his own, else the id of a user, key or
    /// client. The trail tells it by its principal.
    /// </summary>
    [Secret]
    public Guid? PasswordGivenBy { get; private set; }

    /// <summary>Who else knows a password that was given (<see cref="Maker.KnownTo"/>), its giver among them.</summary>
    [Secret]
    public Guid[] PasswordKnownTo { get; private set; } = [];

    public bool MfaEnabled { get; private set; }

    /// <summary>Not good for anything before <see cref="MfaEnabled"/>.</summary>
    [Secret]
    public byte[]? SealedAuthenticatorKey { get; private set; }

    /// <summary>The session in which the second factor was begun, and when.</summary>
    public Guid? MfaBegunIn { get; private set; }

    public DateTimeOffset? MfaBegunAt { get; private set; }

    /// <summary>
    /// When a way in was last changed or taken from him. The trail tells it; his sessions end with each such change, and by them and by
    /// <see cref="PasswordNumber"/> his access tokens, because no two hosts' clocks agree on what came first.
    /// </summary>
    public DateTimeOffset CredentialsChangedAt { get; private set; }

    public DateTimeOffset CreatedAt { get; private init; }
    public int Version { get; private set; }

    /// <summary>Called by the framework, which has validated and hashed the password; what it means is told right after.</summary>
    public void KeepHash(string? hash) => PasswordHash = hash;

    /// <summary>For when one of his ways in is taken from him; whoever takes it ends his sessions.</summary>
    public void WayInTaken(DateTimeOffset now) => CredentialsChangedAt = now;

    /// <summary>Someone else chose it, so it is good for its change only, unless he says otherwise.</summary>
    public void PasswordGiven(bool mustChange, Maker by, DateTimeOffset now)
    {
        PasswordChosen(now);
        (MustChangePassword, PasswordGivenBy, PasswordKnownTo) = (mustChange, by.Id, by.KnownTo);
    }

    /// <summary>
    /// By who knew the one before, which proves nothing of who he is: whoever gave it could do so as well. At the terminal nobody is asked,
    /// where one can do anything.
    /// </summary>
    public void PasswordChanged(DateTimeOffset now)
    {
        if (PasswordGivenBy is null || PasswordGivenBy == Guid.Empty)
            PasswordChosen(now);
        else
            (PasswordNumber, MustChangePassword, CredentialsChangedAt) = (PasswordNumber + 1, false, now);
    }

    /// <summary>By who reads his mail, or there is none any more.</summary>
    public void PasswordChosen(DateTimeOffset now) =>
        (PasswordNumber, MustChangePassword, PasswordGivenBy, PasswordKnownTo, CredentialsChangedAt) = (PasswordNumber + 1, false, null, [], now);

    public Result<Done> Activate(DateTimeOffset now)
    {
        if (Status is not UserStatus.Invited)
            return UserRefusals.NotInvited;
        Status = UserStatus.Active;
        PasswordChosen(now);
        return default(Done);
    }

    public Result<Done> Disable(DateTimeOffset now)
    {
        if (Status is UserStatus.Disabled)
            return UserRefusals.AlreadyDisabled;
        (Status, CredentialsChangedAt) = (UserStatus.Disabled, now);
        return default(Done);
    }

    public Result<Done> Enable()
    {
        if (Status is not UserStatus.Disabled)
            return UserRefusals.NotDisabled;
        Status = PasswordHash is null && !FederatedOnly ? UserStatus.Invited : UserStatus.Active;
        return default(Done);
    }

    public void KeepAuthenticatorKey(byte[]? sealedKey) => SealedAuthenticatorKey = sealedKey;

    public void BeginMfa(Guid? session, DateTimeOffset now) => (MfaBegunIn, MfaBegunAt) = (session, now);

    /// <summary>Whether a second factor that was begun may be confirmed in <paramref name="session"/> now.</summary>
    public bool MayConfirmMfa(Guid? session, DateTimeOffset now) =>
        SealedAuthenticatorKey is not null && MfaBegunIn is { } begun && begun == session && now < MfaBegunAt + Enrolment.ConfirmWithin;

    public void RequireCode(bool enabled) => MfaEnabled = enabled;

    public void Describe(string? username, string? firstName, string? lastName, string? mobilePhone, string? landlinePhone, string? notes) =>
        (Username, FirstName, LastName, MobilePhone, LandlinePhone, Notes) =
        (username?.ToLowerInvariant(), firstName, lastName, mobilePhone, landlinePhone, notes);

    public Result<Done> Change(PatchUser.Command change, DateTimeOffset now)
    {
        if (change.FederatedOnly.Or(FederatedOnly) && Status is UserStatus.Invited)
            return UserRefusals.InvitedForPassword;
        Email = change.Email.Or(Email).ToLowerInvariant();
        DisplayName = change.DisplayName.Or(DisplayName);
        Describe(
            change.Username.Or(Username), change.FirstName.Or(FirstName), change.LastName.Or(LastName), change.MobilePhone.Or(MobilePhone),
            change.LandlinePhone.Or(LandlinePhone), change.Notes.Or(Notes));
        if (change.FederatedOnly.Or(FederatedOnly) == FederatedOnly)
            return default(Done);
        FederatedOnly = !FederatedOnly;
        // What was proved with a password that is none any more ends with it.
        if (FederatedOnly)
        {
            PasswordHash = null;
            PasswordChosen(now);
        }

        return default(Done);
    }
}

internal sealed class UserMapping : IEntityTypeConfiguration<User>
{
    public void Configure(EntityTypeBuilder<User> builder)
    {
        builder.ToTable("users").HasKey(x => x.Id);
        builder.Property(x => x.Code).ValueGeneratedOnAdd();
    }
}
