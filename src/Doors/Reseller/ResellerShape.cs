using System.Globalization;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Licensing.Doors.Reseller;

/// <summary>One value as it was written, and whether its notation told more of it than text.</summary>
/// <param name="Text">Null where it was said to be nothing.</param>
/// <param name="Kind">Of JSON; null where everything is text, as in XML and in a query.</param>
internal readonly record struct GivenValue(string? Text, JsonValueKind? Kind);

/// <summary>What of a request is missing, unknown or of another type, all at once.</summary>
internal sealed class Faults
{
    private readonly List<FieldError> _errors = [];

    public bool Any => _errors.Count > 0;

    public Refusal Refusal => ResellerRefusals.Faulty(_errors);

    // The first that is wrong with a field is what is wrong with it.
    public void Add(FieldError error)
    {
        if (!_errors.Exists(e => e.Pointer == error.Pointer))
            _errors.Add(error);
    }
}

/// <summary>What a record of request fields is made of. The reference is made from the same contract.</summary>
internal sealed class ResellerShape<T> where T : class
{
    private readonly ConstructorInfo _constructor = typeof(T).GetConstructors().Single();
    private readonly ResellerField[] _fields;

    public ResellerShape(JsonSerializerOptions json)
    {
        json.MakeReadOnly(populateMissingResolver: true);
        _fields = [.. json.GetTypeInfo(typeof(T)).Properties.Select(p => new ResellerField(p)).OrderBy(f => f.Position)];
        Names = [.. _fields.Select(f => f.Name)];
    }

    public IReadOnlyList<string> Names { get; }

    /// <summary>Whether a request without any field can be one.</summary>
    public bool MayBeEmpty => _fields.All(f => !f.IsRequired);

    /// <summary>The record; nothing must be done with it where there are faults.</summary>
    public T Make(IReadOnlyDictionary<string, GivenValue> given, Faults faults) =>
        (T)_constructor.Invoke([.. _fields.Select(field => field.Read(given, faults))]);
}

/// <summary>One field of a request.</summary>
internal sealed class ResellerField
{
    private readonly Type _type;
    private readonly object? _instead;

    public ResellerField(JsonPropertyInfo property)
    {
        var parameter = property.AssociatedParameter ?? throw new InvalidOperationException($"{property.Name} is no parameter.");
        (Name, Position, IsRequired) = (property.Name, parameter.Position, !parameter.HasDefaultValue);
        _type = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
        _instead = parameter.HasDefaultValue ? parameter.DefaultValue
            : property.PropertyType == typeof(string) ? ""
            : Nullable.GetUnderlyingType(property.PropertyType) is null ? Activator.CreateInstance(property.PropertyType) : null;
        if (_type != typeof(string) && _type != typeof(int) && _type != typeof(bool) && _type != typeof(DateOnly) && !_type.IsEnum)
            throw new InvalidOperationException($"{Name}: this door reads no {_type.Name}.");
    }

    public string Name { get; }

    public int Position { get; }

    public bool IsRequired { get; }

    public object? Read(IReadOnlyDictionary<string, GivenValue> given, Faults faults)
    {
        var (text, kind) = given.GetValueOrDefault(Name);
        if (text is null)
        {
            if (IsRequired)
                faults.Add(ResellerRefusals.Missing(Name));
            return _instead;
        }

        var (value, rule) = Parse(text, kind);
        if (value is not null)
            return value;
        faults.Add(ResellerRefusals.Wrong(Name, "wrong_type", rule));
        return _instead;
    }

    private (object? Value, string Rule) Parse(string text, JsonValueKind? kind)
    {
        var isText = kind is null or JsonValueKind.String;
        if (_type == typeof(string))
            return (isText ? text : null, "must be a text.");
        if (_type == typeof(int))
            return (
                kind is null or JsonValueKind.Number
                    && int.TryParse(text.Trim(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number : null,
                "must be a whole number of 32 bits.");
        if (_type == typeof(bool))
            return (
                kind switch
                {
                    JsonValueKind.True => true,
                    JsonValueKind.False => false,
                    null => text.Trim() switch { "true" or "1" => true, "false" or "0" => false, _ => null },
                    _ => (bool?)null,
                },
                "must be true or false.");
        if (_type == typeof(DateOnly))
            return (isText ? Day(text.Trim()) : null, "must be a day, such as 2026-01-31.");
        var named = isText && Enum.GetNames(_type).Contains(text.Trim()) ? Enum.Parse(_type, text.Trim()) : null;
        return (named, $"must be one of {string.Join(", ", Enum.GetNames(_type))}.");
    }

    // Contracts of .NET have no days, so a midnight is one, in whatever zone it is written; any other time of it is none.
    private static DateOnly? Day(string text)
    {
        if (DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day))
            return day;
        return text.Length > 10 && text[10] == 'T'
            && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at)
            && at.TimeOfDay == TimeSpan.Zero
            && DateOnly.TryParseExact(text[..10], "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out day)
                ? day
                : null;
    }
}
