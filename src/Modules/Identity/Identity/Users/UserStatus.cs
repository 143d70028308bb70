namespace Licensing.Identity.Users;

/// <summary>Invited: has not chosen a password yet. Disabled: may not enter, whatever he proves.</summary>
internal enum UserStatus { Invited, Active, Disabled }
