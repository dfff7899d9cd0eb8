package io.github.libanchor.events;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Executor;
import java.util.concurrent.ForkJoinPool;

/**
 * Settings for a client; what is not set comes from the environment. A method refuses what is of no use anywhere; {@link #build}
 * refuses what the library does not take, with the name of the setting.
 */
public final class ClientBuilder {
    final List<Setting> settings = new ArrayList<>();
    Executor executor = ForkJoinPool.commonPool();

    ClientBuilder() {}

    /**
     * Makes the client. It does not connect to the service.
     *
     * @return a client, to be closed
     * @throws IllegalArgumentException if a setting or a variable of the environment is missing or not valid
     */
    public Client build() {
        return new Client(this);
    }

    /**
     * Sets what completes futures, and so runs what depends on them.
     *
     * @param executor the common pool by default
     * @return this builder
     */
    public ClientBuilder executor(Executor executor) {
        this.executor = Objects.requireNonNull(executor, "executor");
        return this;
    }

    /**
     * Sets the API key, in place of ANCHORBROWSER_API_KEY.
     *
     * @param apiKey printable ASCII
     * @return this builder
     */
    public ClientBuilder apiKey(String apiKey) {
        settings.add(Setting.text("set_api_key", "apiKey", apiKey));
        return this;
    }

    /**
     * Sets where the service is, in place of ANCHORBROWSER_BASE_URL.
     *
     * @param baseUrl {@code https://host[:port][/prefix]} or {@code unix:/path}
     * @return this builder
     */
    public ClientBuilder baseUrl(String baseUrl) {
        settings.add(Setting.text("set_base_url", "baseUrl", baseUrl));
        return this;
    }

    /**
     * Sets whether the key may be sent unencrypted to a host that is not loopback.
     *
     * @param allowHttp false by default
     * @return this builder
     */
    public ClientBuilder allowHttp(boolean allowHttp) {
        settings.add(Setting.number("set_allow_http", allowHttp ? 1 : 0));
        return this;
    }

    /**
     * Adds a header to each request, such as traceparent or a token of a gateway.
     *
     * @param name the name of the header
     * @param value printable ASCII; it is treated as the key is
     * @return this builder
     */
    public ClientBuilder header(String name, String value) {
        settings.add(Setting.pair("add_header", "header", name, value));
        return this;
    }

    /**
     * Sets the User-Agent header.
     *
     * @param userAgent with "" the header is not sent
     * @return this builder
     */
    public ClientBuilder userAgent(String userAgent) {
        settings.add(Setting.text("set_user_agent", "userAgent", userAgent));
        return this;
    }

    /**
     * Sets the proxy, in place of those of the environment.
     *
     * @param proxy {@code scheme://[user:password@]host[:port]}; the schemes are http, https, socks5 and socks5h; "" for none
     * @return this builder
     */
    public ClientBuilder proxy(String proxy) {
        settings.add(Setting.text("set_proxy", "proxy", proxy));
        return this;
    }

    /**
     * Sets what to connect to in place of the host of the base URL, as curl's --connect-to does.
     *
     * @param host {@code host:port} of the base URL
     * @param address {@code address:port}
     * @return this builder
     */
    public ClientBuilder connectTo(String host, String address) {
        settings.add(Setting.pair("set_connect_to", "connectTo", host, address));
        return this;
    }

    /**
     * Sets how long DNS lookup, connect and TLS handshake of a connection may take together.
     *
     * @param connectTimeout 10 seconds by default
     * @return this builder
     */
    public ClientBuilder connectTimeout(Duration connectTimeout) {
        settings.add(Setting.number("set_connect_timeout_ms", Arguments.milliseconds("connectTimeout", connectTimeout)));
        return this;
    }

    /**
     * Sets how long a signal or a drain may take.
     *
     * @param requestTimeout 30 seconds by default
     * @return this builder
     */
    public ClientBuilder requestTimeout(Duration requestTimeout) {
        settings.add(Setting.number("set_request_timeout_ms", Arguments.milliseconds("requestTimeout", requestTimeout)));
        return this;
    }

