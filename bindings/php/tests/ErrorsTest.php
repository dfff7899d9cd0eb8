<?php

declare(strict_types=1);

namespace AnchorEvents\Tests;

use AnchorEvents\Client;
use AnchorEvents\Exception;
use AnchorEvents\Exception\AnchorException;
use AnchorEvents\Internal\Library;
use AnchorEvents\Internal\Settings;
use AnchorEvents\Options;
use AnchorEvents\Status;
use AnchorEvents\Trust;

/** Errors, settings, and the ways to the service. */
final class ErrorsTest extends ServerTestCase
{
    private const STATUSES = [
        400 => Exception\BadRequestException::class,
        401 => Exception\UnauthorizedException::class,
        403 => Exception\ForbiddenException::class,
        404 => Exception\NotFoundException::class,
        409 => Exception\ServiceException::class,
        413 => Exception\BadRequestException::class,
        422 => Exception\BadRequestException::class,
        429 => Exception\RateLimitedException::class,
        500 => Exception\ServerErrorException::class,
        502 => Exception\ServerErrorException::class,
        503 => Exception\ServerErrorException::class,
        504 => Exception\ServerErrorException::class,
    ];

    /** C20 C21 */
    public function testEachHttpStatusIsAnError(): void
    {
        $once = new Options(retries: 0);
        foreach (self::STATUSES as $code => $class) {
            foreach (['wait', 'signal'] as $call) {
                $thrown = $this->thrown($class, fn () => $this->client->$call("status_$code", options: $once));
                self::assertSame($class, get_class($thrown));
                self::assertInstanceOf(Exception\ServiceException::class, $thrown);
                self::assertSame([$code, 'receive'], [$thrown->httpStatus(), $thrown->phase()]);
            }
        }
        $thrown = $this->thrown(AnchorException::class, fn () => $this->client->signal('status_401'));
        self::assertSame([Status::Unauthorized, false], [$thrown->status(), $thrown->maybeConsumed()]);
    }

    /** C21 */
    public function testAnAnswerThatWasNotRead(): void
    {
        $call = fn () => $this->client->signal('drop', ['secret' => 'of the event']);
        $thrown = $this->thrown(Exception\ConnectionLostException::class, $call);
        self::assertSame([true, false], [$thrown->maybeConsumed(), $thrown->timedOut()]);
    }

    /** C22 */
    public function testAMissingKeyIsNamed(): void
    {
        $key = getenv('ANCHORBROWSER_API_KEY');
        putenv('ANCHORBROWSER_API_KEY');
        try {
            $this->thrown(Exception\InvalidArgumentException::class, fn () => new Client(), 'ANCHORBROWSER_API_KEY');
        } finally {
            putenv("ANCHORBROWSER_API_KEY=$key");
        }
    }

    /** C23 C25 */
    public function testAWrongKeyIsRefusedAndNothingShowsItOrTheData(): void
    {
        $data = ['secret' => 'data-of-this-test'];
        $wrong = new Client(apiKey: 'a-wrong-key-of-this-test', headers: ['x-secret' => 'wrong-key']);
        $options = new Options(headers: ['x-secret' => 'wrong-key']);
        $shown = [$wrong, $options];
        $class = Exception\UnauthorizedException::class;
        $shown[] = $this->thrown($class, static fn () => $wrong->signal('secret', ['secret' => 'data-of-this-test']));
        $call = static fn () => $wrong->signal('secret', ['secret' => 'data-of-this-test', 'x' => INF]);
        $shown[] = $this->thrown(\JsonException::class, $call);
        $shown[] = $this->thrown(\ValueError::class, static fn () => new Client(apiKey: "a-wrong-key\0"));
        $class = Exception\InvalidArgumentException::class;
        $shown[] = $this->thrown($class, static fn () => new Client(headers: ['x' => "wrong-key\n"]));
        $this->client->signal('secret', $data);
        $queue = $this->client->queue();
        $queue->start('secret');
        array_push($shown, $queue, $ended = $queue->pop(), $ended->event());
        $kept = new \ReflectionProperty(Client::class, 'kept');
        $kept->setValue($this->client, ['secret' => [$ended->event()]]);
        $shown[] = $this->client;
        foreach ($shown as $what) {
            ob_start();
            var_dump($what instanceof \Throwable ? $this->partsOf($what) : $what);
            $text = ob_get_clean();
            if (!$what instanceof \Throwable) {
                $text .= print_r($what, true) . var_export($what, true) . json_encode($what);
            }
            self::assertDoesNotMatchRegularExpression('/wrong-key|data-of-this-test/', $text, get_debug_type($what));
        }
    }

