using Licensing.Kernel.Messaging;

namespace Licensing.Usage.Rollups;

/// <summary>
/// Some days of some tenants gained records; which ones is in the log that committed with them. Told to the module itself only, so
/// it carries nothing: one delivery does the work of all the messages before it.
/// </summary>
[Message("usage.days-dirty.v1")]
internal sealed record DaysDirty;
