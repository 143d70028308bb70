namespace Licensing.Usage.Rollups;

internal static class Halves
{
    extension(Stack<Guid[]> parts)
    {
        /// <summary>The first half is the next.</summary>
        public void PushHalves(Guid[] tenants)
        {
            parts.Push(tenants[(tenants.Length / 2)..]);
            parts.Push(tenants[..(tenants.Length / 2)]);
        }
    }
}
