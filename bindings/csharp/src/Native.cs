using System;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace AnchorEvents
{
    /// <summary>The functions of the library, as anchor.h declares them. A text is UTF-8 with U+0000 at its end.</summary>
    internal static class Native
    {
        /// <summary>libanchor.so, libanchor.dylib or anchor.dll, which NuGet puts below runtimes.</summary>
        private const string Library = "anchor";

        internal const int Ok = 0;

        [DllImport(Library)]
        internal static extern IntPtr anchor_version();

        [DllImport(Library)]
        internal static extern IntPtr anchor_last_error();

        [DllImport(Library)]
        internal static extern void anchor_string_free(IntPtr text);

        [DllImport(Library)]
        internal static extern ConfigHandle anchor_config_new();

        [DllImport(Library)]
        internal static extern void anchor_config_free(IntPtr config);

        [DllImport(Library)]
        internal static extern int anchor_config_set_api_key(ConfigHandle config, byte[] value);

        [DllImport(Library)]
        internal static extern int anchor_config_set_base_url(ConfigHandle config, byte[] value);

        [DllImport(Library)]
        internal static extern int anchor_config_set_allow_http(ConfigHandle config, int allow);

        [DllImport(Library)]
        internal static extern int anchor_config_add_header(ConfigHandle config, byte[] name, byte[] value);

        [DllImport(Library)]
        internal static extern int anchor_config_set_user_agent(ConfigHandle config, byte[] value);

        [DllImport(Library)]
        internal static extern int anchor_config_set_proxy(ConfigHandle config, byte[] value);

        [DllImport(Library)]
        internal static extern int anchor_config_set_connect_to(ConfigHandle config, byte[] host, byte[] address);

        [DllImport(Library)]
        internal static extern int anchor_config_set_connect_timeout_ms(ConfigHandle config, long milliseconds);

        [DllImport(Library)]
        internal static extern int anchor_config_set_request_timeout_ms(ConfigHandle config, long milliseconds);

        [DllImport(Library)]
        internal static extern int anchor_config_set_max_response_bytes(ConfigHandle config, UIntPtr bytes);

        [DllImport(Library)]
        internal static extern int anchor_config_set_slice_ms(ConfigHandle config, long milliseconds);

        [DllImport(Library)]
        internal static extern int anchor_config_set_grace_ms(ConfigHandle config, long milliseconds);

        [DllImport(Library)]
        internal static extern int anchor_config_set_retries(ConfigHandle config, uint retries);

        [DllImport(Library)]
        internal static extern int anchor_config_set_rearm(ConfigHandle config, int rearm);

        [DllImport(Library)]
        internal static extern int anchor_config_set_ca_file(ConfigHandle config, byte[] value);

        [DllImport(Library)]
        internal static extern int anchor_config_set_ca_pem(ConfigHandle config, byte[] value);

        [DllImport(Library)]
        internal static extern int anchor_config_set_trust(ConfigHandle config, int trust);

        [DllImport(Library)]
        internal static extern int anchor_config_set_client_certificate(ConfigHandle config, byte[] certificate, byte[] key);

        [DllImport(Library)]
        internal static extern int anchor_config_set_client_certificate_pem(ConfigHandle config, byte[] certificate, byte[] key);

        [DllImport(Library)]
        internal static extern int anchor_config_set_crl_file(ConfigHandle config, byte[] value);

        [DllImport(Library)]
        internal static extern int anchor_config_set_pinned_public_keys(ConfigHandle config, byte[] value);

        [DllImport(Library)]
        internal static extern OptionsHandle anchor_options_new();

        [DllImport(Library)]
        internal static extern void anchor_options_free(IntPtr options);

        [DllImport(Library)]
        internal static extern int anchor_options_set_retries(OptionsHandle options, uint retries);

        [DllImport(Library)]
        internal static extern int anchor_options_set_rearm(OptionsHandle options, int rearm);

        [DllImport(Library)]
        internal static extern int anchor_options_set_slice_ms(OptionsHandle options, long milliseconds);

        [DllImport(Library)]
        internal static extern int anchor_options_add_header(OptionsHandle options, byte[] name, byte[] value);

        [DllImport(Library)]
        internal static extern int anchor_options_set_request_id(OptionsHandle options, byte[] value);

        [DllImport(Library)]
        internal static extern int anchor_client_new(ConfigHandle config, out ClientHandle client);

        [DllImport(Library)]
        internal static extern void anchor_client_free(IntPtr client);

        [DllImport(Library)]
        internal static extern void anchor_client_cancel_all(ClientHandle client);

        [DllImport(Library)]
        internal static extern int anchor_client_set_api_key(ClientHandle client, byte[] key);

        [DllImport(Library)]
        internal static extern int anchor_client_stats(ClientHandle client, out IntPtr json);

        [DllImport(Library)]
        internal static extern int anchor_signal_event_with(ClientHandle client, byte[] name, byte[] data, long timeout,
            OptionsHandle options, TokenHandle token, out IntPtr json);

        [DllImport(Library)]
        internal static extern int anchor_drain_event_with(
            ClientHandle client, byte[] name, long timeout, OptionsHandle options, TokenHandle token, out uint drained);

        [DllImport(Library)]
        internal static extern TokenHandle anchor_cancel_token_new();

        [DllImport(Library)]
        internal static extern void anchor_cancel_token_cancel(TokenHandle token);

        [DllImport(Library)]
        internal static extern void anchor_cancel_token_free(IntPtr token);

        [DllImport(Library)]
        internal static extern int anchor_queue_new(out IntPtr queue);

        [DllImport(Library)]
        internal static extern int anchor_queue_next(IntPtr queue, long timeout, TokenHandle token, out IntPtr completion);

        [DllImport(Library)]
        internal static extern int anchor_wait_start_on(ClientHandle client, IntPtr queue, byte[] name, long timeout, ulong tag,
            OptionsHandle options, out StartedWaitHandle wait);

        [DllImport(Library)]
        internal static extern void anchor_wait_cancel(StartedWaitHandle wait);

        [DllImport(Library)]
        internal static extern void anchor_wait_free(IntPtr wait);

        [DllImport(Library)]
        internal static extern ulong anchor_completion_tag(IntPtr completion);

        [DllImport(Library)]
        internal static extern int anchor_completion_status(IntPtr completion);

        [DllImport(Library)]
        internal static extern IntPtr anchor_completion_json(IntPtr completion);

        [DllImport(Library)]
        internal static extern void anchor_completion_free(IntPtr completion);

        /// <summary>A text that the library keeps. Null for NULL.</summary>
        internal static string TextOf(IntPtr text)
        {
            if (text == IntPtr.Zero)
            {
                return null;
            }
            int length = 0;
            while (Marshal.ReadByte(text, length) != 0)
            {
                length++;
            }
            var bytes = new byte[length];
            Marshal.Copy(text, bytes, 0, length);
            return Encoding.UTF8.GetString(bytes);
        }

        /// <summary>A text that the caller owns, and frees by this.</summary>
        internal static string Take(IntPtr text)
        {
            try
            {
                return TextOf(text);
            }
            finally
            {
                anchor_string_free(text);
            }
        }
    }

    /// <summary>A handle that is freed once, after the last call that uses it.</summary>
    internal abstract class Handle : SafeHandleZeroOrMinusOneIsInvalid
    {
        protected Handle() : base(true)
        {
        }
    }

    internal sealed class ConfigHandle : Handle
    {
        protected override bool ReleaseHandle()
        {
            Native.anchor_config_free(handle);
            return true;
        }
    }

    internal sealed class OptionsHandle : Handle
    {
        protected override bool ReleaseHandle()
        {
            Native.anchor_options_free(handle);
            return true;
        }
    }

    internal sealed class ClientHandle : Handle
    {
        protected override bool ReleaseHandle()
        {
            Native.anchor_client_free(handle);
            return true;
        }
    }

    internal sealed class TokenHandle : Handle
    {
        protected override bool ReleaseHandle()
        {
            Native.anchor_cancel_token_free(handle);
            return true;
        }
    }

    internal sealed class StartedWaitHandle : Handle
    {
        protected override bool ReleaseHandle()
        {
            Native.anchor_wait_free(handle);
            return true;
        }
    }
}
