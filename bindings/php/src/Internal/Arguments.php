<?php

declare(strict_types=1);

namespace AnchorEvents\Internal;

/** PHP's values as the library takes them. What is wrong with one is a TypeError or a ValueError that names it. */
final class Arguments
{
    private const LONGEST_SECONDS = PHP_INT_MAX / 1024 / 1024;

    /** A string as UTF-8. C would cut it off at U+0000. */
    public static function text(string $what, #[\SensitiveParameter] string $value): string
    {
        if (str_contains($value, "\0")) {
            throw new \ValueError("$what must not contain U+0000");
        }
        if (preg_match('//u', $value) !== 1) {
            throw new \ValueError("$what must be valid UTF-8");
        }
        return $value;
    }

    /** Seconds as whole milliseconds, rounded up. A little time is not none. */
    public static function milliseconds(string $what, int|float $seconds): int
    {
        if (!is_finite($seconds)) {
            throw new \ValueError("$what must be finite; null sets no limit");
        }
        if ($seconds < 0) {
            throw new \ValueError("$what must not be negative");
        }
        if ($seconds > self::LONGEST_SECONDS) {
            throw new \ValueError("$what is too long; null sets no limit");
        }
        return (int) ceil(round($seconds * 1000, 3));
    }

    /** A timeout, where null is something else. */
    public static function limit(int|float|null $timeout, int $without): int
    {
        return $timeout === null ? $without : self::milliseconds('timeout', $timeout);
    }

    /** The data of a signal. */
    public static function json(#[\SensitiveParameter] array|\stdClass|\JsonSerializable $data): string
    {
        $flags = JSON_PRESERVE_ZERO_FRACTION | JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_UNICODE;
        $json = $data === [] ? '{}' : json_encode($data, $flags, PHP_INT_MAX >> 32);
        // json_encode would throw with the data in the trace.
        if ($json === false) {
            throw new \JsonException('data: ' . json_last_error_msg(), json_last_error());
        }
        self::checkData($data);
        if ($json[0] !== '{') {
            throw new \ValueError('data must be an object in JSON, not a list or another value');
        }
        return $json;
    }

    /** json_encode would make an object of what JSON cannot express, such as a Closure. */
    private static function checkData(#[\SensitiveParameter] mixed $value): void
    {
        if (is_object($value) && !$value instanceof \stdClass) {
            if (!$value instanceof \JsonSerializable && !$value instanceof \BackedEnum) {
                throw new \TypeError('data contains an object of ' . get_debug_type($value) . ', which JSON cannot express');
            }
        } elseif (is_iterable($value) || is_object($value)) {
            foreach ((array) $value as $item) {
                self::checkData($item);
            }
        }
    }
}
