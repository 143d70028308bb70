using Licensing.Identity.Audit;
using Licensing.Identity.Contracts;
using Licensing.Identity.Rights;
using Licensing.Kernel.Persistence;

namespace Licensing.Identity.Tests.Organizations;

/// <summary>Rules that need no database.</summary>
public sealed class OrganizationTests
{
    [Fact]
    public void Every_role_is_held_at_the_level_that_its_name_begins_with() =>
        Roles.All.Select(RoleLevels.LevelOf).ShouldBe(
        [
            OrganizationKind.Platform, OrganizationKind.Platform, OrganizationKind.Platform,
            OrganizationKind.Distributor, OrganizationKind.Distributor,
            OrganizationKind.Partner, OrganizationKind.Partner, OrganizationKind.Tenant, OrganizationKind.Tenant,
        ]);

    [Theory]
    [InlineData("1.7.42.", "1.7.42.")]
    [InlineData("1.7.", "1.7.42.", "1.7.43.")]
    [InlineData("1.7.", "1.7.4.", "1.7.42.")]
    [InlineData("1.", "1.7.42.", "1.8.")]
    public void An_entry_lies_where_only_those_read_it_who_reach_all_of_it(string expected, params string[] paths) =>
        AuditStore.PathOf(Entry("1.9.", paths)).ShouldBe(expected);

    [Fact]
    public void An_entry_without_an_owner_lies_at_its_principals_or_the_root()
    {
        AuditStore.PathOf(Entry("1.9.", [null])).ShouldBe("1.9.");
        AuditStore.PathOf(new AuditEntry(default, Access.System, "x", [], null)).ShouldBe("1.");
    }

    private static AuditEntry Entry(string by, string?[] paths) => new(
        default, Access.Anonymous with { Path = by }, "x", [.. paths.Select(p => new AuditedChange("thing", "1", p, []))], null);
}
