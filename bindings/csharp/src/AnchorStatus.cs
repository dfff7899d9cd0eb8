namespace AnchorEvents
{
    /// <summary>How a call failed. Later versions of the library may have other values.</summary>
    public enum AnchorStatus
    {
        /// <summary>The event was not signaled within the time.</summary>
        Timeout = 1,

        /// <summary>The call was cancelled.</summary>
        Cancelled = 2,

        /// <summary>An argument or a setting is not valid.</summary>
        InvalidArgument = 10,

        /// <summary>No memory, thread or file descriptor was left.</summary>
        OutOfMemory = 11,

        /// <summary>A defect in the library was caught.</summary>
        Internal = 12,

        /// <summary>The service was not reached: the call is safe to repeat.</summary>
        NotSent = 20,

        /// <summary>The certificate or the TLS handshake was refused.</summary>
        Tls = 21,

        /// <summary>A request was sent and not completely answered.</summary>
        ConnectionLost = 22,

        /// <summary>The answer is not one of the API's.</summary>
        Protocol = 23,

        /// <summary>The answer is larger than the limit of the settings.</summary>
        ResponseTooLarge = 24,

        /// <summary>The service refused the request as malformed: HTTP 400, 413 or 422.</summary>
        BadRequest = 40,

        /// <summary>The API key is missing or not valid: HTTP 401.</summary>
        Unauthorized = 41,

        /// <summary>The API key may not do this: HTTP 403.</summary>
        Forbidden = 42,

        /// <summary>The service does not know this: HTTP 404.</summary>
        NotFound = 43,

        /// <summary>There were too many requests: HTTP 429.</summary>
        RateLimited = 44,

        /// <summary>The service or a gateway failed: HTTP 5xx.</summary>
        ServerError = 45,

        /// <summary>Any other HTTP status.</summary>
        HttpError = 46,
    }

    /// <summary>Which certificate authorities a client trusts, in addition to those of its settings.</summary>
    public enum AnchorTrust
    {
        /// <summary>The system's; or Mozilla's, which are built in, if the system has none that may be read.</summary>
        Auto = 0,

        /// <summary>Only the system's.</summary>
        System = 1,

        /// <summary>Only Mozilla's, which are built in.</summary>
        Bundled = 2,
    }
}
