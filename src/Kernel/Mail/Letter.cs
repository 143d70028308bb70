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
