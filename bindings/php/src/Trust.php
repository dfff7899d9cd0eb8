<?php

declare(strict_types=1);

namespace AnchorEvents;

/** Which certificate authorities are trusted, in addition to those of caFile and caPem. */
enum Trust: int
{
    /** The system's; or Mozilla's, which are built in, if the system has none that may be read. */
    case Auto = 0;

    /** Only the system's. */
    case System = 1;

    /** Only Mozilla's, which are built in. */
    case Bundled = 2;
}
