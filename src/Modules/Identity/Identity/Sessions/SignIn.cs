namespace Licensing.Identity.Sessions;

/// <summary>How someone has proved who he is.</summary>
/// <param name="Way">By what.</param>
/// <param name="Provider">The other issuer that says so.</param>
/// <param name="LinkMaker">Who made the link that he came by.</param>
/// <param name="SecondFactor">Whether a second factor was part of it.</param>
internal sealed record SignIn(SessionWay Way, string? Provider, Guid? LinkMaker, bool SecondFactor)
{
    /// <summary>How a session that is open was opened.</summary>
    public static SignIn Of(Session session) => new(session.Way, session.Provider, session.LinkMaker, session.SecondFactor);

    /// <summary>The token that his link was made with, kept when a session is opened.</summary>
    public Guid? LinkMadeWith { get; private init; }

    public static SignIn ByLink(Guid maker, Guid? madeWith) =>
        new(SessionWay.LoginLink, null, maker, SecondFactor: false) { LinkMadeWith = madeWith };

    public static SignIn ByPassword(bool secondFactor) => new(SessionWay.Password, null, null, secondFactor);

    public static SignIn ByProvider(string provider, bool secondFactor) => new(SessionWay.Provider, provider, null, secondFactor);
}
