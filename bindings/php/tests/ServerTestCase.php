<?php

declare(strict_types=1);

namespace AnchorEvents\Tests;

use AnchorEvents\Client;
use PHPUnit\Framework\TestCase;

/** What tests share: the local server, as servers.py started it, and what a test waits for. */
abstract class ServerTestCase extends TestCase
{
    protected const PATIENCE = 60;

    protected Client $client;

    protected function setUp(): void
    {
        $this->client = new Client();
    }

    /** How many waits the server holds, for one event or for all. */
    protected function waiting(?string $event = null): int
    {
        $header = 'anchor-admin-token: ' . getenv('ANCHOR_TEST_ADMIN_TOKEN');
        $context = stream_context_create(['http' => ['header' => $header]]);
        $state = json_decode(file_get_contents(getenv('ANCHORBROWSER_BASE_URL') . '/admin/state', false, $context), true);
        $events = array_column($state['waiting'], 'event');
        return $event === null ? $state['waitingCount'] : count(array_keys($events, $event, true));
    }

    /** Returns when it holds. */
    protected function until(callable $condition): void
    {
        $deadline = microtime(true) + self::PATIENCE;
        while (!$condition()) {
            if (microtime(true) > $deadline) {
                throw new \RuntimeException('it does not come');
            }
            usleep(10_000);
        }
    }

    protected function untilWaiting(string $event, int $count = 1): void
    {
        $this->until(fn () => $this->waiting($event) === $count);
    }

    /** Runs a program of its own, which has $client. */
    protected function child(string $program, string ...$options): Child
    {
        $before = 'require getenv("ANCHOR_AUTOLOAD"); use AnchorEvents\Client; use AnchorEvents\Exception as E;'
            . ' $client = new Client(); ';
        return new Child([PHP_BINARY, '-d', 'display_errors=stderr', ...$options, '-r', $before . $program]);
    }

    /** @param class-string<\Throwable> $class */
    protected function thrown(string $class, callable $call, string $message = ''): \Throwable
    {
        try {
            $call();
        } catch (\Throwable $thrown) {
            self::assertInstanceOf($class, $thrown);
            self::assertStringContainsString($message, $thrown->getMessage());
            return $thrown;
        }
        self::fail("no $class was thrown");
    }

    /** Calls what the test has made a signal's handler do. */
    protected function handling(int $signal, callable $handler, callable $call): void
    {
        $before = pcntl_async_signals(true);
        pcntl_signal($signal, $handler);
        try {
            $call();
        } finally {
            pcntl_signal($signal, SIG_DFL);
            pcntl_async_signals($before);
        }
    }
}
