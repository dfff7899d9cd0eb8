<?php

declare(strict_types=1);

namespace AnchorEvents;

/** An event that was signaled. Printing it does not show the data, so that no log has it. */
final class Event
{
    private readonly \SensitiveParameterValue $answer;

    public function __construct(public readonly string $name, #[\SensitiveParameter] string $raw)
    {
        $this->answer = new \SensitiveParameterValue($raw);
    }

    /** The service's answer, as it was. */
    public function raw(): string
    {
        return $this->answer->getValue();
    }

    /**
     * What was signaled. Objects of JSON are arrays.
     *
     * @return array<string, mixed>
     */
    public function data(): array
    {
        return json_decode($this->raw(), true, PHP_INT_MAX >> 32, JSON_THROW_ON_ERROR)['data'] ?? [];
    }

    /** What was signaled, as objects: an empty object and an empty array differ here. */
    public function object(): \stdClass
    {
        return json_decode($this->raw(), false, PHP_INT_MAX >> 32, JSON_THROW_ON_ERROR)->data ?? new \stdClass();
    }
}