    /**
     * What an exception shows, with the arguments of the package's own frames.
     *
     * @return list<mixed>
     */
    private function partsOf(\Throwable $thrown): array
    {
        $own = static fn (array $frame): bool => !str_contains($frame['class'] ?? 'Tests', 'Tests');
        $frames = array_filter($thrown->getTrace(), static fn (array $frame) => $own($frame) && isset($frame['args']));
        self::assertNotEmpty($frames);
        $details = $thrown instanceof AnchorException ? $thrown->details() : null;
        return [$thrown->getMessage(), $details, $thrown->getTraceAsString(), array_column($frames, 'args')];
    }

    /** C24 */
    public function testAnOutageEndsAtTheTimeout(): void
    {
        $nowhere = new Client(baseUrl: getenv('ANCHOR_TEST_NOWHERE'));
        $began = hrtime(true);
        $thrown = $this->thrown(Exception\TimeoutException::class, static fn () => $nowhere->wait('x', 0.5));
        self::assertGreaterThanOrEqual(0.5, (hrtime(true) - $began) / 1e9);
        self::assertSame(Status::NotSent, $thrown->status());
        self::assertSame([true, false], [$thrown->timedOut(), $thrown->maybeConsumed()]);
        $call = static fn () => $nowhere->signal('x', options: new Options(retries: 0));
        $this->thrown(Exception\NotSentException::class, $call);
    }

    /** C33 */
    public function testTls(): void
    {
        [$url, $file] = [getenv('ANCHOR_TEST_TLS_URL'), getenv('ANCHOR_TEST_TLS_CA')];
        foreach ([['caFile' => $file], ['caPem' => file_get_contents($file)]] as $trusted) {
            $secure = new Client(...$trusted, baseUrl: $url);
            $secure->signal('tls', ['over' => 'tls']);
            self::assertSame(['over' => 'tls'], $secure->wait('tls', 0)->data());
        }
        $call = static fn () => (new Client(baseUrl: $url, trust: Trust::Bundled))->wait('tls');
        self::assertSame('tls', $this->thrown(Exception\TlsException::class, $call)->phase());
    }

    /** C34 */
    public function testAProxy(): void
    {
        [$url, $file, $proxy] = array_map(getenv(...), ['ANCHOR_TEST_TLS_URL', 'ANCHOR_TEST_TLS_CA', 'ANCHOR_TEST_PROXY']);
        $tunnels = static fn () => count(file(getenv('ANCHOR_TEST_PROXY_LOG')));
        $before = $tunnels();
        (new Client(baseUrl: $url, caFile: $file, proxy: $proxy))->signal('proxy');
        self::assertGreaterThan($before, $tunnels());
    }

    /** C35 C36 */
    public function testKeysAreAccounts(): void
    {
        $this->client->signal('account', ['of' => 'the first']);
        $other = new Client(apiKey: getenv('ANCHOR_TEST_KEY_2'));
        $this->thrown(Exception\TimeoutException::class, static fn () => $other->wait('account', 0));
        $other->setApiKey(getenv('ANCHORBROWSER_API_KEY'));
        self::assertSame(['of' => 'the first'], $other->wait('account', 0)->data());
        $this->thrown(Exception\InvalidArgumentException::class, static fn () => $other->setApiKey(''), 'api_key');
    }

    /** C37 */
    public function testStatistics(): void
    {
        $this->client->signal('counted');
        $this->client->wait('counted', 0);
        self::assertSame([1, 1], [$this->client->stats()['signals'], $this->client->stats()['waits']]);
    }

    /** C26 C27 C28 C29 */
    public function testAWrongSettingIsRefused(): void
    {
        $refusals = [
            \TypeError::class => [
                ['apiKey', 1], ['allowHttp', 1], ['headers', ['a', 'b']], ['headers', 'a'], ['connectTo', ['host:1']],
                ['connectTo', ['host:1', 2]], ['trust', 1], ['retries', '3'], ['retries', 1.0], ['grace', '1'],
            ],
            \ValueError::class => [
                ['proxy', "http://127.0.0.1\0.example"], ['retries', -1], ['retries', 2 ** 32], ['maxResponseBytes', -1],
                ['slice', -1], ['caFile', "\xff"],
            ],
            Exception\InvalidArgumentException::class => [
                ['apiKey', ''], ['baseUrl', 'ftp://x'], ['slice', 0], ['maxResponseBytes', 0], ['proxy', 'socks4://x'],
            ],
            \Error::class => [['unknown', 1]],
        ];
        foreach ($refusals as $class => $settings) {
            foreach ($settings as [$setting, $value]) {
                $thrown = $this->thrown($class, static fn () => new Client(...[$setting => $value]));
                $name = strtolower(preg_replace('/(?=[A-Z])/', '_?', $setting));
                self::assertMatchesRegularExpression("/$name/i", $thrown->getMessage());
            }
        }
        new Client(retries: Client::RETRY_ALWAYS);
    }

