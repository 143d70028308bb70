using Licensing.Kernel.Mail;

namespace Licensing.Host.Mail;

/// <summary>Who carries letters: the SMTP host that the settings name, or else a folder.</summary>
internal static class MailRegistration
{
    public static void AddMailSender(this WebApplicationBuilder builder)
    {
        var settings = builder.Configuration.GetSection("Mail").Get<MailSettings>() ?? new MailSettings();
        builder.Services.AddSingleton<IMailSender>(string.IsNullOrEmpty(settings.Smtp.Host)
            ? new PickupFolder(settings, settings.PickupFolder ?? Path.Combine(builder.Configuration["Data:Folder"] ?? ".data", "mail"))
            : new SmtpHost(settings));
    }
}
