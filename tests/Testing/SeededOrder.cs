using System.Security.Cryptography;
using System.Text;
using Xunit.Sdk;
using Xunit.v3;

namespace Licensing.Testing;

/// <summary>
/// The tests of a class in an order that goes by their names alone, so that it is the same on every machine: the runner's own goes by where the
/// program lies. What <c>LICENSING_TEST_SEED</c> holds makes it another one, to find tests that lean on those before them.
/// </summary>
public sealed class SeededOrder : ITestCaseOrderer
{
    private static readonly string Seed = Environment.GetEnvironmentVariable("LICENSING_TEST_SEED") ?? "";

    public IReadOnlyCollection<TTestCase> OrderTestCases<TTestCase>(IReadOnlyCollection<TTestCase> testCases)
        where TTestCase : notnull, ITestCase =>
        [.. testCases.OrderBy(test => PlaceOf(test.TestCaseDisplayName), StringComparer.Ordinal)];

    private static string PlaceOf(string name) => Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(Seed + name)));
}
