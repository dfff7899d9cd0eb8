using System;
using System.Text;
using System.Threading;

namespace AnchorEvents
{
    /// <summary>Values of .NET as the library takes them. An exception names the argument.</summary>
    internal static class Arguments
    {
        private const long NoTimeout = -1;
        private const long RetryAlways = 4294967295;

        /// <summary>UTF-8 with U+0000 at its end. C would cut it off at one that is in it.</summary>
        internal static byte[] Text(string what, string value)
        {
            if (value == null)
            {
                throw new ArgumentNullException(what);
            }
            if (value.IndexOf('\0') >= 0)
            {
                throw new ArgumentException(what + " contains U+0000", what);
            }
            CheckSurrogates(what, value);
            return Encoding.UTF8.GetBytes(value + "\0");
        }

        internal static void CheckSurrogates(string what, string value)
        {
            for (int i = 0; i < value.Length; i++)
            {
                if (char.IsHighSurrogate(value[i]) && i + 1 < value.Length && char.IsLowSurrogate(value[i + 1]))
                {
                    i++;
                }
                else if (char.IsSurrogate(value[i]))
                {
                    throw new ArgumentException(what + " contains a lone surrogate", what);
                }
            }
        }

        /// <summary>Rounded up: a little time is not none.</summary>
        internal static long Milliseconds(string what, TimeSpan time)
        {
            if (time < TimeSpan.Zero)
            {
                throw new ArgumentOutOfRangeException(what, what + " is negative");
            }
            return (time.Ticks / TimeSpan.TicksPerMillisecond) + (time.Ticks % TimeSpan.TicksPerMillisecond == 0 ? 0 : 1);
        }

        internal static long Limit(string what, TimeSpan time) => time == Timeout.InfiniteTimeSpan ? NoTimeout
                                                                                                   : Milliseconds(what, time);

        internal static uint Retries(string what, int retries)
        {
            if (retries < 0)
            {
                throw new ArgumentOutOfRangeException(what, what + " is negative");
            }
            return retries == AnchorClient.RetryAlways ? (uint)RetryAlways : (uint)retries;
        }

        internal static UIntPtr Size(string what, long bytes)
        {
            if (bytes < 0)
            {
                throw new ArgumentOutOfRangeException(what, what + " is negative");
            }
            return (UIntPtr)(ulong)bytes;
        }
    }
}
