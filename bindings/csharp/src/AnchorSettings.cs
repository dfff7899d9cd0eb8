using System;
using System.Collections.Generic;

namespace AnchorEvents
{
    /// <summary>Settings for a client. What is null comes from the environment, or is as the library has it by default.</summary>
    public sealed class AnchorSettings
    {
        /// <summary>The API key, in place of ANCHORBROWSER_API_KEY.</summary>
        public string ApiKey { get; set; }

        /// <summary>Where the service is, in place of ANCHORBROWSER_BASE_URL: https://host[:port][/prefix] or
        /// unix:/path.</summary>
        public string BaseUrl { get; set; }

        /// <summary>Whether the key may be sent unencrypted to a host that is not loopback.</summary>
        public bool? AllowHttp { get; set; }

        /// <summary>Headers to add to each request. Their values are treated as the key is.</summary>
        public IDictionary<string, string> Headers { get; } = new Dictionary<string, string>();

        /// <summary>The User-Agent header; with "" it is not sent.</summary>
        public string UserAgent { get; set; }

        /// <summary>The proxy, in place of those of the environment: scheme://[user:password@]host[:port], with http, https,
        /// socks5 or socks5h; "" for none.</summary>
        public string Proxy { get; set; }

        /// <summary>What to connect to in place of the host of the base URL: host:port, then address:port.</summary>
        public (string Host, string Address)? ConnectTo { get; set; }

        /// <summary>How long DNS lookup, connect and TLS handshake of a connection may take together. 10 seconds by
        /// default.</summary>
        public TimeSpan? ConnectTimeout { get; set; }

        /// <summary>How long a signal or a drain may take. 30 seconds by default.</summary>
        public TimeSpan? RequestTimeout { get; set; }

        /// <summary>The size of the largest answer that is accepted. 8 MiB by default.</summary>
        public long? MaxResponseBytes { get; set; }

        /// <summary>The longest time for which one request of a wait asks the service to hold it. 50 seconds by
        /// default.</summary>
        public TimeSpan? Slice { get; set; }

        /// <summary>How much longer a request of a wait is given than it asked for. 2 seconds by default.</summary>
        public TimeSpan? Grace { get; set; }

        /// <summary>After how many failures in a row a call gives up. <see cref="AnchorClient.RetryAlways"/> sets no
        /// limit.</summary>
        public int? Retries { get; set; }

        /// <summary>Whether a wait continues after a connection broke to which its request had been written. True by
        /// default.</summary>
        public bool? Rearm { get; set; }

        /// <summary>A PEM file with certificate authorities to trust as well.</summary>
        public string CaFile { get; set; }

        /// <summary>Certificate authorities to trust as well, as PEM.</summary>
        public string CaPem { get; set; }

        /// <summary>Which certificate authorities are trusted in addition.</summary>
        public AnchorTrust? Trust { get; set; }

        /// <summary>PEM files with the certificate by which the client identifies itself, and with its private key.</summary>
        public (string Certificate, string Key)? ClientCertificate { get; set; }

        /// <summary>The certificate by which the client identifies itself, and its private key, as PEM.</summary>
        public (string Certificate, string Key)? ClientCertificatePem { get; set; }

        /// <summary>A PEM file of certificate revocation lists.</summary>
        public string CrlFile { get; set; }

        /// <summary>Which public keys the service may have, as curl's CURLOPT_PINNEDPUBLICKEY takes them.</summary>
        public string PinnedPublicKeys { get; set; }

        internal ClientHandle NewClient()
        {
            using (ConfigHandle config = Native.anchor_config_new())
            {
                foreach (Setting<ConfigHandle> setting in All())
                {
                    setting.Apply(config);
                }
                Failures.Check(Native.anchor_client_new(config, out ClientHandle client));
                return client;
            }
        }

