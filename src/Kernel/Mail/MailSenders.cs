using System.Net;
using System.Net.Mail;
using System.Text;

namespace Licensing.Kernel.Mail;

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
        using var client = new SmtpClient { DeliveryMethod = SmtpDeliveryMethod.SpecifiedPickupDirectory, PickupDirectoryLocation = Path.GetFullPath(aside) };
        using var message = Written.By(settings, id, letter);
        await client.SendMailAsync(message, ct);
        var written = Directory.GetFiles(aside).Single();
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(written, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        File.Move(written, Path.Combine(folder, $"{id}.eml"), overwrite: true);
        Directory.Delete(aside, recursive: true);
    }
}

/// <summary>Sends letters to an SMTP host.</summary>
internal sealed class SmtpHost(MailSettings settings) : IMailSender
{
    public async Task SendAsync(Guid id, Letter letter, CancellationToken ct)
    {
        using var client = new SmtpClient(settings.Smtp.Host, settings.Smtp.Port) { EnableSsl = settings.Smtp.Tls };
        if (settings.Smtp.User is { Length: > 0 } user)
            client.Credentials = new NetworkCredential(user, settings.Smtp.Password);
        using var message = Written.By(settings, id, letter);
        // A host that hangs must not hold up the messages behind this one for ever.
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(ct);
        patience.CancelAfter(settings.Smtp.Timeout);
        await client.SendMailAsync(message, patience.Token);
    }
}

internal static class Written
{
    public static MailMessage By(MailSettings settings, Guid id, Letter letter)
    {
        var message = new MailMessage(new MailAddress(settings.From), new MailAddress(letter.To))
        {
            Subject = letter.Subject,
            SubjectEncoding = Encoding.UTF8,
            Body = letter.Text,
            BodyEncoding = Encoding.UTF8,
        };
        message.Headers["Message-ID"] = $"<{id:N}@{message.From!.Host}>";
        // Out-of-office answers to a machine help nobody.
        message.Headers["Auto-Submitted"] = "auto-generated";
        return message;
    }
}
