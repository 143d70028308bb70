using System.Reflection;
using System.Text.Json;

namespace Licensing.Provisioning.CustomerArea;

/// <summary>
/// What a record of parameters is made of, as the door's JSON has it. The reference is made from the same contract, so that nothing is read that is
/// not described there.
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
