using System.Text.Json.Serialization;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Persistence;

namespace Licensing.Identity.Settings;

/// <summary>What an organisation says, and what holds there with what those above say. The latter changes without a new version.</summary>
internal sealed record SettingsView<TOwn, TEffective>(
    OrganizationId OrganizationId, TOwn Own, TEffective Effective, [property: JsonIgnore] int Version) : IDated;
