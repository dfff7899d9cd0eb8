/** Times are in milliseconds. Infinity as a timeout sets no limit. */

export interface Settings {
    /** By default from ANCHORBROWSER_API_KEY. */
    apiKey?: string | undefined;
    /** By default from ANCHORBROWSER_BASE_URL, or the service's. `unix:/path` is a Unix socket. */
    baseUrl?: string | undefined;
    /** Whether the key may be sent unencrypted to a host that is not loopback. */
    allowHttp?: boolean | undefined;
    /** Added to each request. */
    headers?: Record<string, string> | undefined;
    userAgent?: string | undefined;
    /** `scheme://[user:password@]host[:port]` with http, https, socks5h or socks5; '' for none. */
    proxy?: string | undefined;
    /** `['host:port', 'address:port']`: where to connect to in place of the host of the base URL. */
    connectTo?: readonly [string, string] | undefined;
    connectTimeout?: number | undefined;
    /** How long a signal or a drain may take, if it is not said otherwise. */
    requestTimeout?: number | undefined;
    maxResponseBytes?: number | undefined;
    /** The longest time for which one request of a wait asks the service to hold it. */
    slice?: number | undefined;
    grace?: number | undefined;
    /** After how many failures in a row a call gives up; Infinity sets no limit. */
    retries?: number | undefined;
    /** Whether a wait continues after a connection broke to which its request had been written. */
    rearm?: boolean | undefined;
    caFile?: string | undefined;
    caPem?: string | undefined;
    trust?: 'auto' | 'system' | 'bundled' | undefined;
    /** The PEM files of the certificate and of its key. */
    clientCertificate?: readonly [string, string] | undefined;
    /** The certificate and its key as PEM. */
    clientCertificatePem?: readonly [string, string] | undefined;
    crlFile?: string | undefined;
    pinnedPublicKeys?: string | undefined;
}

/** What one call does otherwise than the settings of its client say. */
export interface CallOptions {
    /** Of a wait 60,000 by default; 0 asks once. Of a signal or a drain that of the settings. */
    timeout?: number | undefined;
    /** Ends the call with an AbortError. An event that had arrived by then is still returned. */
    signal?: AbortSignal | undefined;
    retries?: number | undefined;
    rearm?: boolean | undefined;
    slice?: number | undefined;
    headers?: Record<string, string> | undefined;
    requestId?: string | undefined;
}

/** An event that was signaled. Printing it does not show the data. */
export interface Event<Data = any> {
    readonly name: string;
    /** What was signaled. */
    readonly data: Data;
    /** The service's answer, as it was. */
    readonly raw: string;
}

/** Waits for events and signals them. One for the whole program. */
export class Client {
    constructor(settings?: Settings);
    /** Resolves to the event when it is signaled. One that was signaled before is taken at once. */
    wait<Data = any>(name: string, options?: CallOptions): Promise<Event<Data>>;
    /** Each event of the name, without end. No event is asked for while the program handles one. */
    events<Data = any>(name: string, options?: CallOptions): AsyncGenerator<Event<Data>, void, void>;
    /** Hands the data to a wait for the event, now or later. A request that was written is never sent again. */
    signal(name: string, data?: object, options?: CallOptions): Promise<void>;
    /** Drops the signals of an event that nobody has waited for, and resolves to their number. */
    drain(name: string, options?: CallOptions): Promise<number>;
    /** Replaces the key for what is sent from now on. */
    setApiKey(apiKey: string): void;
    /** Counts of what the client has done and does. */
    stats(): Record<string, any>;
    /** Ends the calls that run, with an AbortError. Later ones are refused. */
    close(): void;
}

/** A call failed. `name` is 'TimeoutError' if time ended it. */
export class AnchorError extends Error {
    /** The status, such as 'ANCHOR_UNAUTHORIZED'; of an AbortError 'ABORT_ERR'. */
    readonly code: string;
    readonly status: string;
    readonly httpStatus?: number;
    /** How far the last request got. */
    readonly phase?: 'dns' | 'connect' | 'tls' | 'send' | 'wait' | 'receive';
    /** Whether a request was sent and its answer never read, so that it may have taken an event or delivered a signal. */
    readonly maybeConsumed: boolean;
    readonly timedOut: boolean;
    /** All that the library reports, such as attempts, elapsedMs, lastError, requestId and retryAfterMs. */
    readonly details: Record<string, any>;
}

/** An AbortSignal, whose reason is the `cause`, or `close` ended the call. */
export class AbortError extends AnchorError {}

/** As a number of retries: no limit. */
export const RETRY_ALWAYS: number;
