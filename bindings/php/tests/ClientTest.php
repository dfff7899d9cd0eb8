<?php

declare(strict_types=1);

namespace AnchorEvents\Tests;

use AnchorEvents\Client;
use AnchorEvents\Exception\AnchorException;
use AnchorEvents\Exception\InvalidArgumentException;
use AnchorEvents\Exception\TimeoutException;
use AnchorEvents\Options;
use AnchorEvents\Status;

/** Calls that block, and their arguments. */
final class ClientTest extends ServerTestCase
{
    /** C01 C06 */
    public function testABlockedWaitGetsTheEvent(): void
    {
        $child = $this->child('$event = $client->wait("blocked", null); echo $event->name, " ", $event->data()["code"];');
        $this->untilWaiting('blocked');
        $this->client->signal('blocked', ['code' => '123456']);
        self::assertSame(['blocked 123456', '', 0], $child->end());
    }

    /** C02 C10 */
    public function testASignalBeforeTheWaitIsKept(): void
    {
        $this->client->signal('kept');
        $event = $this->client->wait('kept', 0);
        self::assertSame([], $event->data());
        self::assertEquals(new \stdClass(), $event->object());
        self::assertStringContainsString('{}', $event->raw());
    }

    /** C04 C05 C21 */
    public function testAWaitEndsAtItsTimeout(): void
    {
        foreach ([0, 0.25, 1] as $timeout) {
            $began = hrtime(true);
            $thrown = $this->thrown(TimeoutException::class, fn () => $this->client->wait('quiet', $timeout));
            self::assertGreaterThanOrEqual($timeout, (hrtime(true) - $began) / 1e9);
            self::assertSame([Status::Timeout, 1, 408], [$thrown->status(), $thrown->getCode(), $thrown->httpStatus()]);
            self::assertSame(['receive', true, false], [$thrown->phase(), $thrown->timedOut(), $thrown->maybeConsumed()]);
        }
    }

    /** C07 C08 */
    public function testDataArrivesAsItWasSent(): void
    {
        $data = [
            'null' => null,
            'booleans' => [true, false],
            'numbers' => [0, -1, 2 ** 53, PHP_INT_MAX, PHP_INT_MIN, 0.1, 1e300, -0.0, 2.0],
            'text' => "\0 \u{2713} \u{1f511} \\ \" / \n",
            'nested' => ['' => [[], [['a' => [null]]]]],
            "\0key" => 1,
        ];
        for ($depth = 0, $deep = []; $depth < 400; $depth++) {
            $deep = [$deep];
        }
        $this->client->signal('kinds', $data + ['deep' => $deep]);
        $event = $this->client->wait('kinds', 0);
        self::assertSame($data + ['deep' => $deep], $event->data());
        self::assertStringStartsWith('{"data":', $event->raw());

        $object = (object) ['empty' => new \stdClass(), 'list' => [], 'money' => 2.0, '7' => 'seven'];
        $this->client->signal('objects', $object);
        self::assertEquals($object, $this->client->wait('objects', 0)->object());
    }

    /** C09 */
    public function testAnyTextIsAName(): void
    {
        foreach (['a b/c', '100%', '%2F', "événement ✓ \u{1f511}", '...', 'a?b#c', '123'] as $name) {
            $this->client->signal($name, ['name' => $name]);
            self::assertSame(['name' => $name], $this->client->wait($name, 0)->data());
        }
    }

    /** C11 */
    public function testEventsInALoop(): void
    {
        foreach ([0, 1, 2] as $number) {
            $this->client->signal('loop', ['number' => $number]);
        }
        $taken = [];
        foreach ($this->client->events('loop') as $event) {
            $taken[] = $event->data()['number'];
            if (count($taken) === 2) {
                break;
            }
        }
        self::assertSame([0, 1], $taken);
        self::assertSame(2, $this->client->wait('loop', 0)->data()['number']);
    }

    /** C12 */
    public function testADrainCountsWhatItDrops(): void
    {
        foreach ([1, 2, 3] as $_) {
            $this->client->signal('drained');
        }
        self::assertSame(3, $this->client->drain('drained'));
        self::assertSame(0, $this->client->drain('drained', 0));
    }

