<?php

declare(strict_types=1);

namespace AnchorEvents;

use AnchorEvents\Exception\ClosedException;
use AnchorEvents\Internal\Arguments;
use AnchorEvents\Internal\Handle;
use AnchorEvents\Internal\Library;
use AnchorEvents\Internal\NativeClient;
use AnchorEvents\Internal\Signals;

/**
 * Any number of waits that run at once, behind the back of PHP. Client::queue makes one.
 *
 * A loop over a queue takes each wait as it ends, until none is running.
 *
 * @implements \IteratorAggregate<int, Ended>
 */
final class Queue implements \Countable, \IteratorAggregate
{
    /** How long nothing of PHP runs, neither a handler of a signal nor the question whether to cancel. */
    private const LOOK_AGAIN_MS = 100;

    private readonly Handle $handle;

    /** @var array<int, array{string, mixed}> names and tags of the waits that run */
    private array $started = [];

    /** @var list<Ended> */
    private array $ready = [];

    private int $tags = 0;
    private int $process;

    /** @var ?resource */
    private mixed $stream = null;

    /** @internal */
    public function __construct(private readonly NativeClient $client)
    {
        $make = static fn (\FFI\CData $out): int => Library::get()->anchor_queue_new($out);
        $this->handle = new Handle('anchor_queue', $make);
        $this->process = getmypid();
    }

    /**
     * Starts a wait, whose time counts from now.
     *
     * @param mixed $tag anything by which to know the wait again; by default its name
     */
    public function start(
        string $name,
        int|float|null $timeout = Client::DEFAULT_TIMEOUT,
        mixed $tag = null,
        ?Options $options = null,
    ): Wait {
        $this->forgetThoseOfTheParent();
        [$text, $millis] = [Arguments::text('event name', $name), Arguments::limit($timeout, Library::NO_TIMEOUT)];
        $given = Client::handleOf($options);
        $number = ++$this->tags;
        $make = fn (\FFI\CData $out): int => Library::get()->anchor_wait_start_on(
            $this->client->pointer(),
            $this->pointer(),
            $text,
            $millis,
            $number,
            $given?->pointer(),
            $out,
        );
        $start = function () use ($name, $tag, $make, $number): Wait {
            $wait = new Wait($name, new Handle('anchor_wait', $make));
            $this->started[$number] = [$name, $tag ?? $name];
            return $wait;
        };
        // If a handler throws now, the wait continues.
        return Signals::guard($start, static fn () => null);
    }

    /**
     * Blocks until a wait has ended, and takes it. Handlers of signals run meanwhile; what they throw ends the call, and no
     * wait.
     *
     * @return ?Ended null if no wait is running, or none has ended within the timeout in seconds
     */
    public function pop(int|float|null $timeout = null): ?Ended
    {
        $millis = Arguments::limit($timeout, Library::NO_TIMEOUT);
        return Signals::guard(
            fn (): ?Ended => $this->next($millis, null),
            fn (Ended $ended): int => array_unshift($this->ready, $ended),
        );
    }

    /** @return \Generator<int, Ended> */
    public function getIterator(): \Generator
    {
        while ($ended = $this->pop()) {
            yield $ended;
        }
    }

    /** The number of waits that were not taken yet. */
    public function count(): int
    {
        $this->forgetThoseOfTheParent();
        return count($this->started) + count($this->ready);
    }

    /**
     * A stream that is readable while there is something to take: for stream_select and event loops, in PHP's command line. It
     * is not to be read.
     *
     * @return resource
     */
    public function stream(): mixed
    {
        $this->forgetThoseOfTheParent();
        $descriptor = Library::get()->anchor_queue_fd($this->pointer());
        $this->stream ??= @fopen("php://fd/$descriptor", 'r')
            ?: throw new \RuntimeException('PHP opens a descriptor as a stream in its command line only');
        return $this->stream;
    }

    /** Cancels the waits that run. Each still comes out of the queue. */
    public function cancel(): void
    {
        Library::get()->anchor_queue_cancel_all($this->pointer());
    }

    /** Cancels the waits that run, and drops what was not taken. */
    public function close(): void
    {
        $this->stream = null;
        $this->handle->free();
    }

    /** @return array<string, mixed> */
    public function __debugInfo(): array
    {
        return ['count' => $this->count()];
    }

    /**
     * What pop returns. If $cancel returns true, the waits are cancelled.
     *
     * @internal
     */
    public function next(int $millis, ?\Closure $cancel): ?Ended
    {
        $until = hrtime(true) / 1e6 + $millis;
        $this->takeAll(0);
        while ($this->ready === [] && count($this) > 0) {
            $left = $millis === Library::NO_TIMEOUT ? INF : ceil($until - hrtime(true) / 1e6);
            if ($left <= 0) {
                return null;
            }
            $this->takeAll((int) min($left, self::LOOK_AGAIN_MS));
            Signals::handle();
            if ($this->ready === [] && $cancel !== null && $cancel()) {
                $this->cancel();
                $cancel = null;
            }
        }
        return array_shift($this->ready);
    }

    /**
     * The end of the only wait. It was cancelled, so it ends in a moment.
     *
     * @internal
     */
    public function last(): Ended
    {
        while ($this->ready === []) {
            $this->takeAll(self::LOOK_AGAIN_MS);
        }
        return array_shift($this->ready);
    }

    /** Takes what has ended within a time. */
    private function takeAll(int $millis): void
    {
        $library = Library::get();
        $done = $library->new('anchor_completion *');
        while ($library->anchor_queue_next($this->pointer(), $millis, null, \FFI::addr($done)) === Status::Ok->value) {
            $number = $library->anchor_completion_tag($done);
            $status = $library->anchor_completion_status($done);
            $answer = $library->anchor_completion_json($done) ?? '';
            $library->anchor_completion_free($done);
            [$name, $tag] = $this->started[$number];
            unset($this->started[$number]);
            $this->ready[] = $status === Status::Ok->value
                ? new Ended($name, $tag, new Event($name, $answer), null)
                : new Ended($name, $tag, null, Library::failureOf($status, $answer));
            $millis = 0;
        }
    }

    private function pointer(): \FFI\CData
    {
        return $this->handle->isFreed() ? throw new ClosedException('the queue is closed') : $this->handle->pointer();
    }

    /** The waits of a parent process do not end in its child, and the descriptor is another one. */
    private function forgetThoseOfTheParent(): void
    {
        if ($this->process !== getmypid()) {
            [$this->process, $this->started, $this->ready, $this->stream] = [getmypid(), [], [], null];
        }
    }
}
