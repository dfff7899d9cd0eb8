using System;
using System.Threading;

namespace AnchorEvents.Tests
{
    /// <summary>What tests run in a process of its own.</summary>
    internal static class Program
    {
        /// <summary>Runs what the first argument names, for the event that the second names.</summary>
        private static int Main(string[] arguments)
        {
            var client = new AnchorClient();
            switch (arguments[0])
            {
            case "wait":
                Wait(client, arguments[1]);
                return 0;
            case "exit":
                client.WaitAsync(arguments[1]);
                client.SignalAsync("hang");
                new Thread(() => Wait(client, arguments[1])) { IsBackground = true }.Start();
                Console.ReadLine();
                return 7;
            default:
                throw new ArgumentException(arguments[0]);
            }
        }

        private static void Wait(AnchorClient client, string name)
        {
            AnchorEvent found = client.WaitAsync(name, Timeout.InfiniteTimeSpan).GetAwaiter().GetResult();
            // Not where Mono prints the threads.
            Console.Error.WriteLine(found.Data["n"]);
        }
    }
}
