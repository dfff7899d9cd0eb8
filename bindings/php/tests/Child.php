<?php

declare(strict_types=1);

namespace AnchorEvents\Tests;

/** A process that a test has started. */
final class Child
{
    /** @var resource */
    private mixed $process;

    /** @var array<int, resource> */
    private array $pipes = [];

    /** @param list<string> $command */
    public function __construct(array $command)
    {
        $this->process = proc_open($command, [['pipe', 'r'], ['pipe', 'w'], ['pipe', 'w']], $this->pipes);
    }

    public function __destruct()
    {
        if (is_resource($this->process)) {
            proc_terminate($this->process, SIGKILL);
        }
    }

    public function write(string $line): void
    {
        fwrite($this->pipes[0], "$line\n");
    }

    public function line(): string
    {
        return rtrim((string) fgets($this->pipes[1]), "\n");
    }

    public function kill(int $signal): void
    {
        proc_terminate($this->process, $signal);
    }

    /**
     * What it has printed, what it has reported, and its exit code, or the signal that ended it, negative.
     *
     * @return array{string, string, int}
     */
    public function end(): array
    {
        fclose($this->pipes[0]);
        [$printed, $reported] = [stream_get_contents($this->pipes[1]), stream_get_contents($this->pipes[2])];
        while (($status = proc_get_status($this->process))['running']) {
            usleep(1_000);
        }
        proc_close($this->process);
        return [$printed, $reported, $status['signaled'] ? -$status['termsig'] : $status['exitcode']];
    }
}