    /**
     * Sets the size of the largest answer that is accepted.
     *
     * @param maxResponseBytes 8 MiB by default
     * @return this builder
     */
    public ClientBuilder maxResponseBytes(long maxResponseBytes) {
        settings.add(Setting.number("set_max_response_bytes", maxResponseBytes));
        return this;
    }

    /**
     * Sets the longest time for which one request of a wait asks the service to hold it.
     *
     * @param slice 50 seconds by default
     * @return this builder
     */
    public ClientBuilder slice(Duration slice) {
        settings.add(Setting.number("set_slice_ms", Arguments.milliseconds("slice", slice)));
        return this;
    }

    /**
     * Sets how much longer a request of a wait is given than it asked for.
     *
     * @param grace 2 seconds by default
     * @return this builder
     */
    public ClientBuilder grace(Duration grace) {
        settings.add(Setting.number("set_grace_ms", Arguments.milliseconds("grace", grace)));
        return this;
    }

    /**
     * Sets after how many failures in a row a call gives up. Without it the number depends on the failure.
     *
     * @param retries 0 or more; {@link Client#RETRY_ALWAYS} sets no limit
     * @return this builder
     */
    public ClientBuilder retries(int retries) {
        settings.add(Setting.retries(retries));
        return this;
    }

    /**
     * Sets whether a wait continues after a connection broke to which its request had been written.
     *
     * @param rearm true by default
     * @return this builder
     */
    public ClientBuilder rearm(boolean rearm) {
        settings.add(Setting.number("set_rearm", rearm ? 1 : 0));
        return this;
    }

    /**
     * Adds the certificate authorities of a file to those that are trusted.
     *
     * @param caFile a PEM file
     * @return this builder
     */
    public ClientBuilder caFile(Path caFile) {
        settings.add(Setting.path("set_ca_file", "caFile", caFile));
        return this;
    }

    /**
     * Adds the certificate authorities of a text to those that are trusted.
     *
     * @param caPem certificates as PEM
     * @return this builder
     */
    public ClientBuilder caPem(String caPem) {
        settings.add(Setting.text("set_ca_pem", "caPem", caPem));
        return this;
    }

    /**
     * Sets which certificate authorities are trusted in addition.
     *
     * @param trust {@link Trust#AUTO} by default
     * @return this builder
     */
    public ClientBuilder trust(Trust trust) {
        settings.add(Setting.number("set_trust", Objects.requireNonNull(trust, "trust").ordinal()));
        return this;
    }

    /**
     * Sets the certificate by which the client identifies itself, and its private key.
     *
     * @param certificate a PEM file
     * @param key a PEM file
     * @return this builder
     */
    public ClientBuilder clientCertificate(Path certificate, Path key) {
        settings.add(Setting.paths("set_client_certificate", "clientCertificate", certificate, key));
        return this;
    }

    /**
     * Sets the certificate by which the client identifies itself, and its private key, as texts.
     *
     * @param certificate as PEM
     * @param key as PEM
     * @return this builder
     */
    public ClientBuilder clientCertificatePem(String certificate, String key) {
        settings.add(Setting.pair("set_client_certificate_pem", "clientCertificatePem", certificate, key));
        return this;
    }

    /**
     * Sets the file of certificate revocation lists.
     *
     * @param crlFile a PEM file
     * @return this builder
     */
    public ClientBuilder crlFile(Path crlFile) {
        settings.add(Setting.path("set_crl_file", "crlFile", crlFile));
        return this;
    }

    /**
     * Sets which public keys the service may have.
     *
     * @param pinnedPublicKeys as curl's CURLOPT_PINNEDPUBLICKEY takes them: {@code sha256//...}, with ";" between them
     * @return this builder
     */
    public ClientBuilder pinnedPublicKeys(String pinnedPublicKeys) {
        settings.add(Setting.text("set_pinned_public_keys", "pinnedPublicKeys", pinnedPublicKeys));
        return this;
    }
}
