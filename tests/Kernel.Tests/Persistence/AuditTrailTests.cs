using Licensing.Kernel.Persistence;

namespace Licensing.Kernel.Tests.Persistence;

public sealed class AuditTrailTests
{
    [Fact]
    public void What_is_not_named_is_counted_above_all_of_it_and_forgotten_with_the_rest()
    {
        var trail = new AuditTrail();
        for (var i = 0; i < 100; i++)
            Note(trail, "1.9.");
        trail.Changes.Select(c => c.Type).Distinct().ShouldBe(["bell"]);
        foreach (var path in (string?[])["1.2.3.", "1.2.4.5.", null, "1.2.4.6."])
            Note(trail, path);

        var more = trail.Changes[^1];
        (trail.Changes.Count, more.Type, more.Path, more.Changes.ToJsonString()).ShouldBe((101, "more", "1.2.", """{"count":104}"""));

        trail.Clear();
        trail.Changes.ShouldBeEmpty();
        for (var i = 0; i < 101; i++)
            Note(trail, "1.3.");
        (trail.Changes.Count, trail.Changes[^1].Path, trail.Changes[^1].Changes.ToJsonString()).ShouldBe((101, "1.3.", """{"count":101}"""));
    }

    private static void Note(AuditTrail trail, string? path) => trail.Note("bell", "tenor", path, []);
}
