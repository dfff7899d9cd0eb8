<?php

declare(strict_types=1);

namespace AnchorEvents;

/** What one call does otherwise than the settings of its client say. What is null is as there. */
final class Options
{
    private readonly \SensitiveParameterValue $values;

    /**
     * @param ?int $retries after how many failures in a row the call gives up; Client::RETRY_ALWAYS sets no limit
     * @param ?bool $rearm whether a wait continues after a connection broke to which its request had been written
     * @param int|float|null $slice the longest time, in seconds, for which one request of a wait asks the service to hold it
     * @param array<string, string> $headers added to each request
     */
    public function __construct(
        ?int $retries = null,
        ?bool $rearm = null,
        int|float|null $slice = null,
        #[\SensitiveParameter] array $headers = [],
        ?string $requestId = null,
    ) {
        $this->values = new \SensitiveParameterValue(get_defined_vars());
    }

    /**
     * @internal
     * @return array<string, mixed>
     */
    public function values(): array
    {
        return $this->values->getValue();
    }
}
