using System.Net.Http.Json;
using System.Text.Json;
using Licensing.Identity.Contracts;
using Microsoft.AspNetCore.Builder;
using static Licensing.Provisioning.Tests.SellingApp;

namespace Licensing.Provisioning.Tests.Scenario;

/// <summary>
/// Fifteen months of three tenants, day by day: at the first instant of each day, before anyone was told of it, and at its last second. What is
/// expected is written down below, day by day, and computed from nothing.
/// </summary>
public abstract class FifteenMonths(ZonedApp app)
{
    private static readonly DateOnly First = new(2026, 1, 16);
    private static readonly DateOnly Last = new(2027, 4, 20);

    // "+" is the day's afternoon: what somebody did at its noon. Without it, what the day itself brings.
    private static readonly Dictionary<string, (string From, string State)[]> States = new()
    {
        // Ordered ahead; 14 days of trial; terms of three months from the 31st, which bind; a plan change that frees; deleted at the end.
        ["phone"] =
        [
            ("2026-01-20+", "Pending essentialSeats=10 plan small term 2026-01-31/2026-04-30 renews trial 2026-02-14"),
            ("2026-01-31", "Active essentialSeats=10 plan small term 2026-01-31/2026-04-30 renews trial 2026-02-14"),
            ("2026-02-14", "Active essentialSeats=10 plan small term 2026-01-31/2026-04-30 renews"),
            ("2026-03-10+", "Active essentialSeats=15 plan small term 2026-01-31/2026-04-30 renews"),
            ("2026-03-20+", "Active essentialSeats=15 plan small term 2026-01-31/2026-04-30 renews to come 2026-04-30"),
            ("2026-04-30", "Active essentialSeats=12 plan small term 2026-04-30/2026-07-31 renews"),
            ("2026-06-10+", "Suspended essentialSeats=12 plan small term 2026-04-30/2026-07-31 renews"),
            ("2026-06-20+", "Active essentialSeats=12 plan small term 2026-04-30/2026-07-31 renews"),
            ("2026-07-01+", "Active essentialSeats=12 plan small term 2026-04-30/2026-07-31 renews to come 2026-09-15"),
            ("2026-07-31", "Active essentialSeats=12 plan small term 2026-07-31/2026-10-31 renews to come 2026-09-15"),
            ("2026-09-15", "Active eliteSeats=5,essentialSeats=12 plan large term 2026-07-31/2026-10-31 renews"),
            ("2026-10-31", "Active eliteSeats=5,essentialSeats=12 plan large term 2026-10-31/2027-01-31 renews"),
            ("2026-11-05+", "Active eliteSeats=5,essentialSeats=12 plan large term 2026-10-31/2027-01-31 ends 2027-01-31"),
            ("2026-12-01+", "Active eliteSeats=5,essentialSeats=12 plan large term 2026-10-31/2027-01-31 renews"),
            ("2027-01-31", "Active eliteSeats=5,essentialSeats=12 plan large term 2027-01-31/2027-04-30 renews"),
            // Asked for at noon of the 20th, and a week later it is done.
            ("2027-02-27+", "Cancelled eliteSeats=5,essentialSeats=12 plan large term 2027-01-31/2027-04-30 ends 2027-02-27"),
        ],
        // Half a year that does not renew itself: renewed in time once, and once five days late.
        ["fixed"] =
        [
            ("2026-02-01+", "Active essentialSeats=20 plan half term 2026-02-01/2026-08-01 ends 2026-08-01"),
            ("2026-07-15+", "Active essentialSeats=20 plan half term 2026-02-01/2026-08-01 renews ends 2027-02-01"),
            ("2026-08-01", "Active essentialSeats=20 plan half term 2026-08-01/2027-02-01 ends 2027-02-01"),
            ("2027-02-01", "Expired essentialSeats=20 plan half term 2026-08-01/2027-02-01 ends 2027-02-01"),
            ("2027-02-06+", "Active essentialSeats=20 plan half term 2027-02-01/2027-08-01 ends 2027-08-01"),
        ],
        // Without a term until a fixed day, over the days on which clocks change; its cancellation is moved and undone.
        ["open"] =
        [
            ("2026-02-10+", "Pending essentialSeats=5 plan open ends 2026-11-30"),
            ("2026-02-28", "Active essentialSeats=5 plan open ends 2026-11-30"),
            ("2026-03-05+", "Active essentialSeats=5 plan open ends 2026-04-05"),
            ("2026-03-20+", "Active essentialSeats=5 plan open ends 2026-05-01"),
            ("2026-04-10+", "Active essentialSeats=5 plan open ends 2026-11-30"),
            ("2026-04-20+", "Active essentialSeats=5 plan open ends 2026-11-30 to come 2026-09-06"),
            ("2026-09-06", "Active essentialSeats=7 plan open ends 2026-11-30"),
            ("2026-11-30", "Expired essentialSeats=7 plan open ends 2026-11-30"),
        ],
        ["short"] =
        [
            ("2026-03-01+", "Active essentialSeats=8 plan open"),
            ("2026-04-05+", "Cancelled essentialSeats=8 plan open ends 2026-04-05"),
        ],
    };

