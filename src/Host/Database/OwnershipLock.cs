namespace Licensing.Host.Database;

/// <summary>
/// Says which live process answers for the server. The operating system drops the lock with the process, however it ends,
/// and the handle is not inherited, so a server that outlives its host does not keep it.
/// </summary>
internal sealed class OwnershipLock : IDisposable
{
    private readonly FileStream _file;

    private OwnershipLock(FileStream file) => _file = file;

    public static OwnershipLock? TryTake(string path)
    {
        try
        {
            return new OwnershipLock(new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
        }
        catch (IOException) when (File.Exists(path))
        {
            return null;
        }
    }

    // The file stays: deleting it would let two processes each lock a file of that name.
    public void Dispose() => _file.Dispose();
}
