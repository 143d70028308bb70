using Licensing.Identity.Contracts;

namespace Licensing.Identity.Reseller;

/// <summary>
/// The predefined roles by number: their places in <see cref="Roles.All"/>, from 1, which never change. Custom roles have names alone, and are given
/// and taken at the other door.
/// </summary>
internal static class PredefinedRoles
{
    public static string? Find(int roleId) => roleId >= 1 && roleId <= Roles.All.Count ? Roles.All[roleId - 1] : null;

    /// <summary>Null where it is a custom role.</summary>
    public static int? IdOf(string role) => Roles.All.ToList().IndexOf(role) is >= 0 and var place ? place + 1 : null;
}

/// <summary>Something that a role allows.</summary>
/// <param name="Name">The permission's code.</param>
internal sealed record RoleAction(string Name);
