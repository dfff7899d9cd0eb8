using System;
using System.Collections;
using System.Collections.Generic;

namespace AnchorEvents
{
    /// <summary>One call of a setter of the library. It has no ToString, since it may hold a key.</summary>
    internal sealed class Setting<THandle>
    {
        private readonly Func<THandle, int> set;

        internal Setting(string name, string setter, Func<THandle, int> set)
        {
            Name = name;
            Setter = setter;
            this.set = set;
        }

        internal string Name { get; }

        /// <summary>The name of the library's function.</summary>
        internal string Setter { get; }

        internal void Apply(THandle handle) => Failures.Check(set(handle));
    }

    /// <summary>The settings that are not null.</summary>
    internal sealed class SettingList<THandle> : IEnumerable<Setting<THandle>>
    {
        private readonly List<Setting<THandle>> list = new List<Setting<THandle>>();

        internal delegate int TextSetter(THandle handle, byte[] value);

        internal delegate int PairSetter(THandle handle, byte[] first, byte[] second);

        internal delegate int IntSetter(THandle handle, int value);

        internal delegate int LongSetter(THandle handle, long value);

        internal delegate int CountSetter(THandle handle, uint value);

        internal delegate int SizeSetter(THandle handle, UIntPtr value);

        public IEnumerator<Setting<THandle>> GetEnumerator() => list.GetEnumerator();

        IEnumerator IEnumerable.GetEnumerator() => list.GetEnumerator();

        internal void Text(string name, string value, TextSetter set)
        {
            if (value != null)
            {
                byte[] text = Arguments.Text(name, value);
                Add(name, set, handle => set(handle, text));
            }
        }

        internal void Pair(string name, string first, string second, PairSetter set)
        {
            if (first != null || second != null)
            {
                byte[] one = Arguments.Text(name, first), other = Arguments.Text(name, second);
                Add(name, set, handle => set(handle, one, other));
            }
        }

        internal void Headers(string name, IDictionary<string, string> headers, PairSetter set)
        {
            foreach (KeyValuePair<string, string> header in headers)
            {
                Pair(name, header.Key, header.Value, set);
            }
        }

        internal void Flag(string name, bool? value, IntSetter set)
        {
            if (value.HasValue)
            {
                Choice(name, value.Value ? 1 : 0, set);
            }
        }

        internal void Choice(string name, int? value, IntSetter set)
        {
            if (value.HasValue)
            {
                // Mono's compiler makes a program that crashes of a variable of a pattern that a lambda uses.
                int choice = value.Value;
                Add(name, set, handle => set(handle, choice));
            }
        }

        internal void Time(string name, TimeSpan? value, LongSetter set)
        {
            if (value is TimeSpan time)
            {
                long milliseconds = Arguments.Milliseconds(name, time);
                Add(name, set, handle => set(handle, milliseconds));
            }
        }

        internal void Retries(string name, int? value, CountSetter set)
        {
            if (value is int retries)
            {
                uint count = Arguments.Retries(name, retries);
                Add(name, set, handle => set(handle, count));
            }
        }

        internal void Size(string name, long? value, SizeSetter set)
        {
            if (value is long bytes)
            {
                UIntPtr size = Arguments.Size(name, bytes);
                Add(name, set, handle => set(handle, size));
            }
        }

        private void Add(string name, Delegate setter, Func<THandle, int> set) => list.Add(
            new Setting<THandle>(name, setter.Method.Name, set));
    }
}
