using System;
using System.Threading;

namespace AnchorEvents
{
    /// <summary>Ends what blocks a thread in the library as the process exits: Mono waits until each of its threads has
    /// returned.</summary>
    internal static class ProcessExit
    {
        private static readonly CancellationTokenSource Source = NewSource();

        internal static CancellationToken Token => Source.Token;

        private static CancellationTokenSource NewSource()
        {
            var source = new CancellationTokenSource();
            AppDomain.CurrentDomain.ProcessExit += (sender, e) => source.Cancel();
            AppDomain.CurrentDomain.DomainUnload += (sender, e) => source.Cancel();
            return source;
        }
    }
}
