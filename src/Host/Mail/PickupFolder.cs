using System.Net.Mail;
using Licensing.Kernel.Mail;

namespace Licensing.Host.Mail;

/// <summary>Leaves letters as <c>.eml</c> files in a folder, for a relay to pick up or a developer to read.</summary>
internal sealed class PickupFolder(MailSettings settings, string folder) : IMailSender
{
    public async Task SendAsync(Guid id, Letter letter, CancellationToken ct)
    {
        // Letters hold one-time tokens, so the folder is its owner's alone. Each is written aside and moved: nobody picks up half of one.
        var aside = Path.Combine(folder, ".writing", id.ToString());
        if (Directory.Exists(aside))
            Directory.Delete(aside, recursive: true);
        if (OperatingSystem.IsWindows())
            Directory.CreateDirectory(aside);
        else
            foreach (var made in new[] { folder, Path.Combine(folder, ".writing"), aside })
                Directory.CreateDirectory(made, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        using var client = new SmtpClient
        {
            DeliveryMethod = SmtpDeliveryMethod.SpecifiedPickupDirectory,
            PickupDirectoryLocation = Path.GetFullPath(aside),
        };
        using var message = Written.By(settings, id, letter);
        await client.SendMailAsync(message, ct);
        var written = Directory.GetFiles(aside).Single();
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(written, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        File.Move(written, Path.Combine(folder, $"{id}.eml"), overwrite: true);
        Directory.Delete(aside, recursive: true);
    }
}
