namespace Licensing.Identity.Rights;

internal static class CustomRoleName
{
    public const int Longest = 100;
    public const string Pattern = @"^[\p{L}\p{N}]([\p{L}\p{N} ._-]*[\p{L}\p{N}])?\z";
}
