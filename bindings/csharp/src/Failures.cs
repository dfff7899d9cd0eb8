using System;
using System.Collections.Generic;

namespace AnchorEvents
{
    /// <summary>What is known about a call that failed.</summary>
    public interface IAnchorFailure
    {
        /// <summary>How the call failed.</summary>
        AnchorStatus Status { get; }

        /// <summary>The HTTP status, if there was one.</summary>
        int? HttpStatus { get; }

        /// <summary>How far the last request got: dns, connect, tls, send, wait or receive. Null if none was begun.</summary>
        string Phase { get; }

        /// <summary>Whether a request was sent and its answer never read: it may have taken an event or delivered a
        /// signal.</summary>
        bool MaybeConsumed { get; }

        /// <summary>Everything that the library reports, by the names of its JSON, such as attempts and requestId.</summary>
        IReadOnlyDictionary<string, object> Details { get; }
    }

    /// <summary>A call failed, and not by its time or a cancel. Its <see cref="Status"/> says how.</summary>
    public sealed class AnchorException : Exception, IAnchorFailure
    {
        internal AnchorException(AnchorStatus status, string message, IReadOnlyDictionary<string, object> details) : base(message)
        {
            Status = status;
            Details = details;
        }

        /// <inheritdoc/>
        public AnchorStatus Status { get; }

        /// <inheritdoc/>
        public int? HttpStatus => Failures.HttpStatus(Details);

        /// <inheritdoc/>
        public string Phase => Failures.Phase(Details);

        /// <inheritdoc/>
        public bool MaybeConsumed => Failures.MaybeConsumed(Details);

        /// <inheritdoc/>
        public IReadOnlyDictionary<string, object> Details { get; }
    }

    /// <summary>The time of a call was over. The status tells whether the event was not signaled, or the service not
    /// reached.</summary>
    public sealed class AnchorTimeoutException : TimeoutException, IAnchorFailure
    {
        internal AnchorTimeoutException(AnchorStatus status, string message, IReadOnlyDictionary<string, object> details)
            : base(message)
        {
            Status = status;
            Details = details;
        }

        /// <inheritdoc/>
        public AnchorStatus Status { get; }

        /// <inheritdoc/>
        public int? HttpStatus => Failures.HttpStatus(Details);

        /// <inheritdoc/>
        public string Phase => Failures.Phase(Details);

        /// <inheritdoc/>
        public bool MaybeConsumed => Failures.MaybeConsumed(Details);

        /// <inheritdoc/>
        public IReadOnlyDictionary<string, object> Details { get; }
    }

    /// <summary>Makes the exception of a failed call.</summary>
    internal static class Failures
    {
        /// <summary>From the error as JSON, or a message.</summary>
        internal static Exception Of(int status, string text)
        {
            var details = Read(text ?? "no memory was left for the error");
            string message = details.TryGetValue("message", out object given) ? given as string : text;
            if (status == (int)AnchorStatus.InvalidArgument)
            {
                return new ArgumentException(message);
            }
            if (status == (int)AnchorStatus.Cancelled)
            {
                return new OperationCanceledException(message);
            }
            bool isTimedOut = details.TryGetValue("timedOut", out object timedOut) && true.Equals(timedOut);
            if (isTimedOut || status == (int)AnchorStatus.Timeout)
            {
                return new AnchorTimeoutException((AnchorStatus)status, message, details);
            }
            return new AnchorException((AnchorStatus)status, message, details);
        }

        /// <summary>Throws if the last call of this thread failed.</summary>
        internal static void Check(int status)
        {
            if (status != Native.Ok)
            {
                throw Of(status, Native.TextOf(Native.anchor_last_error()));
            }
        }

        internal static int? HttpStatus(
            IReadOnlyDictionary<string, object> details) => details.TryGetValue("code", out object code) && code is long number
                                                                ? (int?)number
                                                                : null;

        internal static string Phase(
            IReadOnlyDictionary<string, object> details) => details.TryGetValue("phase", out object phase) ? phase as string
                                                                                                           : null;

        internal static bool MaybeConsumed(
            IReadOnlyDictionary<string, object> details) => details.TryGetValue("maybeConsumed", out object consumed) &&
                                                            true.Equals(consumed);

        private static Dictionary<string, object> Read(string text)
        {
            if (text.StartsWith("{", StringComparison.Ordinal) && Json.Object(text).TryGetValue("error", out object error) &&
                error is Dictionary<string, object> details)
            {
                return details;
            }
            return new Dictionary<string, object> { { "message", text } };
        }
    }
}