        internal IEnumerable<Setting<ConfigHandle>> All()
        {
            var list = new SettingList<ConfigHandle>();
            list.Text(nameof(ApiKey), ApiKey, Native.anchor_config_set_api_key);
            list.Text(nameof(BaseUrl), BaseUrl, Native.anchor_config_set_base_url);
            list.Flag(nameof(AllowHttp), AllowHttp, Native.anchor_config_set_allow_http);
            list.Headers(nameof(Headers), Headers, Native.anchor_config_add_header);
            list.Text(nameof(UserAgent), UserAgent, Native.anchor_config_set_user_agent);
            list.Text(nameof(Proxy), Proxy, Native.anchor_config_set_proxy);
            list.Pair(nameof(ConnectTo), ConnectTo?.Host, ConnectTo?.Address, Native.anchor_config_set_connect_to);
            list.Time(nameof(ConnectTimeout), ConnectTimeout, Native.anchor_config_set_connect_timeout_ms);
            list.Time(nameof(RequestTimeout), RequestTimeout, Native.anchor_config_set_request_timeout_ms);
            list.Size(nameof(MaxResponseBytes), MaxResponseBytes, Native.anchor_config_set_max_response_bytes);
            list.Time(nameof(Slice), Slice, Native.anchor_config_set_slice_ms);
            list.Time(nameof(Grace), Grace, Native.anchor_config_set_grace_ms);
            list.Retries(nameof(Retries), Retries, Native.anchor_config_set_retries);
            list.Flag(nameof(Rearm), Rearm, Native.anchor_config_set_rearm);
            list.Text(nameof(CaFile), CaFile, Native.anchor_config_set_ca_file);
            list.Text(nameof(CaPem), CaPem, Native.anchor_config_set_ca_pem);
            list.Choice(nameof(Trust), (int?)Trust, Native.anchor_config_set_trust);
            list.Pair(nameof(ClientCertificate), ClientCertificate?.Certificate, ClientCertificate?.Key,
                Native.anchor_config_set_client_certificate);
            list.Pair(nameof(ClientCertificatePem), ClientCertificatePem?.Certificate, ClientCertificatePem?.Key,
                Native.anchor_config_set_client_certificate_pem);
            list.Text(nameof(CrlFile), CrlFile, Native.anchor_config_set_crl_file);
            list.Text(nameof(PinnedPublicKeys), PinnedPublicKeys, Native.anchor_config_set_pinned_public_keys);
            return list;
        }
    }

    /// <summary>Options of one call, or of many: what is not null takes the place of the client's settings for these
    /// calls.</summary>
    public sealed class AnchorOptions
    {
        /// <summary>How long the call may take. 60 seconds by default for a wait, and the request timeout of the settings for
        /// another call. Timeout.InfiniteTimeSpan sets no limit.</summary>
        public TimeSpan? Timeout { get; set; }

        /// <summary>As <see cref="AnchorSettings.Retries"/>.</summary>
        public int? Retries { get; set; }

        /// <summary>As <see cref="AnchorSettings.Rearm"/>.</summary>
        public bool? Rearm { get; set; }

        /// <summary>As <see cref="AnchorSettings.Slice"/>.</summary>
        public TimeSpan? Slice { get; set; }

        /// <summary>Headers to add to each request of the call, after those of the settings.</summary>
        public IDictionary<string, string> Headers { get; } = new Dictionary<string, string>();

        /// <summary>The id that each request of the call carries in the header x-request-id.</summary>
        public string RequestId { get; set; }

        internal long Limit(long otherwise) => Timeout is TimeSpan time ? Arguments.Limit("timeout", time) : otherwise;

        internal OptionsHandle NewHandle()
        {
            OptionsHandle options = Native.anchor_options_new();
            try
            {
                foreach (Setting<OptionsHandle> setting in All())
                {
                    setting.Apply(options);
                }
                return options;
            }
            catch
            {
                options.Dispose();
                throw;
            }
        }

        internal IEnumerable<Setting<OptionsHandle>> All()
        {
            var list = new SettingList<OptionsHandle>();
            list.Retries(nameof(Retries), Retries, Native.anchor_options_set_retries);
            list.Flag(nameof(Rearm), Rearm, Native.anchor_options_set_rearm);
            list.Time(nameof(Slice), Slice, Native.anchor_options_set_slice_ms);
            list.Headers(nameof(Headers), Headers, Native.anchor_options_add_header);
            list.Text(nameof(RequestId), RequestId, Native.anchor_options_set_request_id);
            return list;
        }
    }
}
