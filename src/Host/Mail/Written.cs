using System.Net.Mail;
using System.Text;
using Licensing.Kernel.Mail;

namespace Licensing.Host.Mail;

/// <summary>A letter as it goes over the wire.</summary>
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
