namespace Licensing.Kernel.Mail;

/// <summary>A plain-text mail to one person.</summary>
/// <param name="To">His address.</param>
/// <param name="Subject">One line.</param>
/// <param name="Text">May hold a one-time token, so it is kept sealed until it is sent.</param>
public sealed record Letter(string To, string Subject, string Text)
{
    public override string ToString() => Subject;
}

/// <summary>Hands a letter to whoever carries it; called again for the same letter after a failure.</summary>
public interface IMailSender
{
    /// <param name="id">The letter's own; its Message-Id is made of it, so receivers recognise what came twice.</param>
    /// <param name="letter">What to send.</param>
    /// <param name="ct">Gives up.</param>
    Task SendAsync(Guid id, Letter letter, CancellationToken ct);
}

/// <summary>Section <c>Mail</c> of the configuration.</summary>
public sealed record MailSettings
{
    public string From { get; init; } = "Licensing <no-reply@localhost>";

    /// <summary>Where letters are left as files while no SMTP host is set; null is <c>mail</c> in the data folder.</summary>
    public string? PickupFolder { get; init; }

    public SmtpSettings Smtp { get; init; } = new();
}

/// <summary>Section <c>Mail:Smtp</c>; without a host letters become files.</summary>
public sealed record SmtpSettings
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
