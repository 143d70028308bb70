using Licensing.Kernel.Http;

namespace Licensing.Provisioning.CustomerArea;

/// <summary>Parameters with rules beyond what each of them must be.</summary>
internal interface IHaveRules
{
    /// <summary>What is wrong with them together. Where one of them alone is wrong it is as if it had not been said.</summary>
    IEnumerable<FieldError> Errors { get; }
}

/// <summary>The parameters of a list.</summary>
internal interface IAskPage : IHaveRules
{
    int? Limit { get; }

    string? After { get; }

    // As many at once as there may be, for clients from before there were pages.
    Result<PageStart> Page => PageStart.Read(Limit ?? PageStart.MostItems, After);

    IEnumerable<FieldError> IHaveRules.Errors => Page.Refused(out var refusal, out _) ? refusal.Fields : [];
}

internal static class AskedPages
{
    extension(IAskPage asked)
    {
        /// <summary>Which page, once its rules hold.</summary>
        public PageStart Start => asked.Page.Refused(out var refusal, out var start) ? throw new InvalidOperationException(refusal.Message) : start;
    }
}
