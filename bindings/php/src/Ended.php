<?php

declare(strict_types=1);

namespace AnchorEvents;

use AnchorEvents\Exception\AnchorException;

/** How a wait of a queue ended: by an event, or by a failure. */
final class Ended
{
    public function __construct(
        public readonly string $name,
        public readonly mixed $tag,
        public readonly ?Event $event,
        public readonly ?AnchorException $failure,
    ) {
    }

    /** Returns the event, or throws the failure. */
    public function event(): Event
    {
        return $this->event ?? throw $this->failure;
    }
}
