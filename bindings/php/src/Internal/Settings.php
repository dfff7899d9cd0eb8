<?php

declare(strict_types=1);

namespace AnchorEvents\Internal;

/** Settings of a client and options of a call, and how they are set in the library. */
final class Settings
{
    /** By argument of Client: the setter without its prefix, and how its value becomes the setter's. */
    public const SETTERS = [
        'apiKey' => ['set_api_key', 'text'],
        'baseUrl' => ['set_base_url', 'text'],
        'allowHttp' => ['set_allow_http', 'number'],
        'headers' => ['add_header', 'pairs'],
        'userAgent' => ['set_user_agent', 'text'],
        'proxy' => ['set_proxy', 'text'],
        'connectTo' => ['set_connect_to', 'pair'],
        'caFile' => ['set_ca_file', 'text'],
        'caPem' => ['set_ca_pem', 'text'],
        'trust' => ['set_trust', 'trust'],
        'crlFile' => ['set_crl_file', 'text'],
        'pinnedPublicKeys' => ['set_pinned_public_keys', 'text'],
        'clientCertificate' => ['set_client_certificate', 'pair'],
        'clientCertificatePem' => ['set_client_certificate_pem', 'pair'],
        'connectTimeout' => ['set_connect_timeout_ms', 'time'],
        'requestTimeout' => ['set_request_timeout_ms', 'time'],
        'maxResponseBytes' => ['set_max_response_bytes', 'number'],
        'slice' => ['set_slice_ms', 'time'],
        'grace' => ['set_grace_ms', 'time'],
        'retries' => ['set_retries', 'retries'],
        'rearm' => ['set_rearm', 'number'],
    ];

    /** By argument of Options. */
    public const OPTIONS = [
        'retries' => ['set_retries', 'retries'],
        'rearm' => ['set_rearm', 'number'],
        'slice' => ['set_slice_ms', 'time'],
        'headers' => ['add_header', 'pairs'],
        'requestId' => ['set_request_id', 'text'],
    ];

    /**
     * Sets what is not null, in a handle of anchor_config or anchor_options.
     *
     * @param array<string, array{string, string}> $setters
     * @param array<string, mixed> $values
     */
    public static function apply(Handle $handle, string $type, array $setters, #[\SensitiveParameter] array $values): void
    {
        foreach ($setters as $what => [$setter, $kind]) {
            foreach (isset($values[$what]) ? self::calls($kind, $what, $values[$what]) : [] as $arguments) {
                Library::check(Library::get()->{"{$type}_$setter"}($handle->pointer(), ...$arguments));
            }
        }
    }

    /**
     * The arguments of each call of a setter.
     *
     * @return list<list<mixed>>
     */
    private static function calls(string $kind, string $what, #[\SensitiveParameter] mixed $value): array
    {
        return match ($kind) {
            'text' => [[Arguments::text($what, $value)]],
            'number' => [[self::number($what, (int) $value, PHP_INT_MAX)]],
            'retries' => [[self::number($what, $value, 0xFFFF_FFFF)]],
            'time' => [[Arguments::milliseconds($what, $value)]],
            'trust' => [[$value->value]],
            'pair' => [self::pair($what, $value)],
            'pairs' => self::pairs($what, $value),
        };
    }

    /** C would cut off what does not fit. */
    private static function number(string $what, int $value, int $most): int
    {
        if ($value < 0 || $value > $most) {
            throw new \ValueError("$what must be between 0 and $most");
        }
        return $value;
    }

    /** @return list<string> */
    private static function pair(string $what, #[\SensitiveParameter] array $value): array
    {
        if (!array_is_list($value) || count($value) !== 2 || !is_string($value[0]) || !is_string($value[1])) {
            throw new \TypeError("$what must be an array of two strings");
        }
        return [Arguments::text($what, $value[0]), Arguments::text($what, $value[1])];
    }

    /** @return list<list<string>> */
    private static function pairs(string $what, #[\SensitiveParameter] array $values): array
    {
        $pairs = [];
        foreach ($values as $name => $value) {
            if (!is_string($name) || !is_string($value)) {
                throw new \TypeError("$what must be an array of strings by name");
            }
            $pairs[] = self::pair($what, [$name, $value]);
        }
        return $pairs;
    }
}
