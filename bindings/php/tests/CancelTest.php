<?php

declare(strict_types=1);

namespace AnchorEvents\Tests;

use AnchorEvents\Client;
use AnchorEvents\Exception\CancelledException;
use AnchorEvents\Exception\ClosedException;
use AnchorEvents\Internal\Signals;
use AnchorEvents\Status;

/** How waits end before their time. */
final class CancelTest extends ServerTestCase
{
    /** C13 C16 */
    public function testACallableEndsAWait(): void
    {
        $calls = 0;
        $cancel = function () use (&$calls): bool {
            return ++$calls > 1 && $this->waiting('cancelled') === 1;
        };
        $call = fn () => $this->client->wait('cancelled', null, $cancel);
        self::assertSame(Status::Cancelled, $this->thrown(CancelledException::class, $call)->status());
        $this->untilWaiting('cancelled', 0);
    }

    /** C14 */
    public function testWhatIsCancelledBeforeTheCallDoesNotBegin(): void
    {
        $cancel = static fn (): bool => true;
        $calls = [
            fn () => $this->client->wait('x', 60, $cancel),
            fn () => $this->client->signal('x', [], null, $cancel),
            fn () => $this->client->drain('x', null, $cancel),
        ];
        foreach ($calls as $call) {
            $this->thrown(CancelledException::class, $call);
        }
        self::assertSame([0, 0], [$this->client->stats()['waits'], $this->client->stats()['signals']]);
        $this->thrown(\TypeError::class, fn () => $this->client->wait('x', 60, 'no function'), 'cancel');
    }

    /** C16: the event is there when the callable returns true, since the client has read the answer. */
    public function testAnEventThatHadArrivedIsReturned(): void
    {
        $sender = $this->child('fgets(STDIN); $client->signal("arrived", ["n" => 1]);');
        $calls = 0;
        $cancel = function () use ($sender, &$calls): bool {
            if (++$calls === 2) {
                $sender->write('');
                $this->until(fn () => $this->client->stats()['answers'] === 1);
            }
            return $calls > 1;
        };
        self::assertSame(['n' => 1], $this->client->wait('arrived', null, $cancel)->data());
    }

    /** C13 C16: and so it is if the callable or a handler throws. */
    public function testAnEventThatArrivedAsTheWaitWasCutShortIsKept(): void
    {
        $sender = $this->child('while ($name = fgets(STDIN)) { $client->signal(trim($name), ["for" => trim($name)]); }');
        $client = $this->client;
        $arrive = function (string $name) use ($sender, $client): void {
            $before = $client->stats()['answers'];
            $sender->write($name);
            $this->until(fn () => $client->stats()['answers'] > $before);
            throw new \DomainException($name);
        };
        $calls = 0;
        $cancel = static function () use ($arrive, &$calls): bool {
            return ++$calls > 1 && $arrive('by_callable');
        };
        $this->thrown(\DomainException::class, fn () => $client->wait('by_callable', null, $cancel), 'by_callable');

        $this->handling(SIGALRM, static fn () => $arrive('by_handler'), function () use ($client): void {
            $call = static function () use ($client): void {
                pcntl_alarm(1);
                $client->wait('by_handler', null);
            };
            $this->thrown(\DomainException::class, $call, 'by_handler');
        });
        self::assertSame([0, 2], [$this->waiting(), $client->stats()['answers']]);
        foreach (['by_callable', 'by_handler'] as $name) {
            self::assertSame(['for' => $name], $client->wait($name, 0)->data());
        }
        self::assertSame(2, $client->stats()['waits']);
    }

    /** C16 C18: a signal comes after the last time at which the call lets handlers run. */
    public function testAHandlerThatIsDueAtTheEndOfACallRuns(): void
    {
        $call = static fn (): bool => posix_kill(getmypid(), SIGUSR1);
        $kept = null;
        $keep = function (bool $result) use (&$kept): void {
            $kept = $result;
        };
        $isHandled = false;
        $handle = function () use (&$isHandled): void {
            $isHandled = true;
        };
        $this->handling(SIGUSR1, $handle, fn () => self::assertTrue(Signals::guard($call, $keep)));
        self::assertSame([true, null], [$isHandled, $kept]);

        $guard = fn () => $this->thrown(\DomainException::class, static fn () => Signals::guard($call, $keep));
        $this->handling(SIGUSR1, fn () => throw new \DomainException(), $guard);
        self::assertTrue($kept);
    }

    /** C13 C18: handlers run during a wait, whether or not they are asynchronous, and end it if they throw. */
    public function testAHandlerThatThrowsEndsAWait(): void
    {
        foreach ([true, false] as $isAsync) {
            $this->handling(SIGALRM, fn () => throw new \DomainException('late'), function () use ($isAsync): void {
                pcntl_async_signals($isAsync);
                $call = function (): void {
                    pcntl_alarm(1);
                    $this->client->wait('handled', null);
                };
                $this->thrown(\DomainException::class, $call, 'late');
                self::assertSame($isAsync, pcntl_async_signals());
                $this->untilWaiting('handled', 0);
            });
        }
    }

    /** C19 */
    public function testClosingEndsWaits(): void
    {
        [$client, $queue] = [$this->client, $this->client->queue()];
        $queue->start('closed', null);
        $this->untilWaiting('closed');
        $calls = 0;
        $close = function () use ($client, &$calls): bool {
            if (++$calls === 2) {
                $this->untilWaiting('closed', 2);
                $client->close();
            }
            return false;
        };
        $this->thrown(CancelledException::class, static fn () => $client->wait('closed', null, $close));
        self::assertSame(Status::Cancelled, $queue->pop()->failure->status());
        $this->untilWaiting('closed', 0);
        $client->close();
        $calls = [
            static fn () => $client->wait('x'),
            static fn () => $client->signal('x'),
            static fn () => $client->drain('x'),
            static fn () => $client->setApiKey('x'),
            static fn () => $client->stats(),
            static fn () => $client->queue(),
            static fn () => $queue->start('x'),
        ];
        foreach ($calls as $call) {
            $this->thrown(ClosedException::class, $call, 'the client is closed');
        }
    }

    /** C19 */
    public function testAQueueThatIsClosedCancelsItsWaits(): void
    {
        $queue = $this->client->queue();
        $queue->start('of_queue', null);
        $this->untilWaiting('of_queue');
        $queue->close();
        $this->untilWaiting('of_queue', 0);
        $queue->close();
        foreach (['pop', 'stream', 'cancel'] as $call) {
            $this->thrown(ClosedException::class, [$queue, $call], 'the queue is closed');
        }
        $this->thrown(ClosedException::class, static fn () => $queue->start('x'), 'the queue is closed');
    }
}
