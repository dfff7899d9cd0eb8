<?php

declare(strict_types=1);

namespace AnchorEvents\Tests;

/** What concerns the whole process: Ctrl-C, handlers of signals, exit, fork, memory. */
final class ProcessTest extends ServerTestCase
{
    /** C17 */
    public function testCtrlCEndsAProcessThatWaits(): void
    {
        $calls = ['wait("ctrl_c")', 'events("ctrl_c")->current()', 'signal("hang", [], 3600)'];
        foreach ($calls as $call) {
            $child = $this->child("echo PHP_EOL; \$client->$call;");
            self::assertSame('', $child->line());
            str_contains($call, 'ctrl_c') && $this->untilWaiting('ctrl_c');
            $child->kill(SIGINT);
            self::assertSame(['', '', -SIGINT], $child->end());
            $this->untilWaiting('ctrl_c', 0);
        }
    }

    /** C17 */
    public function testCtrlCRunsAHandlerThatEndsTheWait(): void
    {
        $child = $this->child('pcntl_async_signals(true); pcntl_signal(SIGINT, fn () => throw new DomainException("Ctrl-C"));'
            . ' try { $client->wait("handled_ctrl_c", null); } catch (DomainException $e) { echo $e->getMessage(); }');
        $this->untilWaiting('handled_ctrl_c');
        $child->kill(SIGINT);
        self::assertSame(['Ctrl-C', '', 0], $child->end());
    }

    /** C18 */
    public function testAHandlerDoesNotEndAWait(): void
    {
        $child = $this->child('pcntl_async_signals(true); pcntl_signal(SIGUSR1, fn () => print("handled\n"));'
            . ' echo $client->wait("handled", null)->data()["n"];');
        $this->untilWaiting('handled');
        for ($signal = 0; $signal < 5; $signal++) {
            $child->kill(SIGUSR1);
            self::assertSame('handled', $child->line());
        }
        self::assertSame(1, $this->waiting('handled'));
        $this->client->signal('handled', ['n' => 7]);
        self::assertSame(['7', '', 0], $child->end());
    }

    /** C16 C17: the event and the signal come at nearly the same time. */
    public function testAHandlerThatThrowsAsTheEventArrivesLosesNoEvent(): void
    {
        $child = $this->child(<<<'PHP'
            pcntl_async_signals(true);
            pcntl_signal(SIGUSR1, fn () => throw new DomainException());
            for ($number = 0; $number < 20; $number++) {
                $event = null;
                try {
                    $event = $client->wait('raised', 60);
                    sleep(60);
                    exit('the handler has thrown nothing');
                } catch (DomainException) {
                    $event ??= $client->wait('raised', 60);
                }
                echo $event->data()['number'], PHP_EOL;
            }
            PHP);
        for ($number = 0; $number < 20; $number++) {
            $this->untilWaiting('raised');
            $this->client->signal('raised', ['number' => $number]);
            $child->kill(SIGUSR1);
            self::assertSame((string) $number, $child->line());
        }
        self::assertSame(['', '', 0], $child->end());
    }

    /** C43 */
    public function testAProcessExitsWithWaitsOpen(): void
    {
        $ends = ['exit(7);' => 7, 'throw new Error("uncaught");' => 255, 'posix_kill(getmypid(), SIGTERM);' => -SIGTERM];
        foreach ($ends as $end => $code) {
            $child = $this->child('$queue = $client->queue(); $queue->start("open", null); fgets(STDIN); ' . $end);
            $this->untilWaiting('open');
            $child->write('');
            self::assertSame($code, $child->end()[2]);
            $this->untilWaiting('open', 0);
        }
    }

