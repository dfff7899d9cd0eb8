using System;
using System.Collections.Generic;
using System.Globalization;
using System.Numerics;
using System.Text;
using System.Text.RegularExpressions;

namespace AnchorEvents
{
    /// <summary>Reads JSON (RFC 8259). netstandard2.0 has no reader, and a package for it would be the only dependency.</summary>
    internal sealed class Json
    {
        /// <summary>Deeper texts are refused: each level takes a part of the stack.</summary>
        internal const int MostLevels = 500;

        private static readonly Regex Number = new Regex(@"\G-?(0|[1-9][0-9]*)(\.[0-9]+)?([Ee][+-]?[0-9]+)?");

        /// <summary>Not -0, which only a double can be. One of more digits would take BigInteger long.</summary>
        private static readonly Regex Whole = new Regex(@"^(0|-?[1-9][0-9]{0,999})$");

        private readonly string text;
        private int at;

        private Json(string text)
        {
            this.text = text;
        }

        /// <summary>No part of the text is in the message of an exception: it may be data of an event.</summary>
        internal static Dictionary<string, object> Object(string text)
        {
            var reader = new Json(text);
            if (reader.Value(0) is Dictionary<string, object> found && reader.at == text.Length)
            {
                return found;
            }
            throw reader.Malformed();
        }

        private object Value(int level)
        {
            if (level > MostLevels)
            {
                throw Malformed();
            }
            SkipSpace();
            object value = Bare(level);
            SkipSpace();
            return value;
        }

        private object Bare(int level)
        {
            switch (Peek())
            {
            case '{':
                return Members(level);
            case '[':
                return Items(level);
            case '"':
                return String();
            case 't':
                return Word("true", true);
            case 'f':
                return Word("false", false);
            case 'n':
                return Word("null", null);
            default:
                return Numeric();
            }
        }

        private Dictionary<string, object> Members(int level)
        {
            var members = new Dictionary<string, object>();
            at++;
            SkipSpace();
            if (Took('}'))
            {
                return members;
            }
            do
            {
                SkipSpace();
                string name = String();
                SkipSpace();
                Take(':');
                members[name] = Value(level + 1);
            } while (Took(','));
            Take('}');
            return members;
        }

        private List<object> Items(int level)
        {
            var items = new List<object>();
            at++;
            SkipSpace();
            if (Took(']'))
            {
                return items;
            }
            do
            {
                items.Add(Value(level + 1));
            } while (Took(','));
            Take(']');
            return items;
        }

        private string String()
        {
            Take('"');
            var found = new StringBuilder();
            while (!Took('"'))
            {
                char c = Peek();
                if (c < ' ')
                {
                    throw Malformed();
                }
                at++;
                found.Append(c == '\\' ? Escaped() : c);
            }
            return found.ToString();
        }

        private char Escaped()
        {
            char c = Peek();
            at++;
            switch (c)
            {
            case '"':
            case '\\':
            case '/':
                return c;
            case 'b':
                return '\b';
            case 'f':
                return '\f';
            case 'n':
                return '\n';
            case 'r':
                return '\r';
            case 't':
                return '\t';
            case 'u':
                return (char)((Digit() << 12) | (Digit() << 8) | (Digit() << 4) | Digit());
            default:
                throw Malformed();
            }
        }

        private int Digit()
        {
            if (!Uri.IsHexDigit(Peek()))
            {
                throw Malformed();
            }
            return Uri.FromHex(text[at++]);
        }

        private object Numeric()
        {
            Match found = Number.Match(text, at);
            if (!found.Success)
            {
                throw Malformed();
            }
            at += found.Length;
            if (!Whole.IsMatch(found.Value))
            {
                return Double(found.Value);
            }
            BigInteger whole = BigInteger.Parse(found.Value, CultureInfo.InvariantCulture);
            return whole >= long.MinValue && whole <= long.MaxValue ? (object)(long)whole : whole;
        }

        /// <summary>Some runtimes have an exception for what is too large, and others infinity.</summary>
        private static double Double(string number)
        {
            try
            {
                return double.Parse(number, NumberStyles.Float, CultureInfo.InvariantCulture);
            }
            catch (OverflowException)
            {
                return number[0] == '-' ? double.NegativeInfinity : double.PositiveInfinity;
            }
        }

        private object Word(string word, object value)
        {
            if (string.CompareOrdinal(text, at, word, 0, word.Length) != 0)
            {
                throw Malformed();
            }
            at += word.Length;
            return value;
        }

        private void SkipSpace()
        {
            while (at < text.Length && " \t\r\n".IndexOf(text[at]) >= 0)
            {
                at++;
            }
        }

        private char Peek() => at < text.Length ? text[at] : throw Malformed();

        private bool Took(char c)
        {
            bool isNext = at < text.Length && text[at] == c;
            at += isNext ? 1 : 0;
            return isNext;
        }

        private void Take(char c)
        {
            if (!Took(c))
            {
                throw Malformed();
            }
        }

        private FormatException Malformed() => new FormatException("the text is not JSON at character " + at);
    }
}
