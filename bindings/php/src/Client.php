<?php

declare(strict_types=1);

namespace AnchorEvents;

use AnchorEvents\Exception\CancelledException;
use AnchorEvents\Internal\Arguments;
use AnchorEvents\Internal\Handle;
use AnchorEvents\Internal\Library;
use AnchorEvents\Internal\NativeClient;
use AnchorEvents\Internal\Settings;
use AnchorEvents\Internal\Signals;

/** Waits for events and signals them. One for the whole program. */
final class Client
{
    public const DEFAULT_TIMEOUT = 60;

    /** As a number of retries: no limit. */
    public const RETRY_ALWAYS = 0xFFFF_FFFF;

    private readonly NativeClient $native;

    /** @var array<string, list<Event>> events whose wait was cut short as they arrived; the next wait for their name gets them */
    private array $kept = [];

    /** Whose events they are: a child of fork has copies. */
    private int $process = 0;

    /**
     * What is null is from the environment, or the default. Times are in seconds.
     *
     * @param ?string $apiKey by default from ANCHORBROWSER_API_KEY
     * @param ?string $baseUrl by default from ANCHORBROWSER_BASE_URL, or the service's; unix:/path is a Unix socket
     * @param ?bool $allowHttp whether the key may be sent unencrypted to a host that is not loopback
     * @param array<string, string> $headers added to each request
     * @param ?string $proxy scheme://[user:password@]host[:port] with http, https, socks5h or socks5; "" for none
     * @param ?array{string, string} $connectTo "host:port" of the base URL, and "address:port" to connect to in its place
     * @param ?array{string, string} $clientCertificate the PEM files of the certificate and of its key
     * @param ?array{string, string} $clientCertificatePem the certificate and its key as PEM
     * @param int|float|null $requestTimeout how long a signal or a drain may take, if it is not said otherwise
     * @param int|float|null $slice the longest time for which one request of a wait asks the service to hold it
     * @param ?int $retries after how many failures in a row a call gives up; RETRY_ALWAYS sets no limit
     * @param ?bool $rearm whether a wait continues after a connection broke to which its request had been written
     */
    public function __construct(
        #[\SensitiveParameter] ?string $apiKey = null,
        ?string $baseUrl = null,
        ?bool $allowHttp = null,
        #[\SensitiveParameter] array $headers = [],
        ?string $userAgent = null,
        #[\SensitiveParameter] ?string $proxy = null,
        ?array $connectTo = null,
        ?string $caFile = null,
        ?string $caPem = null,
        ?Trust $trust = null,
        ?string $crlFile = null,
        ?string $pinnedPublicKeys = null,
        ?array $clientCertificate = null,
        #[\SensitiveParameter] ?array $clientCertificatePem = null,
        int|float|null $connectTimeout = null,
        int|float|null $requestTimeout = null,
        ?int $maxResponseBytes = null,
        int|float|null $slice = null,
        int|float|null $grace = null,
        ?int $retries = null,
        ?bool $rearm = null,
    ) {
        $this->native = new NativeClient(get_defined_vars());
    }

    /**
     * Blocks until the event is signaled, and returns it. An event that was signaled before is taken at once.
     *
     * Handlers of signals (pcntl) run meanwhile. If one throws as the event arrives, the next wait of this client for the name
     * returns it.
     *
     * @param string $name 1 to 4,096 bytes of UTF-8, not "." or ".."; events belong to the account
     * @param int|float|null $timeout in seconds; 0 asks once; null sets no limit
     * @param ?callable(): bool $cancel is called ten times a second, and ends the wait by returning true
     * @throws Exception\TimeoutException the event was not signaled within the time
     * @throws Exception\CancelledException $cancel has returned true
     * @throws Exception\AnchorException any other failure
     */
    public function wait(
        string $name,
        int|float|null $timeout = self::DEFAULT_TIMEOUT,
        ?callable $cancel = null,
        ?Options $options = null,
    ): Event {
        self::check($cancel);
        return Signals::guard(
            fn (): Event => $this->take($name) ?? $this->waitFor($name, $timeout, $cancel, $options),
            $this->keep(...),
        );
    }

    /**
     * Each event of the name, without end. No event is asked for while the program handles one. The arguments are as in wait.
     *
     * @return \Generator<int, Event>
     */
    public function events(string $name, ?callable $cancel = null, ?Options $options = null): \Generator
    {
        while (true) {
            yield $this->wait($name, null, $cancel, $options);
        }
    }

