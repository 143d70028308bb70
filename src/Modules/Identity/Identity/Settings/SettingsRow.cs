using System.Text.Json;
using System.Text.Json.Nodes;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Persistence;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Licensing.Identity.Settings;

/// <summary>One organisation's own values of one area, as a document.</summary>
internal sealed class SettingsRow : IOwned, IVersioned
{
    public OrganizationId OrganizationId { get; init; }
    public SettingArea Area { get; init; }
    public JsonObject Own { get; private set; } = [];
    public int Version { get; private set; }

    /// <summary>Not stored: the organisation knows where it stands.</summary>
    public string OwnerPath { get; set; } = "";

    public TOwn Read<TOwn>() => Own.Deserialize<TOwn>(StoredJson.Options)!;

    public void Write<TOwn>(TOwn own)
    {
        Own = JsonSerializer.SerializeToNode(own, StoredJson.Options)!.AsObject();
        if (Version == 0)
            Version = 1;
    }
}

internal sealed class SettingsMapping : IEntityTypeConfiguration<SettingsRow>
{
    public void Configure(EntityTypeBuilder<SettingsRow> builder)
    {
        builder.ToTable("settings").HasKey(x => new { x.OrganizationId, x.Area });
        builder.Property(x => x.Own).IsJson();
        builder.Ignore(x => x.OwnerPath);
    }
}
