using System.Security.Cryptography;
using System.Text;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Persistence;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Licensing.Provisioning.Signed;

/// <summary>A tenant's telephone trunk. The password lies sealed, is never answered and never logged.</summary>
internal sealed class SipCredentials : IOwned
{
    public OrganizationId TenantId { get; private init; }
    public required string OwnerPath { get; init; }
    public string Username { get; private set; } = "";

    [Secret]
    public byte[] SealedPassword { get; private set; } = [];
    public string SipServer { get; private set; } = "";
    public string OutboundProxy { get; private set; } = "";
    public int? SipPort { get; private set; }
    public string? Transport { get; private set; }

    public static SipCredentials Of(OrganizationRef tenant) => new() { TenantId = tenant.Id, OwnerPath = tenant.Path };

    /// <summary>Takes what was sent; port and transport, which come together or not at all, stay where they are not.</summary>
    /// <returns>What is other than before, by the request's names; the password shows as <c>***</c>.</returns>
    public IReadOnlyList<FieldChange> Set(SipCredentialsBody sent, SecretBox secrets)
    {
        var changes = new List<FieldChange>();
        Note("username", Username, sent.Username);
        var password = Encoding.UTF8.GetBytes(sent.Password);
        // Sealed twice it looks different each time, so what is compared is what was sealed.
        if (SealedPassword.Length == 0 || !CryptographicOperations.FixedTimeEquals(secrets.Open(SealedPassword), password))
        {
            changes.Add(new("sipCredentials.password", SealedPassword.Length == 0 ? null : "***", "***"));
            SealedPassword = secrets.Seal(password);
        }

        Note("sipServer", SipServer, sent.SipServer);
        Note("outboundProxy", OutboundProxy, sent.OutboundProxy);
        (Username, SipServer, OutboundProxy) = (sent.Username, sent.SipServer, sent.OutboundProxy);
        if (sent.SipPort is not null)
        {
            Note("sipPort", SipPort, sent.SipPort);
            Note("transport", Transport, sent.Transport);
            (SipPort, Transport) = (sent.SipPort, sent.Transport);
        }

        return changes;

        void Note(string field, object? old, object? now)
        {
            if (!Equals(old, now))
                changes.Add(new($"sipCredentials.{field}", old is "" ? null : old, now));
        }
    }

    public sealed class Mapping : IEntityTypeConfiguration<SipCredentials>
    {
        public void Configure(EntityTypeBuilder<SipCredentials> builder) => builder.ToTable("sip_credentials").HasKey(x => x.TenantId);
    }
}
