using System;

namespace AnchorEvents
{
    /// <summary>The package works with the library of its own version alone.</summary>
    internal static class LibraryVersion
    {
        internal static string Package => typeof(LibraryVersion).Assembly.GetName().Version.ToString(3);

        internal static void Check()
        {
            string found = Native.TextOf(Native.anchor_version());
            if (found != Package)
            {
                throw new DllNotFoundException($"AnchorEvents {Package} needs libanchor {Package}, and found {found}");
            }
        }
    }
}
