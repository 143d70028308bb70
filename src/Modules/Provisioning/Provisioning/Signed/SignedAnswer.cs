using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace Licensing.Provisioning.Signed;

/// <summary>Whom an answer is about, as the request said.</summary>
internal sealed record CcId(string ResellerId, string TenantId);

/// <summary>What was changed, and only that, nested as in the request; each with <c>oldValue</c> and <c>newValue</c>.</summary>
internal sealed record SignedAnswer(
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] CcId? CcId,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Serial, JsonObject Changes)
{
    public static SignedAnswer Of(SignedCustomer customer, IReadOnlyList<FieldChange> changes)
    {
        var root = new JsonObject();
        foreach (var change in changes)
        {
            var at = root;
            var steps = change.Field.Split('.');
            foreach (var step in steps[..^1])
                at = (JsonObject)(at[step] ??= new JsonObject());
            at[steps[^1]] = new JsonObject { ["oldValue"] = JsonValue.Create(change.OldValue), ["newValue"] = JsonValue.Create(change.NewValue) };
        }

        return new SignedAnswer(CcIdOf(customer), SerialOf(customer), root);
    }

    public static CcId? CcIdOf(SignedCustomer customer) => customer.Reseller is { } reseller ? new CcId(reseller, customer.Tenant) : null;

    public static string? SerialOf(SignedCustomer customer) => customer.Reseller is null ? customer.Tenant : null;
}

/// <summary>One field before and after, as the signed door tells it; dots in its name are nesting.</summary>
internal sealed record FieldChange(string Field, object? OldValue, object? NewValue);
