namespace Licensing.Identity.Contracts;

/// <summary>A place that a tenant has left.</summary>
/// <param name="Path">The place.</param>
/// <param name="Until">The first day on which it stood there no longer.</param>
public sealed record FormerPath(string Path, DateOnly Until);
