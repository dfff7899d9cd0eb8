using System;
using System.Collections.Concurrent;
using System.Threading;

namespace AnchorEvents
{
    /// <summary>The queue of all waits of the process, and the one thread that takes from it.</summary>
    internal static class Completions
    {
        private const long NoTimeout = -1;

        private static readonly ConcurrentDictionary<ulong, StartedWait> Running = new ConcurrentDictionary<ulong, StartedWait>();
        private static readonly IntPtr Queue = NewQueue();
        private static long tags;

        internal static StartedWaitHandle Start(
            StartedWait wait, ClientHandle client, byte[] name, long timeout, OptionsHandle options)
        {
            ulong tag = (ulong)Interlocked.Increment(ref tags);
            Running[tag] = wait;
            int status = Native.anchor_wait_start_on(client, Queue, name, timeout, tag, options, out StartedWaitHandle handle);
            if (status != Native.Ok)
            {
                Running.TryRemove(tag, out _);
                Failures.Check(status);
            }
            return handle;
        }

        private static IntPtr NewQueue()
        {
            Failures.Check(Native.anchor_queue_new(out IntPtr queue));
            TokenHandle exit = Native.anchor_cancel_token_new();
            ProcessExit.Token.Register(() => Native.anchor_cancel_token_cancel(exit));
            new Thread(() => TakeAll(queue, exit)) { IsBackground = true, Name = "anchor-events" }.Start();
            return queue;
        }

        private static void TakeAll(IntPtr queue, TokenHandle exit)
        {
            int status = Native.Ok;
            while (status != (int)AnchorStatus.Cancelled)
            {
                status = Native.anchor_queue_next(queue, NoTimeout, exit, out IntPtr completion);
                if (status == Native.Ok)
                {
                    Take(completion);
                    Native.anchor_completion_free(completion);
                }
            }
        }

        private static void Take(IntPtr completion)
        {
            if (!Running.TryRemove(Native.anchor_completion_tag(completion), out StartedWait wait))
            {
                return;
            }
            try
            {
                wait.End(Native.anchor_completion_status(completion), Native.TextOf(Native.anchor_completion_json(completion)));
            }
            catch (Exception e)
            {
                // The other waits go on.
                wait.Fail(e);
            }
        }
    }
}