    private static readonly Dictionary<string, string[]> Events = new()
    {
        ["phone"] =
        [
            "2026-01-31 activated", "2026-03-10+ quantities-changed", "2026-03-20+ quantities-changed", "2026-04-30 renewed", "2026-06-10+ suspended",
            "2026-06-20+ resumed", "2026-07-01+ quantities-changed", "2026-07-31 renewed", "2026-09-15 plan-changed", "2026-10-31 renewed",
            "2026-11-05+ cancelled", "2026-12-01+ cancellation-undone", "2027-01-31 renewed", "2027-02-27+ cancelled",
        ],
        ["fixed"] = ["2026-02-01+ activated", "2026-07-15+ renewed", "2027-02-01 expired", "2027-02-06+ renewed"],
        ["open"] =
        [
            "2026-02-28 activated", "2026-03-05+ cancelled", "2026-03-20+ cancelled", "2026-04-10+ cancellation-undone",
            "2026-04-20+ quantities-changed",
            "2026-11-30 expired",
        ],
        ["short"] = ["2026-03-01+ activated", "2026-04-05+ cancelled"],
    };

    // Of the first tenant: essential seats, and the transcription hours that elite seats include; of the third, two subscriptions together.
    private static readonly Dictionary<string, (string From, int Quantity)[]> Entitled = new()
    {
        ["phone essentialSeats"] =
        [
            ("2026-01-31", 10), ("2026-03-10+", 15), ("2026-04-30", 12), ("2026-06-10+", 0), ("2026-06-20+", 12), ("2027-02-27+", 0),
        ],
        ["phone transcriptionHours"] = [("2026-09-15", 240), ("2027-02-27+", 0)],
        ["open essentialSeats"] = [("2026-02-28", 5), ("2026-03-01+", 13), ("2026-04-05+", 5), ("2026-09-06", 7), ("2026-11-30", 0)],
    };

    private readonly Dictionary<string, Guid> _subscriptions = [];
    private readonly Dictionary<string, Guid> _plans = [];
    private readonly Dictionary<string, OrganizationRef> _tenants = [];
    private readonly List<string> _told = [];
    private Branch _branch = null!;
    private SignedCaller _signer = null!;
    private HttpClient _partner = null!;
    private Func<Task> _drain = null!;

    /// <summary>The first instant of a day in UTC, by a table written by hand.</summary>
    protected abstract DateTimeOffset StartOf(DateOnly day);

    [Fact]
    public async Task Every_state_event_and_entitlement_is_as_written_day_by_day()
    {
        await PrepareAsync();
        await using var second = await app.StartSecondHostAsync();
        for (var day = First; day <= Last; day = day.AddDays(1))
        {
            // Another process goes on with what this one has scheduled.
            if (day == new DateOnly(2026, 6, 15))
                Take(second.Anonymous(), second.DrainAsync);

            app.Clock.Set(StartOf(day));
            await CheckAsync(day, "");
            await _drain();
            CheckEvents(day, "");
            app.Clock.Set(StartOf(day).AddHours(12));
            await ActAsync(day.ToString("yyyy-MM-dd"));
            await _drain();
            app.Clock.Set(StartOf(day.AddDays(1)).AddSeconds(-1));
            await CheckAsync(day, "+");
            CheckEvents(day, "+");
        }

        _told.Count.ShouldBe(Events.Values.Sum(e => e.Length));
    }

    private void Take(HttpClient client, Func<Task> drain)
    {
        client.DefaultRequestHeaders.Add("X-Test-Access", $"{Roles.PartnerAdministrator};{_branch.Partner.Id.Value};{_branch.Partner.Path}");
        (_partner, _drain) = (client, drain);
    }

