using System.Text.Json;
using System.Text.Json.Nodes;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Persistence;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Licensing.Identity.Settings;

internal enum SettingArea { Branding, Licensing, Identity }

/// <summary>What an organisation says for itself in one area.</summary>
internal interface IOwnSettings
{
    static abstract SettingArea Area { get; }
}

/// <summary>A change of it.</summary>
internal interface ISettingsPatch<TOwn>
{
    TOwn On(TOwn own);

    /// <summary>Why it may not be set so, given what those above say and how far the caller reaches, or null.</summary>
    /// <param name="above">What those above say.</param>
    /// <param name="own">What the organisation says so far.</param>
    /// <param name="path">Where it stands.</param>
    /// <param name="reach">Where the caller may change settings.</param>
    /// <param name="at">Pointer of the area in the request; empty when the request is of this area alone.</param>
    Refusal? Against(Chain<TOwn> above, TOwn own, string path, Scope reach, string at);
}

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
