namespace Licensing.Identity.Users;

internal enum TokenPurpose { Activation, PasswordReset }
