using Licensing.Identity.Credentials;
using Microsoft.AspNetCore.Identity;

namespace Licensing.Identity.Users;

internal static class NewPasswords
{
    extension(UserManager<User> users)
    {
        /// <summary>As the other, for a customer's password that his partner chooses and that he need not change.</summary>
        public Refusal? SetCustomerPassword(User user, string password, string pointer, Maker by, DateTimeOffset now)
        {
            if (users.PasswordValidators.OfType<PasswordPolicy>().Single().BrokenByCustomer(user, password) is { } broken)
                return Refusal.AllFields([new FieldError(pointer, broken.Code, $"{pointer[1..]} {broken.Description}")]);
            user.KeepHash(users.PasswordHasher.HashPassword(user, password));
            user.PasswordGiven(mustChange: false, by, now);
            return null;
        }

        /// <summary>As the other, for an account's user, by the rule of the reseller service.</summary>
        public Refusal? SetResellerPassword(User user, string password, bool mustChange, Maker by, DateTimeOffset now)
        {
            if (users.PasswordValidators.OfType<PasswordPolicy>().Single().BrokenByReseller(user, password) is { } broken)
                return Refusal.AllFields([new FieldError("/password", broken.Code, $"password {broken.Description}")]);
            user.KeepHash(users.PasswordHasher.HashPassword(user, password));
            user.PasswordGiven(mustChange, by, now);
            return null;
        }

        /// <summary>
        /// Puts a new password in the place of whatever was there, when the policy takes it; the user is then told whose choice it was.
        /// </summary>
        /// <returns>Why not, as an error of the field that <paramref name="pointer"/> names.</returns>
        public async Task<Refusal?> SetPasswordAsync(User user, string password, string pointer)
        {
            await users.RemovePasswordAsync(user);
            var outcome = await users.AddPasswordAsync(user, password);
            return outcome.Succeeded ? null : Refusal.AllFields(
                [.. outcome.Errors.Select(e => new FieldError(pointer, e.Code, $"{pointer[1..]} {e.Description}"))]);
        }

        /// <summary>The same for a password that someone else chooses for him.</summary>
        public async Task<Refusal?> GivePasswordAsync(User user, string password, bool mustChange, Maker by, DateTimeOffset now)
        {
            if (await users.SetPasswordAsync(user, password, "/password") is { } weak)
                return weak;
            user.PasswordGiven(mustChange, by, now);
            return null;
        }
    }
}
