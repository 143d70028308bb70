namespace Licensing.Billing.Tests.Invoices;

/// <summary>What takes numbers takes each once; and who would write one himself finds it taken.</summary>
public sealed class NumberOnceTests(BillingApp app) : IClassFixture<BillingApp>
{
    [Fact]
    public async Task A_number_is_one_invoices_alone_whoever_writes()
    {
        var branch = await app.BranchAsync();
        var (path, _) = await app.InvoiceAsync(branch, "2023-01", issue: true, "100");
        // Another tenant's invoice, whole and of its own in all but its number.
        (await app.RefusedAsync(
            $$"""
            insert into billing.invoices
            select (jsonb_populate_record(i, jsonb_build_object('id', gen_random_uuid(), 'tenant_id', gen_random_uuid()))).*
            from billing.invoices i where id = '{{path.Split('/')[^1]}}'
            """)).ConstraintName.ShouldBe("invoices_number");
    }
}