    private async Task PrepareAsync()
    {
        app.Clock.Set(StartOf(First));
        _branch = await app.BranchAsync();
        _signer = await SignedCaller.EnrolAsync(_branch, lasts: TimeSpan.FromDays(700));
        _tenants["phone"] = _branch.Tenant;
        _tenants["fixed"] = await app.TenantAsync(_branch.Platform, _branch.Partner);
        _tenants["open"] = _tenants["short"] = await app.TenantAsync(_branch.Platform, _branch.Partner);
        _plans["small"] = await app.PlanAsync(
            _branch, terms: new { termMonths = 3, decreaseAllowed = false, earlyCancellation = new { allowed = false } }, trialDays: 14);
        _plans["large"] = await app.PlanAsync(_branch, terms: new { termMonths = 3, earlyCancellation = new { allowed = true, feePercent = "25" } });
        _plans["half"] = await app.PlanAsync(
            _branch, terms: new { termMonths = 6, autoRenew = false, renewalWindowDays = new { before = 30, after = 10 } });
        _plans["open"] = await app.PlanAsync(_branch);
        Take(app.Anonymous(), app.DrainAsync);
    }

    private async Task ActAsync(string day)
    {
        switch (day)
        {
            case "2026-01-20": await OpenAsync("phone", "small", 10, start: "2026-01-31"); break;
            case "2026-02-01": await OpenAsync("fixed", "half", 20); break;
            case "2026-02-10": await OpenAsync("open", "open", 5, "2026-02-28", "2026-11-30"); break;
            case "2026-03-01": await OpenAsync("short", "open", 8); break;
            case "2026-03-05": await DoAsync("open", "cancel", new { on = "2026-04-05" }); break;
            case "2026-03-10": await ChangeAsync("phone", 15); break;
            case "2026-03-20":
                await ChangeAsync("phone", 12, "2026-04-30");
                await DoAsync("open", "cancel", new { on = "2026-05-01" });
                break;
            case "2026-04-05": await DoAsync("short", "cancel", new { }); break;
            case "2026-04-10":
                (await _partner.DeleteAsync($"/api/v1/subscriptions/{_subscriptions["open"]}/cancel", Ct))
                .EnsureSuccessStatusCode(); break;
            case "2026-04-20": await ChangeAsync("open", 7, "2026-09-06"); break;
            case "2026-06-10": await DoAsync("phone", "suspend", new { reason = "Overdue" }); break;
            case "2026-06-20": await DoAsync("phone", "resume", null); break;
            case "2026-07-01":
                await DoAsync("phone", "change-plan",
                    new { planId = _plans["large"], effectiveDate = "2026-09-15", quantities = new { essentialSeats = 12, eliteSeats = 5 } });
                break;
            case "2026-07-15" or "2027-02-06": await DoAsync("fixed", "renew", null); break;
            case "2026-11-05": await DoAsync("phone", "cancel", new { at = "termEnd" }); break;
            case "2026-12-01":
                (await _partner.DeleteAsync($"/api/v1/subscriptions/{_subscriptions["phone"]}/cancel", Ct))
                .EnsureSuccessStatusCode(); break;
            case "2027-02-20":
                using (var asked = await _signer.SendAsync(
                    $$$"""{"ccId":{"resellerId":"{{{_branch.Partner.ExternalId}}}","tenantId":"{{{_tenants["phone"].ExternalId}}}"}}""",
                    HttpMethod.Delete))
                    asked.EnsureSuccessStatusCode();
                break;
        }
    }

    private async Task OpenAsync(string name, string plan, int seats, string? start = null, string? end = null)
    {
        using var answer = await SubscribeAsync(_partner, Asked(_branch, _plans[plan], seats, start, end, tenant: _tenants[name]));
        answer.EnsureSuccessStatusCode();
        _subscriptions[name] = (await answer.JsonAsync()).IdOf();
    }

    private async Task ChangeAsync(string name, int seats, string? effectiveDate = null) =>
        (await _partner.PatchAsJsonAsync($"/api/v1/subscriptions/{_subscriptions[name]}",
            new { quantities = new { essentialSeats = seats }, effectiveDate }, Ct)).EnsureSuccessStatusCode();

    private async Task DoAsync(string name, string what, object? body)
    {
        using var answer = await _partner.PostAsync(
            $"/api/v1/subscriptions/{_subscriptions[name]}/{what}", body is null ? null : JsonContent.Create(body), Ct);
        answer.IsSuccessStatusCode.ShouldBeTrue($"{name} {what}: {await answer.Content.ReadAsStringAsync(Ct)}");
    }

