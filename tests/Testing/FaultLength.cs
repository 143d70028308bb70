namespace Licensing.Testing;

/// <summary>How long a fault is repeated: shortly in <c>build/test</c>, as the catalogue of faults has it in <c>build/faults</c>.</summary>
public static class FaultLength
{
    private static readonly bool Long = Environment.GetEnvironmentVariable("LICENSING_FAULTS") == "long";

    public static int Times(int inTests, int inFaults) => Long ? inFaults : inTests;
}
