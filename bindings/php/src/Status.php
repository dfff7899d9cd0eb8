<?php

declare(strict_types=1);

namespace AnchorEvents;

/** The outcome of a call, as in anchor.h. */
enum Status: int
{
    case Ok = 0;
    case Timeout = 1;
    case Cancelled = 2;
    case Pending = 3;
    case Interrupted = 4;
    case InvalidArgument = 10;
    case OutOfMemory = 11;
    case Internal = 12;
    case NotSent = 20;
    case Tls = 21;
    case ConnectionLost = 22;
    case Protocol = 23;
    case ResponseTooLarge = 24;
    case BadRequest = 40;
    case Unauthorized = 41;
    case Forbidden = 42;
    case NotFound = 43;
    case RateLimited = 44;
    case ServerError = 45;
    case HttpError = 46;
}
