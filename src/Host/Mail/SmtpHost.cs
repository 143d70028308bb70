using System.Net;
using System.Net.Mail;
using Licensing.Kernel.Mail;

namespace Licensing.Host.Mail;

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