    /** @return array<string, array{\Closure}> */
    public function calls(): array
    {
        return [
            'wait' => [static fn (Client $client, mixed ...$rest) => $client->wait(...$rest)],
            'signal' => [static fn (Client $client, mixed ...$rest) => $client->signal(...$rest)],
            'drain' => [static fn (Client $client, mixed ...$rest) => $client->drain(...$rest)],
            'events' => [static fn (Client $client, mixed ...$rest) => $client->events(...$rest)->current()],
            'start' => [static fn (Client $client, mixed ...$rest) => $client->queue()->start(...$rest)],
        ];
    }

    /**
     * C26 C27 C28
     *
     * @dataProvider calls
     */
    public function testWhatIsNoNameIsRefused(\Closure $call): void
    {
        foreach ([null, 1, ['name'], new \stdClass()] as $wrong) {
            $this->thrown(\TypeError::class, fn () => $call($this->client, $wrong), '($name) must be of type string');
        }
        $this->thrown(\ArgumentCountError::class, fn () => $call($this->client));
        foreach (['', '.', '..', str_repeat('x', 4097)] as $wrong) {
            $thrown = $this->thrown(InvalidArgumentException::class, fn () => $call($this->client, $wrong), 'event_name');
            self::assertInstanceOf(\InvalidArgumentException::class, $thrown);
        }
        $this->thrown(\ValueError::class, fn () => $call($this->client, "cut\0off"), 'event name must not contain U+0000');
        $this->thrown(\ValueError::class, fn () => $call($this->client, "\xff"), 'event name must be valid UTF-8');
    }

    /** C29 */
    public function testATimeThatIsNoneIsRefused(): void
    {
        foreach ([-1, -0.001, INF, -INF, NAN, 1e300] as $wrong) {
            $this->thrown(\ValueError::class, fn () => $this->client->wait('x', $wrong), 'timeout');
            $this->thrown(\ValueError::class, fn () => $this->client->signal('x', [], $wrong), 'timeout');
            $this->thrown(\ValueError::class, fn () => $this->client->drain('x', $wrong), 'timeout');
            $this->thrown(\ValueError::class, fn () => $this->client->queue()->pop($wrong), 'timeout');
            $this->thrown(\ValueError::class, fn () => new Client(grace: $wrong), 'grace');
        }
        foreach (['1', true, []] as $wrong) {
            $this->thrown(\TypeError::class, fn () => $this->client->wait('x', $wrong), 'timeout');
        }
        $this->thrown(InvalidArgumentException::class, fn () => $this->client->signal('x', [], 0), 'timeout');
    }

    /** C30 */
    public function testDataThatJsonCannotExpressIsRefused(): void
    {
        $endless = new \stdClass();
        $endless->self = $endless;
        $refusals = [
            [\TypeError::class, 'text'],
            [\TypeError::class, null],
            [\TypeError::class, ['x' => static fn () => 1]],
            [\TypeError::class, ['x' => [new \DateTime()]]],
            [\ValueError::class, ['a', 'list']],
            [\JsonException::class, ['x' => INF]],
            [\JsonException::class, ['x' => NAN]],
            [\JsonException::class, ['x' => "\xff"]],
            [\JsonException::class, ['x' => STDIN]],
            [\JsonException::class, $endless],
        ];
        foreach ($refusals as [$class, $data]) {
            $this->thrown($class, fn () => $this->client->signal('refused', $data));
        }
        self::assertSame(0, $this->client->drain('refused'));
    }

    /** C32 */
    public function testOptionsCountForOneCall(): void
    {
        $options = new Options(requestId: 'trace-1', headers: ['x-one' => '1']);
        $call = fn () => $this->client->wait('status_400', options: $options);
        self::assertSame('trace-1', $this->thrown(AnchorException::class, $call)->details()['requestId']);
        $call = fn () => $this->client->wait('status_503', 30, options: new Options(retries: 0));
        self::assertSame(1, $this->thrown(AnchorException::class, $call)->details()['attempts']);
        $wrong = new Options(headers: ['content-length' => '1']);
        $this->thrown(InvalidArgumentException::class, fn () => $this->client->wait('x', options: $wrong), 'header');
        $this->thrown(\TypeError::class, fn () => $this->client->wait('x', options: ['retries' => 0]), 'options');
    }
}