    /** C27 C31: the library refuses a value, and names the setting. */
    public function testEachSettingReachesTheLibrary(): void
    {
        $cut = "-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n";
        $refusals = [
            'allow_http' => ['baseUrl' => 'http://192.0.2.1', 'allowHttp' => false],
            'header' => ['headers' => ['content-length' => '1']],
            'user_agent' => ['userAgent' => "\n"],
            'host' => ['connectTo' => ['no port', 'x:1']],
            'connect_timeout_ms' => ['connectTimeout' => 0],
            'request_timeout_ms' => ['requestTimeout' => 1e6],
            'max_response_bytes' => ['maxResponseBytes' => 0],
            'grace_ms' => ['grace' => 1e6],
            'ca_file' => ['caFile' => '/nowhere'],
            'ca_pem' => ['caPem' => $cut],
            'crl_file' => ['crlFile' => '/nowhere'],
            'pins' => ['pinnedPublicKeys' => 'x'],
            'certificate_file' => ['clientCertificate' => ['/nowhere', '/nowhere']],
            'certificate_pem' => ['clientCertificatePem' => ['x', 'y']],
        ];
        foreach ($refusals as $message => $settings) {
            $class = Exception\InvalidArgumentException::class;
            $this->thrown($class, static fn () => new Client(...$settings), $message);
        }
        foreach (['slice_ms' => new Options(slice: 0), 'request_id' => new Options(requestId: 'a b')] as $name => $options) {
            $this->thrown($class, fn () => $this->client->wait('x', 0, options: $options), $name);
        }
    }

    /** C31 */
    public function testEverySettingIsThere(): void
    {
        // No call is interrupted by the library, since handlers run while a wait blocks. Lines of the log are not passed on.
        $others = ['set_interruptible', 'set_log_callback', 'set_log_json'];
        $kinds = [
            'config' => [Settings::SETTERS, Client::class],
            'options' => [Settings::OPTIONS, Options::class],
        ];
        foreach ($kinds as $handle => [$setters, $class]) {
            preg_match_all("/anchor_{$handle}_((?:set|add)_\w+)\(/", file_get_contents(getenv('ANCHOR_CDEF')), $found);
            self::assertEqualsCanonicalizing(array_diff($found[1], $others), array_column($setters, 0));
            $parameters = (new \ReflectionMethod($class, '__construct'))->getParameters();
            self::assertEqualsCanonicalizing(array_column($parameters, 'name'), array_keys($setters));
        }
        $enumerations = strstr(file_get_contents(getenv('ANCHOR_CDEF')), 'enum anchor_status');
        preg_match_all('/\bANCHOR_(\w+) = (\d+)/', strstr($enumerations, '}', true), $found);
        $statuses = array_combine($found[2], $found[1]);
        self::assertCount(count($statuses), Status::cases());
        foreach (Status::cases() as $status) {
            self::assertSame(strtolower(str_replace('_', '', $statuses[$status->value])), strtolower($status->name));
        }
    }

    /** C38 */
    public function testThePackageIsOfTheVersionOfItsLibrary(): void
    {
        $installed = \Composer\InstalledVersions::getPrettyVersion('libanchor/anchor-events');
        self::assertSame(Library::VERSION, $installed);
        self::assertSame(Library::VERSION, Library::get()->anchor_version());
        $source = (new \ReflectionClass(Library::class))->getFileName();
        $folder = sys_get_temp_dir() . '/anchor-events-' . getmypid();
        mkdir("$folder/src/Internal", 0700, true);
        symlink(dirname($source, 3) . '/lib', "$folder/lib");
        $other = str_replace("VERSION = '" . Library::VERSION . "'", "VERSION = '9.9.9'", file_get_contents($source));
        file_put_contents("$folder/src/Internal/Library.php", $other);
        $program = 'require getenv("ANCHOR_AUTOLOAD"); require $argv[1]; new AnchorEvents\Client();';
        $child = new Child([PHP_BINARY, '-d', 'display_errors=stderr', '-r', $program, "$folder/src/Internal/Library.php"]);
        self::assertStringContainsString('anchor-events 9.9.9 needs libanchor 9.9.9, and found', $child->end()[1]);
        unlink("$folder/src/Internal/Library.php");
        unlink("$folder/lib");
        rmdir("$folder/src/Internal");
        rmdir("$folder/src");
        rmdir($folder);
    }
}
