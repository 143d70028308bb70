using System.ComponentModel.DataAnnotations;

namespace Licensing.Provisioning.CustomerArea;

/// <summary>How many characters a text has.</summary>
[AttributeUsage(AttributeTargets.Parameter)]
internal class TextAttribute : StringLengthAttribute
{
    public TextAttribute(int longest) : base(longest) => (MinimumLength, ErrorMessage) = (1, "must have {2} to {1} characters.");

    /// <summary>Whether it may have several lines.</summary>
    public bool HasLines { get; init; }
}

/// <summary>A password: as it was written, blanks and all.</summary>
internal sealed class PasswordAttribute : TextAttribute
{
    public PasswordAttribute() : base(72) => MinimumLength = 8;
}

/// <summary>Where a page starts, as the one before told.</summary>
internal sealed class CursorAttribute() : TextAttribute(2048);

/// <summary>The language of names.</summary>
[AttributeUsage(AttributeTargets.Parameter)]
internal sealed class LanguageAttribute : RegularExpressionAttribute
{
    public LanguageAttribute() : base("^[A-Za-z]{2}$") => ErrorMessage = "must be a language of two letters, such as EN.";
}