    /** For many waits at once. */
    public function queue(): Queue
    {
        $this->native->pointer();
        return new Queue($this->native);
    }

    /**
     * Hands the data to a wait for the event, now or later. A request that was written is never sent again.
     *
     * Nothing of PHP runs during the call.
     *
     * @param array<string, mixed>|\stdClass|\JsonSerializable $data becomes a JSON object
     * @param int|float|null $timeout in seconds; null is the request timeout of the settings
     * @param ?callable(): bool $cancel is called once, before the signal
     * @throws Exception\NotSentException it is certain that the signal was not delivered
     * @throws Exception\AnchorException any other failure; maybeConsumed() says whether the signal may have been delivered
     */
    public function signal(
        string $name,
        #[\SensitiveParameter] array|\stdClass|\JsonSerializable $data = [],
        int|float|null $timeout = null,
        ?callable $cancel = null,
        ?Options $options = null,
    ): void {
        $json = Arguments::json($data);
        [$event, $millis] = [Arguments::text('event name', $name), Arguments::limit($timeout, Library::REQUEST_TIMEOUT)];
        self::check($cancel);
        [$library, $client, $given] = [Library::get(), $this->native->pointer(), self::handleOf($options)];
        $out = $library->new('char *');
        $status = $library
            ->anchor_signal_event_with($client, $event, $json, $millis, $given?->pointer(), null, \FFI::addr($out));
        $answer = Library::takeText($out);
        if ($status !== Status::Ok->value) {
            throw Library::failureOf($status, $answer);
        }
    }

    /** Drops the signals of an event that nobody has waited for, and returns their number. The arguments are as in signal. */
    public function drain(
        string $name,
        int|float|null $timeout = null,
        ?callable $cancel = null,
        ?Options $options = null,
    ): int {
        [$event, $millis] = [Arguments::text('event name', $name), Arguments::limit($timeout, Library::REQUEST_TIMEOUT)];
        self::check($cancel);
        [$library, $client, $given] = [Library::get(), $this->native->pointer(), self::handleOf($options)];
        $drained = $library->new('uint32_t');
        Library::check($library
            ->anchor_drain_event_with($client, $event, $millis, $given?->pointer(), null, \FFI::addr($drained)));
        return $drained->cdata;
    }

    /** Replaces the key for what is sent from now on. */
    public function setApiKey(#[\SensitiveParameter] string $apiKey): void
    {
        $this->native->setApiKey($apiKey);
    }

    /**
     * Counts of what the client has done and does, as anchor_client_stats returns them.
     *
     * @return array<string, mixed>
     */
    public function stats(): array
    {
        return $this->native->stats();
    }

    /** Ends the waits that run, with CancelledException. Later calls throw ClosedException. */
    public function close(): void
    {
        $this->native->close();
    }

    /** @internal */
    public static function handleOf(?Options $options): ?Handle
    {
        if ($options === null) {
            return null;
        }
        $handle = new Handle('anchor_options');
        Settings::apply($handle, 'anchor_options', Settings::OPTIONS, $options->values());
        return $handle;
    }

    private function waitFor(string $name, int|float|null $timeout, ?callable $cancel, ?Options $options): Event
    {
        $queue = $this->queue();
        $queue->start($name, $timeout, options: $options);
        try {
            $ended = $queue->next(Library::NO_TIMEOUT, $cancel === null ? null : $cancel(...));
        } catch (\Throwable $thrown) {
            // A handler of a signal, or $cancel, has thrown, perhaps as the event had arrived.
            $queue->cancel();
            $ended = $queue->last();
            if ($ended->event !== null) {
                $this->keep($ended->event);
            }
            throw $thrown;
        }
        return $ended->event();
    }

    private function take(string $name): ?Event
    {
        if ($this->process !== getmypid()) {
            $this->kept = [];
            $this->process = getmypid();
        }
        $event = isset($this->kept[$name]) ? array_shift($this->kept[$name]) : null;
        if (($this->kept[$name] ?? []) === []) {
            unset($this->kept[$name]);
        }
        return $event;
    }

    private function keep(Event $event): void
    {
        $this->kept[$event->name][] = $event;
    }

    private static function check(?callable $cancel): void
    {
        if ($cancel !== null && $cancel()) {
            throw new CancelledException('the call was cancelled before it began', Status::Cancelled->value);
        }
    }
}
