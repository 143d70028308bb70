using System.Collections.Frozen;
using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Licensing.Kernel.Http;
using Licensing.Provisioning.Contracts;

namespace Licensing.Provisioning.CustomerArea;

/// <summary>Parameters with rules beyond what each of them must be.</summary>
internal interface IHaveRules
{
    /// <summary>What is wrong with them together. Where one of them alone is wrong it is as if it had not been said.</summary>
    IEnumerable<FieldError> Errors { get; }
}

/// <summary>The parameters of a list.</summary>
internal interface IAskPage : IHaveRules
{
    int? Limit { get; }

    string? After { get; }

    // As many at once as there may be, for clients from before there were pages.
    Result<PageStart> Page => PageStart.Read(Limit ?? PageStart.MostItems, After);

    IEnumerable<FieldError> IHaveRules.Errors => Page.Refused(out var refusal, out _) ? refusal.Fields : [];
}

internal static class AskedPages
{
    extension(IAskPage asked)
    {
        /// <summary>Which page, once its rules hold.</summary>
        public PageStart Start => asked.Page.Refused(out var refusal, out var start) ? throw new InvalidOperationException(refusal.Message) : start;
    }
}

/// <summary>How many characters a text has.</summary>
[AttributeUsage(AttributeTargets.Parameter)]
internal class TextAttribute : StringLengthAttribute
{
    public TextAttribute(int longest) : base(longest) => (MinimumLength, ErrorMessage) = (1, "must have {2} to {1} characters.");

    /// <summary>Whether it may have several lines.</summary>
    public bool HasLines { get; init; }
}

/// <summary>A password: as it was written, blanks and all.</summary>
internal sealed class PasswordAttribute : TextAttribute
{
    public PasswordAttribute() : base(72) => MinimumLength = 8;
}

/// <summary>Where a page starts, as the one before told.</summary>
internal sealed class CursorAttribute() : TextAttribute(2048);

/// <summary>The language of names.</summary>
[AttributeUsage(AttributeTargets.Parameter)]
internal sealed class LanguageAttribute : RegularExpressionAttribute
{
    public LanguageAttribute() : base("^[A-Za-z]{2}$") => ErrorMessage = "must be a language of two letters, such as EN.";
}

/// <summary>One parameter of a record, by the name that it has at this door.</summary>
internal sealed class Parameter
{
    private static readonly FrozenDictionary<Type, (Func<string, object?> Read, string Rule)> Readers = new Dictionary<Type, (Func<string, object?>, string)>
    {
        [typeof(int)] = (x => int.TryParse(x, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null, "must be a whole number of 0 or more."),
        [typeof(bool)] = (x => x.ToLowerInvariant() switch { "true" or "1" => true, "false" or "0" => false, _ => null }, "must be true or false."),
        [typeof(Currency)] = (x => Currency.TryParse(x, out var currency) ? currency : null, "must be the code of an active ISO 4217 currency, such as EUR."),
        [typeof(LicenseId)] = (x => Guid.TryParse(x, out var id) ? new LicenseId(id) : null, "must be the id of a license."),
    }.ToFrozenDictionary();

    private readonly Func<string, object?> _read;
    private readonly string _rule;
    private readonly bool _hasLines;

    public Parameter(JsonPropertyInfo property)
    {
        var parameter = property.AssociatedParameter ?? throw new InvalidOperationException($"{property.Name} is no parameter.");
        (Name, Position, IsRequired) = (property.Name, parameter.Position, !parameter.HasDefaultValue);
        var rule = parameter.AttributeProvider?.GetCustomAttributes(typeof(ValidationAttribute), inherit: true).OfType<ValidationAttribute>().SingleOrDefault();
        (IsAsWritten, _hasLines) = (rule is PasswordAttribute, rule is TextAttribute { HasLines: true });
        IsSaidAsText = property.PropertyType != typeof(int) && property.PropertyType != typeof(int?) && property.PropertyType != typeof(bool);
        // A text without a rule would be as long as the body.
        (_read, _rule) = property.PropertyType != typeof(string) ? Readers[Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType]
            : rule is null ? throw new InvalidOperationException($"{Name} is a text of no rule.")
            : (x => rule.IsValid(x) ? x : null, rule.FormatErrorMessage(Name));
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

/// <summary>
/// What a record of parameters is made of, as the door's JSON has it. The reference is made from the same contract, so that nothing is read that is not
/// described there.
/// </summary>
internal sealed class Shape<T> where T : class
{
    private readonly ConstructorInfo _constructor = typeof(T).GetConstructors().Single();
    private readonly Parameter[] _parameters;

    public Shape(JsonSerializerOptions json)
    {
        _parameters = [.. json.GetTypeInfo(typeof(T)).Properties.Select(x => new Parameter(x)).OrderBy(x => x.Position)];
        Names = [.. _parameters.Select(x => x.Name)];
    }

    /// <summary>In the record's order.</summary>
    public IReadOnlyList<string> Names { get; }

    public T Make(Func<Parameter, object?> value) => (T)_constructor.Invoke([.. _parameters.Select(value)]);
}
