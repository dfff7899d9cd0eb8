<?php

declare(strict_types=1);

namespace AnchorEvents\Internal;

use AnchorEvents\Exception;
use AnchorEvents\Exception\AnchorException;
use AnchorEvents\Status;

/** The shared library: where it is, and what its functions report. */
final class Library
{
    public const NO_TIMEOUT = -1;
    public const REQUEST_TIMEOUT = -2;
    public const VERSION = '0.1.0';

    private const FAILURES = [
        Status::Timeout->value => Exception\TimeoutException::class,
        Status::Cancelled->value => Exception\CancelledException::class,
        Status::InvalidArgument->value => Exception\InvalidArgumentException::class,
        Status::NotSent->value => Exception\NotSentException::class,
        Status::Tls->value => Exception\TlsException::class,
        Status::ConnectionLost->value => Exception\ConnectionLostException::class,
        Status::Protocol->value => Exception\ProtocolException::class,
        Status::ResponseTooLarge->value => Exception\ProtocolException::class,
        Status::BadRequest->value => Exception\BadRequestException::class,
        Status::Unauthorized->value => Exception\UnauthorizedException::class,
        Status::Forbidden->value => Exception\ForbiddenException::class,
        Status::NotFound->value => Exception\NotFoundException::class,
        Status::RateLimited->value => Exception\RateLimitedException::class,
        Status::ServerError->value => Exception\ServerErrorException::class,
        Status::HttpError->value => Exception\ServiceException::class,
    ];

    private static ?\FFI $ffi = null;

    /** The functions of anchor.cdef, of the library in the package or else of the system's. */
    public static function get(): \FFI
    {
        return self::$ffi ??= self::load();
    }

    /** What a function wrote as a string, which is freed. */
    public static function takeText(\FFI\CData $string): string
    {
        if (\FFI::isNull($string)) {
            return '';
        }
        $text = \FFI::string($string);
        self::get()->anchor_string_free($string);
        return $text;
    }

    /** Throws unless a function succeeded. */
    public static function check(int $status): void
    {
        if ($status !== Status::Ok->value) {
            throw self::failure($status, ['message' => self::get()->anchor_last_error()]);
        }
    }

    /** The exception for the error as JSON that the library gave. */
    public static function failureOf(int $status, string $json): AnchorException
    {
        return self::failure($status, json_decode($json, true)['error'] ?? []);
    }

    /** @param array<string, mixed> $details */
    public static function failure(int $status, array $details): AnchorException
    {
        $class = self::FAILURES[$status] ?? Exception\FailedException::class;
        if ($details['timedOut'] ?? false) {
            $class = Exception\TimeoutException::class;
        }
        return new $class($details['message'] ?? self::get()->anchor_status_message($status), $status, $details);
    }

    private static function load(): \FFI
    {
        $folder = dirname(__DIR__, 2) . '/lib';
        [$bundled, $ofTheSystem] = PHP_OS_FAMILY === 'Darwin'
            ? ['libanchor.dylib', 'libanchor.0.dylib']
            : ['libanchor.so', 'libanchor.so.0'];
        $beside = "$folder/$bundled";
        $ffi = \FFI::cdef(file_get_contents("$folder/anchor.cdef"), is_file($beside) ? $beside : $ofTheSystem);
        $version = $ffi->anchor_version();
        if ($version !== self::VERSION) {
            $own = self::VERSION;
            throw new \RuntimeException("anchor-events $own needs libanchor $own, and found $version");
        }
        return $ffi;
    }
}
