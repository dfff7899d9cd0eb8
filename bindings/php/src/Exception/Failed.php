<?php

declare(strict_types=1);

namespace AnchorEvents\Exception;

use AnchorEvents\Status;

/** What the exceptions of this package have in common. */
trait Failed
{
    /** @param array<string, mixed> $details */
    public function __construct(string $message, int $status = 0, private readonly array $details = [])
    {
        parent::__construct($message, $status);
    }

    public function status(): ?Status
    {
        return Status::tryFrom($this->getCode());
    }

    public function httpStatus(): ?int
    {
        return $this->details['code'] ?? null;
    }

    public function phase(): ?string
    {
        return $this->details['phase'] ?? null;
    }

    public function maybeConsumed(): bool
    {
        return $this->details['maybeConsumed'] ?? false;
    }

    public function timedOut(): bool
    {
        return $this instanceof TimeoutException;
    }

    public function details(): array
    {
        return $this->details;
    }
}