    /** C01: a wait needs no stream, which PHP has in its command line only. */
    public function testAWaitInAWebServer(): void
    {
        $address = stream_socket_get_name(stream_socket_server('tcp://127.0.0.1:0'), false);
        $file = tempnam(sys_get_temp_dir(), 'anchor-events');
        file_put_contents($file, <<<'PHP'
            <?php
            require getenv('ANCHOR_AUTOLOAD');
            $client = new AnchorEvents\Client();
            try {
                $client->queue()->stream();
            } catch (RuntimeException $e) {
                echo $e->getMessage(), ' ';
            }
            echo PHP_SAPI, ' ', $client->wait('web', 60)->data()['n'];
            PHP);
        $server = new Child([PHP_BINARY, '-d', 'ffi.enable=true', '-S', $address, $file]);
        $this->until(static fn () => @stream_socket_client("tcp://$address") !== false);
        $this->client->signal('web', ['n' => 1]);
        $answer = file_get_contents("http://$address/");
        $server->kill(SIGKILL);
        unlink($file);
        self::assertSame('PHP opens a descriptor as a stream in its command line only cli-server 1', $answer);
    }

    /** C44 */
    public function testAChildOfForkUsesAClientAndAQueueOfItsParent(): void
    {
        $child = $this->child(<<<'PHP'
            use AnchorEvents\Status;
            $client->signal('for_child', ['for' => 'the child']);
            $queue = $client->queue();
            $queue->start('of_parent');
            $queue->stream();
            $process = pcntl_fork();
            if ($process === 0) {
                $isEmpty = count($queue) === 0;
                $queue->start('nothing', 0);
                $read = [$queue->stream()];
                $write = $except = [];
                $isReadable = stream_select($read, $write, $except, 30) === 1;
                $isAlone = $queue->pop()->failure->status() === Status::Timeout && $queue->pop() === null;
                $data = $client->wait('for_child', 30)->data();
                exit($isEmpty && $isReadable && $isAlone && $data === ['for' => 'the child'] ? 0 : 1);
            }
            pcntl_waitpid($process, $status);
            echo pcntl_wexitstatus($status), PHP_EOL;
            echo $queue->pop()->event()->data()['to'];
            PHP);
        self::assertSame('0', $child->line());
        $this->untilWaiting('of_parent');
        $this->client->signal('of_parent', ['to' => 'the parent']);
        self::assertSame(['the parent', '', 0], $child->end());
    }

    /** C44 */
    public function testAnEventThatWasKeptStaysWithTheParentOfAFork(): void
    {
        $child = $this->child(<<<'PHP'
            use AnchorEvents\Event;
            use AnchorEvents\Exception\TimeoutException;
            $client->drain('kept');
            try {
                $client->wait('kept', 0);
            } catch (TimeoutException) {
            }
            (function (): void {
                $this->keep(new Event('kept', '{"data":{"for":"the parent"}}'));
            })->call($client);
            $process = pcntl_fork();
            if ($process === 0) {
                try {
                    $client->wait('kept', 0);
                } catch (TimeoutException) {
                    exit(0);
                }
                exit(1);
            }
            pcntl_waitpid($process, $status);
            echo pcntl_wexitstatus($status), $client->wait('kept', 0)->data()['for'];
            PHP);
        self::assertSame(['0the parent', '', 0], $child->end());
    }

    /** C45 */
    public function testThousandsOfCallsLeaveNothingBehind(): void
    {
        $calls = function (int $count): array {
            for ($call = 0; $call < $count; $call++) {
                $this->client->signal('many', ['filler' => str_repeat('x', 8192)]);
                $this->client->wait('many', 0, static fn () => false);
            }
            preg_match('/VmRSS:\s+(\d+)/', file_get_contents('/proc/self/status'), $found);
            return [(int) $found[1], count(scandir('/proc/self/fd')), memory_get_usage()];
        };
        $calls(300);
        $before = $calls(300);
        $after = $calls(1000);
        // Answers that were not freed would be 8,000 KiB.
        self::assertLessThan(4000, $after[0] - $before[0]);
        self::assertLessThanOrEqual($before[1], $after[1]);
        self::assertLessThan(200_000, $after[2] - $before[2]);
    }
}
