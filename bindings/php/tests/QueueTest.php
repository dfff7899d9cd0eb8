<?php

declare(strict_types=1);

namespace AnchorEvents\Tests;

use AnchorEvents\Client;
use AnchorEvents\Ended;
use AnchorEvents\Exception\TimeoutException;
use AnchorEvents\Queue;
use AnchorEvents\Status;

/** Many waits at once. */
final class QueueTest extends ServerTestCase
{
    private const MANY = 500;

    private function threads(): int
    {
        preg_match('/Threads:\s+(\d+)/', file_get_contents('/proc/self/status'), $found);
        return (int) $found[1];
    }

    /** C39 */
    public function testManyWaitsTakeNoThread(): void
    {
        $before = $this->threads();
        $queue = $this->client->queue();
        for ($job = 0; $job < self::MANY; $job++) {
            $queue->start("many_$job", 120, $job);
        }
        $this->until(fn () => $this->waiting() === self::MANY);
        // The one of the library, and those that look up a name.
        self::assertLessThanOrEqual($before + 3, $this->threads());
        for ($job = 0; $job < self::MANY; $job++) {
            $this->client->signal("many_$job", ['job' => $job]);
        }
        $jobs = [];
        foreach ($queue as $ended) {
            $jobs[$ended->tag] = $ended->event()->data()['job'];
        }
        ksort($jobs);
        self::assertSame(range(0, self::MANY - 1), $jobs);
        self::assertCount(0, $queue);
    }

    /** C40: an event loop has the descriptor beside its own, and goes on. */
    public function testAnEventLoopGoesOn(): void
    {
        $queue = $this->client->queue();
        $queue->start('in_loop', 120);
        $this->untilWaiting('in_loop');
        [$ours, $theirs] = stream_socket_pair(STREAM_PF_UNIX, STREAM_SOCK_STREAM, 0);
        [$ticks, $lines, $ended] = [0, [], null];
        while ($ended === null) {
            [$read, $write, $except] = [[$queue->stream(), $ours], [], []];
            stream_select($read, $write, $except, 0, 1_000);
            $ticks++;
            foreach ($read as $stream) {
                $stream === $ours ? $lines[] = fgets($ours) : $ended = $queue->pop(0);
            }
            if ($ticks === 20) {
                fwrite($theirs, "line\n");
                $this->client->signal('in_loop', ['n' => 1]);
            }
        }
        self::assertSame(['n' => 1], $ended->event()->data());
        self::assertGreaterThanOrEqual(20, $ticks);
        [$read, $write, $except] = [[$queue->stream()], [], []];
        self::assertSame(0, stream_select($read, $write, $except, 0));
    }

    /** C41 C40: each Fiber waits for its event, and all share a client and a queue. */
    public function testFibersShareAClient(): void
    {
        [$queue, $taken] = [$this->client->queue(), []];
        for ($job = 0; $job < 50; $job++) {
            $fiber = new \Fiber(function () use ($queue, $job, &$taken): void {
                $queue->start("fiber_$job", 60, \Fiber::getCurrent());
                $taken[$job] = \Fiber::suspend()->event()->data()['job'];
            });
            $fiber->start();
        }
        for ($job = 0; $job < 50; $job++) {
            $this->client->signal("fiber_$job", ['job' => $job]);
        }
        foreach ($queue as $ended) {
            $ended->tag->resume($ended);
        }
        ksort($taken);
        self::assertSame(range(0, 49), $taken);
    }

    /** C03 */
    public function testEachSignalEndsOneWait(): void
    {
        $queue = $this->client->queue();
        for ($wait = 0; $wait < 4; $wait++) {
            $queue->start('several');
        }
        $this->untilWaiting('several', 4);
        for ($number = 0; $number < 4; $number++) {
            $this->client->signal('several', ['number' => $number]);
        }
        $numbers = array_map(fn (Ended $it) => $it->event()->data()['number'], iterator_to_array($queue, false));
        sort($numbers);
        self::assertSame([0, 1, 2, 3], $numbers);
    }

    /** C13 */
    public function testAQueueTakesWaitsAsTheyEnd(): void
    {
        $queue = $this->client->queue();
        $queue->start('first');
        $cancelled = $queue->start('second', tag: 2);
        $queue->start('third', 0.2);
        self::assertCount(3, $queue);
        $timedOut = $queue->pop();
        self::assertSame(['third', 'third', null], [$timedOut->name, $timedOut->tag, $timedOut->event]);
        $this->thrown(TimeoutException::class, $timedOut->event(...));
        $cancelled->cancel();
        $ended = $queue->pop();
        self::assertSame([2, Status::Cancelled], [$ended->tag, $ended->failure->status()]);
        $began = hrtime(true);
        self::assertNull($queue->pop(0.25));
        self::assertGreaterThanOrEqual(0.25, (hrtime(true) - $began) / 1e9);
        $this->client->signal('first', ['n' => 1]);
        self::assertSame(['n' => 1], $queue->pop()->event()->data());
        self::assertNull($queue->pop());
    }

    /** C13 C16 */
    public function testWhatEndsAPopEndsNoWait(): void
    {
        $queue = $this->client->queue();
        $queue->start('popped', null);
        $this->handling(SIGALRM, fn () => throw new \DomainException('late'), function () use ($queue): void {
            pcntl_alarm(1);
            $this->thrown(\DomainException::class, static fn () => $queue->pop());
        });
        $this->client->signal('popped', ['n' => 1]);
        self::assertSame(['n' => 1], $queue->pop()->event()->data());
    }

    /** C42 */
    public function testGarbageIsCollectedDuringAWait(): void
    {
        $queue = (new Client())->queue();
        (fn (Queue $queue) => $queue->start('collected'))($queue);
        (new Client())->queue()->start('forgotten', null);
        $this->untilWaiting('collected');
        gc_collect_cycles();
        $this->untilWaiting('forgotten', 0);
        $this->client->signal('collected', ['still' => 'there']);
        self::assertSame(['still' => 'there'], $queue->pop()->event()->data());
    }
}
