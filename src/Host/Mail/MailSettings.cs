namespace Licensing.Host.Mail;

/// <summary>Section <c>Mail</c> of the configuration.</summary>
internal sealed record MailSettings
{
    public string From { get; init; } = "Licensing <no-reply@localhost>";

    /// <summary>Where letters are left as files while no SMTP host is set; null is <c>mail</c> in the data folder.</summary>
    public string? PickupFolder { get; init; }

    public SmtpSettings Smtp { get; init; } = new();
}

/// <summary>Section <c>Mail:Smtp</c>; without a host letters become files.</summary>
internal sealed record SmtpSettings
{
    public string? Host { get; init; }

    public int Port { get; init; } = 587;

    public string? User { get; init; }

    public string? Password { get; init; }

    /// <summary>STARTTLS; only for a relay on the same machine it may be false.</summary>
    public bool Tls { get; init; } = true;

    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(30);

    public override string ToString() => $"{Host}:{Port}";
}
