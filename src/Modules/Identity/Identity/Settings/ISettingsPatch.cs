namespace Licensing.Identity.Settings;

/// <summary>A change of it.</summary>
internal interface ISettingsPatch<TOwn>
{
    TOwn On(TOwn own);

    /// <summary>Why it may not be set so, given what those above say and how far the caller reaches, or null.</summary>
    /// <param name="above">What those above say.</param>
    /// <param name="own">What the organisation says so far.</param>
    /// <param name="path">Where it stands.</param>
    /// <param name="reach">Where the caller may change settings.</param>
    /// <param name="at">Pointer of the area in the request; empty when the request is of this area alone.</param>
    Refusal? Against(Chain<TOwn> above, TOwn own, string path, Scope reach, string at);
}
