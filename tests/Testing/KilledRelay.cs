using Licensing.Kernel;
using Licensing.Kernel.Messaging;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Licensing.Testing;

/// <summary>A relay that ends at one of the places that it comes by, within the process of the test: F04 of what messages do.</summary>
public static class KilledRelay
{
    extension(App app)
    {
        /// <summary>As <see cref="App.DrainAsync"/>, ended at a place.</summary>
        /// <param name="at">The first place is 1; past the last nothing is ended.</param>
        /// <returns>The names of the places that it came by, the last of them being where it ended.</returns>
        public async Task<List<string>> DrainUntilAsync(int at)
        {
            var places = new List<string>();
            using var killed = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
            // In this flow alone, and no longer than it.
            FaultPoints.Passing.Value = place =>
            {
                places.Add(place);
                if (places.Count != at)
                    return;
                // Nothing is tried again, as by nobody who is dead.
                killed.Cancel();
                throw new OperationCanceledException($"Killed at {place}.", killed.Token);
            };
            try
            {
                while (await app.Services.GetRequiredService<MessageRelay>().DeliverDueAsync(killed.Token) > 0)
                {
                }
            }
            catch (OperationCanceledException) when (places.Count >= at)
            {
            }

            return places;
        }
    }
}
