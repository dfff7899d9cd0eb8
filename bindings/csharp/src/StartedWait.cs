using System;
using System.Threading;
using System.Threading.Tasks;

namespace AnchorEvents
{
    /// <summary>A wait on the queue, which takes no thread. Its task ends when the library reports its end, cancelled or
    /// not.</summary>
    internal sealed class StartedWait
    {
        private readonly string name;
        private readonly CancellationToken cancellation;
        private readonly TaskCompletionSource<AnchorEvent> source =
            new TaskCompletionSource<AnchorEvent>(TaskCreationOptions.RunContinuationsAsynchronously);

        private StartedWaitHandle handle;
        private CancellationTokenRegistration registration;

        internal StartedWait(string name, CancellationToken cancellation)
        {
            this.name = name;
            this.cancellation = cancellation;
        }

        internal Task<AnchorEvent> Task => source.Task;

        internal void Start(ClientHandle client, byte[] text, long timeout, OptionsHandle options)
        {
            // The end of the wait takes the lock as well, and so comes after its start.
            lock (source)
            {
                handle = Completions.Start(this, client, text, timeout, options);
            }
            // It may run at once, and the wait may have ended.
            CancellationTokenRegistration made = cancellation.Register(Cancel);
            lock (source)
            {
                registration = made;
            }
            if (source.Task.IsCompleted)
            {
                made.Dispose();
            }
        }

        internal void End(int status, string text)
        {
            CancellationTokenRegistration made;
            lock (source)
            {
                handle.Dispose();
                made = registration;
            }
            if (status == Native.Ok && text != null)
            {
                source.TrySetResult(new AnchorEvent(name, text));
            }
            else if (status == (int)AnchorStatus.Cancelled)
            {
                source.TrySetCanceled(cancellation.IsCancellationRequested ? cancellation : new CancellationToken(true));
            }
            else
            {
                source.TrySetException(Failures.Of(status == Native.Ok ? (int)AnchorStatus.OutOfMemory : status, text));
            }
            // Not below the lock: it waits for Cancel, if that runs.
            made.Dispose();
        }

        internal void Fail(Exception failure) => source.TrySetException(failure);

        private void Cancel()
        {
            lock (source)
            {
                if (!handle.IsClosed)
                {
                    Native.anchor_wait_cancel(handle);
                }
            }
        }
    }
}
