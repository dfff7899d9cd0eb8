using System;
using System.Collections.Generic;
using System.Text;
using System.Threading;
using System.Threading.Tasks;

namespace AnchorEvents
{
    /// <summary>Waits for named events, and signals them. Any number of threads may use one client.</summary>
    /// <remarks>A call that a CancellationToken ends throws OperationCanceledException. What had arrived by then is returned, so
    /// that no event is lost. An argument that is wrong is an ArgumentException.</remarks>
    public sealed class AnchorClient : IDisposable
    {
        /// <summary>As a number of retries: no limit.</summary>
        public const int RetryAlways = int.MaxValue;

        private const long DefaultTimeout = 60000;
        private const long RequestTimeout = -2;
        private const int MostThreads = 16;

        private static readonly SemaphoreSlim Threads = new SemaphoreSlim(MostThreads);

        private readonly ClientHandle handle;
        private readonly CancellationTokenSource closing = new CancellationTokenSource();

        /// <summary>Makes a client from the environment: ANCHORBROWSER_API_KEY, ANCHORBROWSER_BASE_URL, and the variables of
        /// proxies.</summary>
        /// <exception cref="ArgumentException">A variable is missing or not valid; the message names it.</exception>
        public AnchorClient() : this(new AnchorSettings())
        {
        }

        /// <summary>Makes a client. It does not connect to the service.</summary>
        /// <param name="settings">What is not set comes from the environment.</param>
        /// <exception cref="ArgumentException">A setting or a variable is missing or not valid; the message names it.</exception>
        public AnchorClient(AnchorSettings settings)
        {
            if (settings == null)
            {
                throw new ArgumentNullException(nameof(settings));
            }
            LibraryVersion.Check();
            handle = settings.NewClient();
        }

        /// <summary>Waits until an event is signaled, for at most 60 seconds. It takes no thread.</summary>
        /// <param name="name">The name of the event.</param>
        /// <param name="cancellationToken">Ends the wait, on the service too.</param>
        /// <returns>The event. A signal that came before is taken at once.</returns>
        /// <exception cref="AnchorTimeoutException">The time is over.</exception>
        /// <exception cref="AnchorException">The call failed otherwise.</exception>
        public Task<AnchorEvent> WaitAsync(
            string name, CancellationToken cancellationToken = default(CancellationToken)) => WaitAsync(name, new AnchorOptions(),
            cancellationToken);

        /// <summary>Waits until an event is signaled. It takes no thread.</summary>
        /// <param name="name">The name of the event.</param>
        /// <param name="timeout">How long; zero asks once, and Timeout.InfiniteTimeSpan sets no limit.</param>
        /// <param name="cancellationToken">Ends the wait, on the service too.</param>
        /// <returns>The event. A signal that came before is taken at once.</returns>
        /// <exception cref="AnchorTimeoutException">The time is over.</exception>
        /// <exception cref="AnchorException">The call failed otherwise.</exception>
        public Task<AnchorEvent> WaitAsync(
            string name, TimeSpan timeout, CancellationToken cancellationToken = default(CancellationToken)) => WaitAsync(name,
            new AnchorOptions { Timeout = timeout }, cancellationToken);

        /// <summary>Waits until an event is signaled. It takes no thread.</summary>
        /// <param name="name">The name of the event.</param>
        /// <param name="options">Options of this call.</param>
        /// <param name="cancellationToken">Ends the wait, on the service too.</param>
        /// <returns>The event. A signal that came before is taken at once.</returns>
        /// <exception cref="AnchorTimeoutException">The time is over.</exception>
        /// <exception cref="AnchorException">The call failed otherwise.</exception>
        public async Task<AnchorEvent> WaitAsync(
            string name, AnchorOptions options, CancellationToken cancellationToken = default(CancellationToken))
        {
            byte[] text = Arguments.Text(nameof(name), name);
            long timeout = NotNull(options).Limit(DefaultTimeout);
            using (CancellationTokenSource linked = Linked(cancellationToken))
            {
                var wait = new StartedWait(name, linked.Token);
                using (OptionsHandle made = options.NewHandle())
                {
                    wait.Start(handle, text, timeout, made);
                }
                return await AsCancelledBy(wait.Task, cancellationToken).ConfigureAwait(false);
            }
        }

        /// <summary>Events one after another, without end, for a loop that is left by break. It blocks the thread until the next
        /// one.</summary>
        /// <param name="name">The name of the events.</param>
        /// <param name="cancellationToken">Ends the loop, with OperationCanceledException.</param>
        /// <returns>The events, each taken when the loop asks for it.</returns>
        public IEnumerable<AnchorEvent> Events(string name, CancellationToken cancellationToken = default(CancellationToken))
        {
            Arguments.Text(nameof(name), name);
            return EventsOf(name, cancellationToken);
        }

        /// <summary>Signals an event: the service hands the data to a call that waits for the event, now or later. It takes one
        /// of 16 threads while it runs.</summary> <param name="name">The name of the event.</param> <param name="data">Its values
        /// are dictionaries with strings as keys, enumerables, strings, bool, null, or numbers of .NET. Null for no data.</param>
        /// <param name="options">Options of this call; null for none.</param>
        /// <param name="cancellationToken">Ends the call; the signal may have been delivered.</param>
        /// <returns>A task.</returns>
        /// <exception cref="AnchorTimeoutException">The time is over.</exception>
        /// <exception cref="AnchorException">The call failed otherwise.</exception>
        public Task SignalAsync(string name, IDictionary<string, object> data = null, AnchorOptions options = null,
            CancellationToken cancellationToken = default(CancellationToken)) => BlockingAsync(name, data,
            options ?? new AnchorOptions(), Signal, cancellationToken);

