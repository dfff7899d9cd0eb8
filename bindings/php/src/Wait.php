<?php

declare(strict_types=1);

namespace AnchorEvents;

use AnchorEvents\Internal\Handle;
use AnchorEvents\Internal\Library;

/** A wait of a queue. It need not be kept: the wait continues without it. */
final class Wait
{
    /** @internal */
    public function __construct(public readonly string $name, private readonly Handle $handle)
    {
    }

    /** Ends the wait, unless its event has arrived. It still comes out of its queue. */
    public function cancel(): void
    {
        Library::get()->anchor_wait_cancel($this->handle->pointer());
    }
}
