using System.Collections.Frozen;
using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Text.Json.Serialization.Metadata;
using Licensing.Provisioning.Contracts;

namespace Licensing.Provisioning.CustomerArea;

/// <summary>One parameter of a record, by the name that it has at this door.</summary>
internal sealed class Parameter
{
    private static readonly FrozenDictionary<Type, (Func<string, object?> Read, string Rule)> Readers =
        new Dictionary<Type, (Func<string, object?>, string)>
        {
            [typeof(int)] = (
                x => int.TryParse(x, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null,
                "must be a whole number of 0 or more."),
            [typeof(bool)] = (
                x => x.ToLowerInvariant() switch { "true" or "1" => true, "false" or "0" => false, _ => null },
                "must be true or false."),
            [typeof(Currency)] = (
                x => Currency.TryParse(x, out var currency) ? currency : null,
                "must be the code of an active ISO 4217 currency, such as EUR."),
            [typeof(LicenseId)] = (
                x => Guid.TryParse(x, out var id) ? new LicenseId(id) : null,
                "must be the id of a license."),
        }.ToFrozenDictionary();

    private readonly Func<string, object?> _read;
    private readonly string _rule;
    private readonly bool _hasLines;

    public Parameter(JsonPropertyInfo property)
    {
        var parameter = property.AssociatedParameter ?? throw new InvalidOperationException($"{property.Name} is no parameter.");
        (Name, Position, IsRequired) = (property.Name, parameter.Position, !parameter.HasDefaultValue);
        var rule = parameter.AttributeProvider?.GetCustomAttributes(typeof(ValidationAttribute), inherit: true).OfType<ValidationAttribute>()
            .SingleOrDefault();
        (IsAsWritten, _hasLines) = (rule is PasswordAttribute, rule is TextAttribute { HasLines: true });
        IsSaidAsText = property.PropertyType != typeof(int) && property.PropertyType != typeof(int?) && property.PropertyType != typeof(bool);
        if (property.PropertyType != typeof(string))
            (_read, _rule) = Readers[Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType];
        // A text without a rule would be as long as the body.
        else if (rule is null)
            throw new InvalidOperationException($"{Name} is a text of no rule.");
        else
            (_read, _rule) = (x => rule.IsValid(x) ? x : null, rule.FormatErrorMessage(Name));
        Instead = parameter.DefaultValue ?? (IsRequired && property.PropertyType == typeof(string) ? "" : null);
    }

    public string Name { get; }

    public int Position { get; }

    public bool IsRequired { get; }

    public bool IsAsWritten { get; }

    /// <summary>Whether a JSON number or flag would not say it.</summary>
    public bool IsSaidAsText { get; }

    /// <summary>What it is where it is not said, or not as it must be.</summary>
    public object? Instead { get; }

    /// <summary>Null, and the <paramref name="rule"/>, where the text does not say such a value.</summary>
    public object? Read(string text, out string rule)
    {
        rule = _rule;
        if (_read(text) is not string value || IsAsWritten || (_hasLines ? string.Concat(value.Split('\r', '\n', '\t')) : value).IsOneLine)
            return _read(text);
        rule = "must not hold control characters.";
        return null;
    }
}