    private async Task CheckAsync(DateOnly day, string part)
    {
        var now = day.ToString("yyyy-MM-dd") + part;
        using var answer = await _partner.GetAsync("/api/v1/subscriptions", Ct);
        var views = (await answer.JsonAsync()).GetProperty("items").EnumerateArray().ToDictionary(v => v.IdOf());
        foreach (var (name, states) in States)
        {
            var expected = states.LastOrDefault(s => string.CompareOrdinal(s.From, now) <= 0).State;
            var actual = _subscriptions.TryGetValue(name, out var id) ? Told(views[id]) : null;
            actual.ShouldBe(expected, $"{name} on {now}");
        }

        foreach (var (what, quantities) in Entitled)
        {
            var (tenant, feature) = what.Split(' ') is [var t, var f] ? (t, f) : default;
            using var checkedNow = await _partner.GetAsync($"/api/v1/entitlements/{_tenants[tenant].Id.Value}/{feature}", Ct);
            var said = await checkedNow.JsonAsync();
            var quantity = decimal.Parse(said.GetProperty("quantity").GetRawText().Trim('"'), System.Globalization.CultureInfo.InvariantCulture);
            var expected = quantities.LastOrDefault(q => string.CompareOrdinal(q.From, now) <= 0).Quantity;
            (quantity, said.GetProperty("allowed").GetBoolean()).ShouldBe((expected, expected > 0), $"{what} on {now}");
        }
    }

    private string Told(JsonElement view)
    {
        var plan = view.GetProperty("planId").GetGuid();
        var quantities = string.Join(",", view.GetProperty("quantities").EnumerateObject().Select(q => $"{q.Name}={q.Value.GetRawText()}"));
        var text = $"{view.Text("status")} {quantities} plan {_plans.Single(p => p.Value == plan).Key}";
        if (view.GetProperty("term") is { ValueKind: JsonValueKind.Object } term)
            text += $" term {term.Text("startDate")}/{term.Text("endDate")}{(term.GetProperty("renews").GetBoolean() ? " renews" : "")}";
        if (view.Text("endDate") is { } end)
            text += $" ends {end}";
        if (view.Text("trialEndDate") is { } trial)
            text += $" trial {trial}";
        return text + string.Concat(view.GetProperty("scheduledChanges").EnumerateArray().Select(c => $" to come {c.Text("on")}"));
    }

    private void CheckEvents(DateOnly day, string part)
    {
        var now = day.ToString("yyyy-MM-dd") + part;
        foreach (var (name, body) in app.Heard())
            if (_subscriptions.FirstOrDefault(s => body.Contains(s.Value.ToString())) is { Key: { } subscription })
                _told.Add($"{subscription}: {now} {name["provisioning.subscription-".Length..^".v1".Length]}");
        foreach (var (name, events) in Events)
            _told.Where(t => t.StartsWith($"{name}: ", StringComparison.Ordinal)).Select(t => t[(name.Length + 2)..])
                .ShouldBe(events.TakeWhile(e => string.CompareOrdinal(e.Split(' ')[0], now) <= 0), $"{name} on {now}");
    }
}

/// <summary>A host whose days are those of a zone.</summary>
public abstract class ZonedApp(string zone) : SellingApp
{
    protected override void Configure(WebApplicationBuilder builder)
    {
        builder.Configuration["Billing:TimeZone"] = zone;
        base.Configure(builder);
    }
}

public sealed class UtcApp() : ZonedApp("UTC");

/// <summary>Where clocks change at midnight: in September a day begins at one o'clock, in April an hour comes twice before it.</summary>
public sealed class SantiagoApp() : ZonedApp("America/Santiago");

public sealed class FifteenMonthsInUtcTests(UtcApp app) : FifteenMonths(app), IClassFixture<UtcApp>
{
    protected override DateTimeOffset StartOf(DateOnly day) => new(day, TimeOnly.MinValue, TimeSpan.Zero);
}

public sealed class FifteenMonthsInSantiagoTests(SantiagoApp app) : FifteenMonths(app), IClassFixture<SantiagoApp>
{
    // Winter from Sunday 5 April to Saturday 5 September 2026 and again from 4 April 2027; on 6 September midnight is skipped, so that the
    // day begins at the instant at which it would have begun in winter.
    protected override DateTimeOffset StartOf(DateOnly day) =>
        new(day, new TimeOnly(day >= new DateOnly(2026, 4, 5) && day <= new DateOnly(2026, 9, 6) || day >= new DateOnly(2027, 4, 4) ? 4 : 3, 0),
            TimeSpan.Zero);
}
