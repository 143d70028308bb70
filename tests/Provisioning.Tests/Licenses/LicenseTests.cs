using Licensing.Catalog.Contracts;
using Licensing.Identity.Contracts;
using Licensing.Provisioning.Contracts;
using Licensing.Provisioning.Licenses;

namespace Licensing.Provisioning.Tests.Licenses;

/// <summary>The rules of a licence alone.</summary>
public sealed class LicenseTests
{
    private static readonly Currency Eur = Currency.Parse("EUR");
    private static readonly DateTimeOffset Now = new(2026, 1, 31, 9, 0, 0, TimeSpan.Zero);
    private static readonly DateOnly Today = new(2026, 1, 31);

    private static readonly OrganizationRef Tenant = new(
        new(Guid.CreateVersion7(Now)), 4, OrganizationKind.Tenant, new(Guid.CreateVersion7(Now)), "1.2.3.4.", "T", "Tenant", "DE", Eur, true);

    private static readonly LicenseEditionRef Edition = new(
        default, "M1", 0, 1, "5 users", 5, 0.5m, [new Money(5, Eur)], new Dictionary<string, string> { ["EN"] = "Licence" }, false);

    [Fact]
    public void The_status_follows_from_the_days()
    {
        var license = Assigned();
        license.StatusOn(Today.AddYears(9)).ShouldBe(LicenseStatus.ToBeActivated);

        license.Activate(Today).Refused(out _, out var activated).ShouldBeFalse();

        (activated!.StartsOn, activated.EndsOn).ShouldBe((Today, new DateOnly(2026, 2, 28)));
        license.StatusOn(Today).ShouldBe(LicenseStatus.Active);
        license.StatusOn(new DateOnly(2026, 2, 27)).ShouldBe(LicenseStatus.Active);
        license.StatusOn(new DateOnly(2026, 2, 28)).ShouldBe(LicenseStatus.Expired);
        license.Activate(Today).Refusal!.Code.ShouldBe("license_not_to_be_activated");
    }

    [Fact]
    public void A_demo_lasts_thirty_days_from_the_start()
    {
        var demo = License.Try(Id.New<LicenseId>(Now), Tenant, Edition, Today, Now);

        demo.StatusOn(Today).ShouldBe(LicenseStatus.TrialActivated);
        demo.StatusOn(new DateOnly(2026, 3, 1)).ShouldBe(LicenseStatus.TrialActivated);
        demo.StatusOn(new DateOnly(2026, 3, 2)).ShouldBe(LicenseStatus.Expired);
        (demo.Price, demo.Points).ShouldBe((null, 0m));
        demo.Activate(Today).Refusal!.Code.ShouldBe("license_not_to_be_activated");
        Renewed(demo, Today).Refusal!.Code.ShouldBe("license_not_renewable");
    }

    [Fact]
    public void Renewals_follow_one_another_and_come_back_to_the_day_of_the_first()
    {
        var first = Assigned();
        Renewed(first, Today).Refusal!.Code.ShouldBe("license_not_renewable");
        first.Activate(Today);

        Renewed(first, Today).Refused(out _, out var second).ShouldBeFalse();
        (second!.StartsOn, second.EndsOn).ShouldBe((new DateOnly(2026, 2, 28), new DateOnly(2026, 3, 31)));
        (first.StatusOn(Today), second.StatusOn(Today), second.StatusOn(second.StartsOn!.Value))
            .ShouldBe((LicenseStatus.Renewed, LicenseStatus.ToBeActivated, LicenseStatus.Active));
        Renewed(first, Today).Refusal!.Code.ShouldBe("license_not_renewable");
        second.Activate(Today).Refusal!.Code.ShouldBe("license_starts_by_itself");

        Renewed(second, second.StartsOn.Value).Refused(out _, out var third).ShouldBeFalse();
        (third!.StartsOn, third.EndsOn).ShouldBe((new DateOnly(2026, 3, 31), new DateOnly(2026, 4, 30)));
    }

    [Fact]
    public void Only_a_licence_whose_clock_never_started_gives_its_credit_back()
    {
        var waiting = Assigned();
        waiting.Cancel(Today, Now).Refused(out _, out var cancelled).ShouldBeFalse();
        cancelled!.GivenBack.ShouldBeTrue();
        waiting.StatusOn(Today).ShouldBe(LicenseStatus.Cancelled);
        waiting.Cancel(Today, Now).Refusal!.Code.ShouldBe("license_not_cancellable");

        var active = Assigned();
        active.Activate(Today);
        Renewed(active, Today).Refused(out _, out var successor).ShouldBeFalse();
        active.Cancel(Today, Now).Refusal!.Code.ShouldBe("license_not_cancellable");
        successor!.Cancel(Today, Now).Refused(out _, out cancelled).ShouldBeFalse();
        cancelled!.GivenBack.ShouldBeTrue();
        active.NotRenewed();
        active.Cancel(Today, Now).Refused(out _, out cancelled).ShouldBeFalse();
        cancelled!.GivenBack.ShouldBeFalse();

        var over = Assigned();
        over.Activate(Today);
        over.Cancel(Today.AddMonths(2), Now).Refusal!.Code.ShouldBe("license_not_cancellable");
    }

    private static License Assigned() => License.Assign(Id.New<LicenseId>(Now), Tenant, Edition, new Money(5, Eur), "Office", Now);

    private static Result<License> Renewed(License license, DateOnly today) =>
        license.Renew(Id.New<LicenseId>(Now), Tenant, Edition, new Money(5, Eur), today, Now);
}