        /// <summary>Drops the signals of an event that nobody has waited for. It takes one of 16 threads while it runs.</summary>
        /// <param name="name">The name of the event.</param>
        /// <param name="options">Options of this call; null for none.</param>
        /// <param name="cancellationToken">Ends the call.</param>
        /// <returns>How many there were.</returns>
        /// <exception cref="AnchorTimeoutException">Signals may be left after the time.</exception>
        /// <exception cref="AnchorException">The call failed otherwise.</exception>
        public Task<long> DrainAsync(string name, AnchorOptions options = null,
            CancellationToken cancellationToken = default(CancellationToken)) => BlockingAsync(name, null,
            options ?? new AnchorOptions(), Drain, cancellationToken);

        /// <summary>Replaces the API key for what is sent from now on.</summary>
        /// <param name="apiKey">Printable ASCII.</param>
        public void SetApiKey(string apiKey)
        {
            byte[] text = Arguments.Text(nameof(apiKey), apiKey);
            Failures.Check(Native.anchor_client_set_api_key(handle, text));
        }

        /// <summary>Counts of what the client has done and does, by the names that anchor_client_stats gives them.</summary>
        /// <returns>Such as waits, signals, answers, and connections with a dictionary of its own.</returns>
        public IReadOnlyDictionary<string, object> Stats()
        {
            Failures.Check(Native.anchor_client_stats(handle, out IntPtr json));
            return Json.Object(Native.Take(json));
        }

        /// <summary>Ends all calls of the client, as cancelled. Another throws ObjectDisposedException.</summary>
        public void Dispose()
        {
            closing.Cancel();
            handle.Dispose();
        }

        private IEnumerable<AnchorEvent> EventsOf(string name, CancellationToken cancellationToken)
        {
            while (true)
            {
                yield return WaitAsync(name, Timeout.InfiniteTimeSpan, cancellationToken).GetAwaiter().GetResult();
            }
        }

        private delegate long Blocking(byte[] name, byte[] data, long timeout, OptionsHandle options, TokenHandle token);

        private async Task<long> BlockingAsync(string name, IDictionary<string, object> data, AnchorOptions options,
            Blocking call, CancellationToken cancellationToken)
        {
            byte[] text = Arguments.Text(nameof(name), name);
            byte[] json = data == null ? null : Encoding.UTF8.GetBytes(JsonWriter.Object(data) + "\0");
            long timeout = options.Limit(RequestTimeout);
            using (CancellationTokenSource linked = Linked(cancellationToken, ProcessExit.Token))
            {
                Task<long> ended = InThread(
                    token =>
                    {
                        using (OptionsHandle made = options.NewHandle())
                        {
                            return call(text, json, timeout, made, token);
                        }
                    },
                    linked.Token);
                return await AsCancelledBy(ended, cancellationToken).ConfigureAwait(false);
            }
        }

        /// <summary>When one of the threads is free.</summary>
        private static async Task<long> InThread(Func<TokenHandle, long> call, CancellationToken cancellation)
        {
            await Threads.WaitAsync(cancellation).ConfigureAwait(false);
            try
            {
                using (TokenHandle token = Native.anchor_cancel_token_new())
                {
                    if (token.IsInvalid)
                    {
                        throw Failures.Of((int)AnchorStatus.OutOfMemory, "no file descriptor is left");
                    }
                    CancellationTokenRegistration registration =
                        cancellation.Register(() => Native.anchor_cancel_token_cancel(token));
                    try
                    {
                        return await Task.Factory
                            .StartNew(
                                () => call(token), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default)
                            .ConfigureAwait(false);
                    }
                    finally
                    {
                        registration.Dispose();
                    }
                }
            }
            finally
            {
                Threads.Release();
            }
        }

        private long Signal(byte[] name, byte[] data, long timeout, OptionsHandle options, TokenHandle token)
        {
            int status = Native.anchor_signal_event_with(handle, name, data, timeout, options, token, out IntPtr json);
            string text = Native.Take(json);
            return status == Native.Ok ? 0 : throw Failures.Of(status, text);
        }

        private long Drain(byte[] name, byte[] data, long timeout, OptionsHandle options, TokenHandle token)
        {
            Failures.Check(Native.anchor_drain_event_with(handle, name, timeout, options, token, out uint drained));
            return drained;
        }

        /// <summary>Ends with the token of the caller, or with the client.</summary>
        private CancellationTokenSource Linked(
            CancellationToken cancellationToken, CancellationToken other = default(CancellationToken))
        {
            if (closing.IsCancellationRequested)
            {
                throw new ObjectDisposedException(nameof(AnchorClient));
            }
            cancellationToken.ThrowIfCancellationRequested();
            return CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, closing.Token, other);
        }

        /// <summary>The exception of a cancelled call has the token of the caller, as elsewhere in .NET.</summary>
        private static async Task<T> AsCancelledBy<T>(Task<T> call, CancellationToken cancellationToken)
        {
            try
            {
                return await call.ConfigureAwait(false);
            }
            catch (OperationCanceledException e) when (cancellationToken.IsCancellationRequested)
            {
                throw new OperationCanceledException(e.Message, e, cancellationToken);
            }
        }

        private static AnchorOptions NotNull(AnchorOptions options) => options ??
                                                                       throw new ArgumentNullException(nameof(options));
    }
}
